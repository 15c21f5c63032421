"""Clicks: what they tell once it is known which places are looked at."""

from tamis.observe.clicks.examination import PositionBias

__all__ = ["PositionBias"]
