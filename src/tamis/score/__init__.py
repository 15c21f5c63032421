"""Models at work: batching, encoders (text to vectors) and scorers (pair to logit).

Scorers made of scorers are loaded when first used: a search that has none does not wait for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tamis.score.batch import distinct
from tamis.score.companions import depends_on_companions, numbered
from tamis.score.evidence import Weighing, evidence_of, stage_name, weighable
from tamis.score.instructions import reads_instructions
from tamis.score.load import load_encoder, load_scorer, model_folder
from tamis.score.notes import ScoringWithNotes, notes

if TYPE_CHECKING:
    from tamis.score.cache import Cached
    from tamis.score.cascade import Cascade
    from tamis.score.ensemble import Ensemble
    from tamis.score.passages import Passages, first_tokens
    from tamis.score.rank_fusion import RankFusion

_HOME = {
    "Cached": "tamis.score.cache",
    "Cascade": "tamis.score.cascade",
    "Ensemble": "tamis.score.ensemble",
    "Passages": "tamis.score.passages",
    "first_tokens": "tamis.score.passages",
    "RankFusion": "tamis.score.rank_fusion",
}

__all__ = [
    "Cached",
    "Cascade",
    "Ensemble",
    "Passages",
    "RankFusion",
    "ScoringWithNotes",
    "Weighing",
    "depends_on_companions",
    "distinct",
    "evidence_of",
    "first_tokens",
    "load_encoder",
    "load_scorer",
    "model_folder",
    "notes",
    "numbered",
    "reads_instructions",
    "stage_name",
    "weighable",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tamis.score' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
