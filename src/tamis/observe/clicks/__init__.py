"""Clicks: what they tell once it is known which places are looked at."""

from tamis.observe.clicks.clickmodel import ClickModel, FittedNoise
from tamis.observe.clicks.clustered import Estimate
from tamis.observe.clicks.examination import Examination, Measured, PositionBias, examination_from_json

__all__ = [
    "ClickModel",
    "Estimate",
    "Examination",
    "FittedNoise",
    "Measured",
    "PositionBias",
    "examination_from_json",
]
