"""A score report as one self-contained page: interactive plots, Chinese and English, nothing fetched from anywhere."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

from tamis.calibrate.evidence.report import ScoreReport
from tamis.calibrate.evidence.standalone import as_script_data, asset, standalone
from tamis.calibrate.evidence.words import LANGUAGES, Language, said, table
from tamis.errors import InputError


def page(
    report: ScoreReport, *, language: Language = "en", title: str = "", policy: Mapping[str, Any] | None = None
) -> str:
    """The report as an HTML page that a browser shows without a network; the reader can switch its language.

    It holds figures, the names of a few queries and nothing else: no documents, no row of the data but the suspected
    labels. Its content security policy lets only its own scripts run and forbids every request.

    Args:
        report: from ``score_report``.
        language: that the page opens in, "en" or "zh".
        title: the heading; without one, "Score report" in the reader's language.
        policy: JSON values of a tuned threshold (``issued``, ``threshold``, ``reason``, ...), shown beside the curves;
            ``told`` may say promise, reason and assumptions by language.

    Raises:
        InputError: another language.

    >>> from tamis.calibrate import Labelled
    >>> from tamis.calibrate.evidence.report import score_report
    >>> made = page(score_report(Labelled.of([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])), language="zh", title="客服问答")
    >>> made.startswith("<!doctype html>"), "<title>客服问答</title>" in made
    (True, True)
    """
    if language not in LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    data = {"language": language, "title": title, "report": report.as_json(), "policy": policy, "words": table()}
    parts = {
        "language": "zh-CN" if language == "zh" else "en",
        "title": html.escape(title or said("page.title", language=language)),
        "licence": asset("uPlot.LICENSE"),
        "plot_style": asset("uPlot.min.css"),
        "style": asset("report.css"),
        "data": as_script_data(data),
        "plot_script": asset("uPlot.iife.min.js"),
        "script": asset("page.js") + asset("report.js"),
    }
    return standalone(
        asset("report.html"),
        partial(said, language=language),
        parts=parts,
        scripts=("plot_script", "script"),
        styles=("plot_style", "style"),
    )
