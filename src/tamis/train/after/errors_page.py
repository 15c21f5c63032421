"""The errors of a trained model as one self-contained page: worst queries, wins, losses, slices, kinds of mistakes."""

from __future__ import annotations

import html
from functools import partial
from typing import Any

from tamis.calibrate.evidence.standalone import as_script_data, asset, standalone
from tamis.calibrate.evidence.words import LANGUAGES, Language
from tamis.core import BM25
from tamis.errors import InputError
from tamis.train.after.cases import cases
from tamis.train.after.figures import BEFORE, Figures
from tamis.train.after.slices import slices
from tamis.train.after.words import own_asset, said, table


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
        "words": table(),
        "figures": figures.as_json(),
        "against": against,
        "slices": [one.as_json() for one in slices(figures, against)],
        **cases(figures, against).as_json(),
    }
    return made("errors", data, title or said("errors.title", language=language))


def made(name: str, data: dict[str, Any], title: str, *, plots: bool = False) -> str:
    """A page of this room: its template, style and script, with the data; with uPlot where it draws by that."""
    language: Language = data["language"]
    parts = {
        "language": "zh-CN" if language == "zh" else "en",
        "title": html.escape(title),
        "style": asset("report.css") + own_asset(f"{name}.css"),
        "data": as_script_data(data),
        "script": asset("page.js") + own_asset(f"{name}.js"),
    }
    if plots:
        uplot = {"licence": "uPlot.LICENSE", "plot_style": "uPlot.min.css", "plot_script": "uPlot.iife.min.js"}
        parts |= {part: asset(file) for part, file in uplot.items()}
    return standalone(
        own_asset(f"{name}.html"),
        partial(said, language=language),
        parts=parts,
        scripts=[part for part in ("plot_script", "script") if part in parts],
        styles=[part for part in ("plot_style", "style") if part in parts],
    )
