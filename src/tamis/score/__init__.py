"""Models at work: batching, encoders (text to vectors) and scorers (pair to logit)."""

from tamis.score.batch import distinct
from tamis.score.cache import Cached
from tamis.score.cascade import Cascade
from tamis.score.companions import depends_on_companions, numbered
from tamis.score.ensemble import Ensemble
from tamis.score.lexical import Lexical, lexical_evidence
from tamis.score.load import load_encoder, load_scorer
from tamis.score.notes import ScoringWithNotes, notes
from tamis.score.passages import Passages
from tamis.score.rank_fusion import RankFusion

__all__ = [
    "Cached",
    "Cascade",
    "Ensemble",
    "Lexical",
    "Passages",
    "RankFusion",
    "ScoringWithNotes",
    "depends_on_companions",
    "distinct",
    "lexical_evidence",
    "load_encoder",
    "load_scorer",
    "notes",
    "numbered",
]
