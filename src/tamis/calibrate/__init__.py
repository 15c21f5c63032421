"""Calibration: from a scorer's raw logits to probabilities, and the evidence for them."""

from tamis.calibrate.folds import query_folds
from tamis.calibrate.labelled import Labelled

__all__ = ["Labelled", "query_folds"]
