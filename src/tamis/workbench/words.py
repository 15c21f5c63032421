"""The sentences of the pages in English and Chinese: a table a tab, in the folder ``web/words``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from tamis.calibrate.evidence.words import LANGUAGES, Language, filled

__all__ = ["LANGUAGES", "Language", "Said", "preferred", "said", "saying", "web"]

Said: TypeAlias = Callable[..., str]  # the sentence of a key of one tab, its values filled in


def said(key: str, language: Language, values: Mapping[str, Any] | None = None) -> str:
    """A sentence with its values put in.

    Args:
        key: the tab's name, a dot and the sentence's name.
        language: "en" or "zh".
        values: what stands in its slots.

    >>> said("door.enter", "zh")
    '进入'
    """
    tab, _, name = key.partition(".")
    return filled(_table(tab)[name][language], values or {})


def saying(tab: str, language: Language) -> Said:
    """What says the sentences of a tab.

    >>> saying("door", "en")("enter")
    'Enter'
    """
    return lambda key, **values: said(f"{tab}.{key}", language, values)


def preferred(headers: Mapping[str, str]) -> Language:
    """The language that a browser asks for: Chinese where that stands before English.

    >>> preferred({"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}), preferred({})
    ('zh', 'en')
    """
    asked = [part.strip()[:2].lower() for part in headers.get("accept-language", "").split(",")]
    return next((name for name in asked if name in LANGUAGES), "en")


def web(name: str) -> str:
    """A file of the pages, such as ``login.html``."""
    return files("tamis.workbench").joinpath("web", name).read_text(encoding="utf-8")


@cache
def _table(tab: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(web(f"words/{tab}.json"))
    return found
