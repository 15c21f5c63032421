"""The pages of one package: templates, styles, scripts and sentences in its folder ``web/``, and what they share."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tamis.calibrate.evidence.standalone import as_script_data, asset, standalone
from tamis.calibrate.evidence.words import LANGUAGES, Language, filled
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages that a package writes; its folder ``web/`` holds ``words.json`` and, a page, HTML, style and script.

    Attributes:
        package: the package, such as ``"tamis.gains"``.
    """

    package: str

    def table(self) -> dict[str, dict[str, str]]:
        """Every sentence by its key, each in every language."""
        return _table(self.package)

    def said(self, key: str, values: Mapping[str, Any] | None = None, language: Language = "en") -> str:
        """A sentence of the table with its values put in.

        >>> Pages("tamis.train.after").said("curves.title", language="zh")
        '训练曲线'
        """
        return filled(self.table()[key][language], values or {})

    def asset(self, name: str) -> str:
        """A file of the package's pages, such as ``errors.js``."""
        return files(self.package).joinpath("web", name).read_text(encoding="utf-8")

    def made(self, name: str, data: Mapping[str, Any], title: str, *, plots: bool = False) -> str:
        """A page: its template, style and script, with the data; with uPlot where it draws by that.

        Args:
            name: of the page's files, such as ``"errors"``.
            data: what the script reads; ``"language"`` among it.
            title: the document's title.
            plots: whether uPlot comes along.

        Raises:
            InputError: another language than English or Chinese.
        """
        language: Language = data["language"]
        if language not in LANGUAGES:
            raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
        parts = {
            "language": "zh-CN" if language == "zh" else "en",
            "title": html.escape(title),
            "style": asset("report.css") + asset("cases.css") + self.asset(f"{name}.css"),
            "data": as_script_data(data),
            "script": asset("page.js") + self.asset(f"{name}.js"),
        }
        if plots:
            uplot = {"licence": "uPlot.LICENSE", "plot_style": "uPlot.min.css", "plot_script": "uPlot.iife.min.js"}
            parts |= {part: asset(file) for part, file in uplot.items()}
        return standalone(
            self.asset(f"{name}.html"),
            lambda key: self.said(key, language=language),
            parts=parts,
            scripts=[part for part in ("plot_script", "script") if part in parts],
            styles=[part for part in ("plot_style", "style") if part in parts],
        )


def excerpt(text: str, characters: int) -> str:
    """The beginning of a text on one line.

    >>> excerpt("a tamis\\nis a sieve", 9)
    'a tamis i…'
    """
    line = " ".join(text.split())
    return line[:characters] + ("…" if len(line) > characters else "")


@cache
def _table(package: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(files(package).joinpath("web", "words.json").read_text("utf-8"))
    return found
