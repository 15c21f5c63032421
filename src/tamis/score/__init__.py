"""Models at work: batching, encoders (text to vectors) and scorers (pair to logit)."""

from tamis.score.batch import distinct
from tamis.score.lexical import Lexical, lexical_evidence
from tamis.score.load import load_encoder, load_scorer
from tamis.score.notes import notes

__all__ = ["Lexical", "distinct", "lexical_evidence", "load_encoder", "load_scorer", "notes"]
