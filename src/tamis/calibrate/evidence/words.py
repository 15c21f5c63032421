"""The report's sentences in English and Chinese, from one table, and the remarks that a report makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias, get_args

from tamis.errors import InputError

Language: TypeAlias = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
PLACE = re.compile(r"\{(\w+)(%?)\}")


@cache
def table() -> dict[str, dict[str, str]]:
    """Every sentence by its key, each in every language."""
    text = files("tamis.calibrate.evidence").joinpath("web", "words.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def said(key: str, values: Mapping[str, Any] | None = None, language: Language = "en") -> str:
    """A sentence of the table with its values put in: ``{name}`` as a number, ``{name%}`` as a percentage.

    Raises:
        InputError: a language that the table does not have.

    >>> said("label.relevant", language="zh")
    '相关'
    """
    if language not in LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    return filled(table()[key][language], values or {})


def filled(sentence: str, values: Mapping[str, Any]) -> str:
    """A sentence with its values put in: ``{name}`` as a number, ``{name%}`` as a percentage.

    >>> filled("{queries} queries, {share%} of them", {"queries": 3, "share": 0.5})
    '3 queries, 50.0 % of them'
    """
    return PLACE.sub(lambda place: _shown(values[place[1]], place[2]), sentence)


def _shown(value: Any, percent: str) -> str:
    if isinstance(value, str | int):
        return str(value)
    return f"{100 * value:.1f} %" if percent else f"{value:.3g}"


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about the data that a reader should know before believing the figures.

    Attributes:
        code: what it is about, such as ``few_queries``.
        values: numbers that belong to it.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: Language = "en") -> str:
        """The remark as a sentence.

        >>> Note("few_queries", {"queries": 12}).text()[:10]
        'Only 12 qu'
        """
        return said(f"note.{self.code}", self.values, language)
