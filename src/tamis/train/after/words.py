"""The sentences of the pages after training, in English and Chinese, and the pages' own files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tamis.calibrate.evidence.words import Language, filled


@cache
def table() -> dict[str, dict[str, str]]:
    """Every sentence by its key, each in every language."""
    found: dict[str, dict[str, str]] = json.loads(own_asset("words.json"))
    return found


def said(key: str, values: Mapping[str, Any] | None = None, language: Language = "en") -> str:
    """A sentence of the table with its values put in.

    >>> said("curves.title", language="zh")
    '训练曲线'
    """
    return filled(table()[key][language], values or {})


def own_asset(name: str) -> str:
    """A file of the pages after training, such as ``errors.js``."""
    return files("tamis.train.after").joinpath("web", name).read_text(encoding="utf-8")
