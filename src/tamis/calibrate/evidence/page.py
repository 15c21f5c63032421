"""A score report as one self-contained page: interactive plots, Chinese and English, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from tamis.calibrate.evidence.report import ScoreReport
from tamis.calibrate.evidence.words import LANGUAGES, Language, said, table
from tamis.errors import InputError

SLOT = re.compile(r"\{\{(\w+)\}\}")
SENTENCE = re.compile(r'(data-t="([\w.]+)">)')


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
        policy: JSON values of a tuned threshold (``issued``, ``threshold``, ``reason``, ...), shown beside the curves.

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
        "licence": _file("uPlot.LICENSE"),
        "plot_style": _file("uPlot.min.css"),
        "style": _file("report.css"),
        "data": as_script_data(data),
        "plot_script": _file("uPlot.iife.min.js"),
        "script": _file("report.js"),
    }
    parts["policy"] = _security(parts)
    template = SENTENCE.sub(
        lambda found: found[1] + html.escape(said(found[2], language=language)), _file("report.html")
    )
    return SLOT.sub(lambda found: parts[found[1]], template)


def as_script_data(value: object) -> str:
    """JSON that may stand inside a script element: no text in it can end the element or begin another.

    Raises:
        ValueError: a number is not finite.

    >>> as_script_data("</script><!--")
    '"\\\\u003c/script\\\\u003e\\\\u003c!--"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _security(parts: Mapping[str, str]) -> str:
    """A policy that allows the page's own scripts and styles by their digests, and nothing else."""
    scripts, styles = (
        " ".join(_digest(parts[name]) for name in names)
        for names in (("plot_script", "script"), ("plot_style", "style"))
    )
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; base-uri 'none'; form-action 'none'; "
        "connect-src 'none'; img-src 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _file(name: str) -> str:
    return files("tamis.calibrate.evidence").joinpath("web", name).read_text(encoding="utf-8")
