"""The errors of a trained model as one self-contained page: worst queries, wins, losses, slices, kinds of mistakes."""

from __future__ import annotations

from tamis.calibrate.evidence.words import LANGUAGES, Language
from tamis.core import BM25
from tamis.errors import InputError
from tamis.train.after.cases import cases
from tamis.train.after.figures import BEFORE, Figures
from tamis.train.after.slices import slices
from tamis.train.after.words import PAGES


def errors_page(figures: Figures, *, language: Language = "en", title: str = "", against: str = "") -> str:
    """What a trained model still gets wrong, as an HTML page that a browser shows without a network.

    It holds texts of the dev queries and their documents: pass it on only where those may be seen. The reader can
    switch its language. Its content security policy lets only its own scripts run and forbids every request.

    Args:
        figures: from ``measure``.
        language: that the page opens in, "en" or "zh".
        title: the heading; without one, "Errors after training" in the reader's language.
        against: the system that the trained model is held against; empty is "before", or BM25 where there is none.

    Raises:
        InputError: another language, or a system that was not measured.
    """
    if language not in LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    against = against or (BEFORE if BEFORE in figures.systems else BM25)
    data = {
        "language": language,
        "title": title,
        "words": PAGES.table(),
        "figures": figures.as_json(),
        "against": against,
        "slices": [one.as_json() for one in slices(figures, against)],
        **cases(figures, against).as_json(),
    }
    return PAGES.made("errors", data, title or PAGES.said("errors.title", language=language))
