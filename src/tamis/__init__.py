"""tamis: recall -> rerank -> calibrate -> decide -> observe, for Chinese and English first.

Public names are loaded when first used, so that ``import tamis`` needs numpy only and is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tamis.core import Candidate, Decision, Document, Query, Ranking
    from tamis.errors import TamisError
    from tamis.filters import Filter
    from tamis.pipeline import Pipeline, rerank
    from tamis.recall import Index
    from tamis.score import load_encoder, load_scorer

__version__ = "0.1.0"

_HOME = {
    "Candidate": "tamis.core",
    "Decision": "tamis.core",
    "Document": "tamis.core",
    "Filter": "tamis.filters",
    "Index": "tamis.recall",
    "Pipeline": "tamis.pipeline",
    "Query": "tamis.core",
    "Ranking": "tamis.core",
    "TamisError": "tamis.errors",
    "load_encoder": "tamis.score",
    "load_scorer": "tamis.score",
    "rerank": "tamis.pipeline",
}

__all__ = [
    "Candidate",
    "Decision",
    "Document",
    "Filter",
    "Index",
    "Pipeline",
    "Query",
    "Ranking",
    "TamisError",
    "load_encoder",
    "load_scorer",
    "rerank",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tamis' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
