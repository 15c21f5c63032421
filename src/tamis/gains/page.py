"""The gain as one self-contained page: four systems, gains, slices, and every query before and after side by side."""

from __future__ import annotations

from tamis.calibrate.evidence.pages import Pages
from tamis.calibrate.evidence.words import Language
from tamis.evaluate.slices import SLICES
from tamis.gains.cases import cases
from tamis.gains.errors import Errors
from tamis.gains.study import Found

PAGES = Pages("tamis.gains")


def page(found: Found, *, language: Language = "en", title: str = "") -> str:
    """What a study found, as an HTML page that a browser shows without a network.

    It holds texts of queries and documents: pass it on only where those may be seen. The reader can switch its
    language. Its content security policy lets only its own scripts run and forbids every request.

    Args:
        found: from ``Study.run``.
        language: that the page opens in, "en" or "zh".
        title: the heading; without one, "What rewriting and reranking gain" in the reader's language.

    Raises:
        InputError: another language.
    """
    errors = Errors(found)
    data = {
        "language": language,
        "title": title,
        "words": PAGES.table(),
        "last": found.last,
        "kinds": {one.kind: list(one.parts) for one in SLICES},
        "lists": {name: len(places) for name, places in errors.lists.items()},
        "mistakes": errors.as_json()["mistakes"],
        **found.as_json(),
        **cases(errors),
    }
    return PAGES.made("gain", data, title or PAGES.table()["gain.title"].get(language, ""))
