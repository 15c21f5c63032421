"""Models at work: batching, encoders (text to vectors) and scorers (pair to logit)."""

from tamis.score.batch import distinct
from tamis.score.load import load_encoder, load_scorer
from tamis.score.notes import notes

__all__ = ["distinct", "load_encoder", "load_scorer", "notes"]
