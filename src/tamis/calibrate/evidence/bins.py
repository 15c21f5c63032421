"""Bins of equal mass, and the share of relevant pairs in each with an interval: reliability and relevance curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.core import Floats
from tamis.evaluate.ratios import ratio


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One bin of a curve: pairs with about the same probability (or score) and how many of them are relevant.

    Attributes:
        start: the bin's lowest value.
        value: weighted mean of the bin's values.
        end: the bin's highest value.
        observed: weighted share of relevant pairs.
        low: lower end of the share's interval, which knows that a query's pairs go together.
        high: upper end of it.
        pairs: how many pairs the bin holds.
    """

    start: float
    value: float
    end: float
    observed: float
    low: float
    high: float
    pairs: int


def equal_mass(values: Floats, weights: Floats, bins: int) -> Codes:
    """The bin of each value, shape ``(n,)``, counted from 0 without gaps: equal mass, lowest values first.

    Equal values share a bin, so that the order in which pairs come does not matter; many of them make fewer bins.

    >>> equal_mass(np.array([0.1, 0.9, 0.5, 0.5]), np.ones(4), 2).tolist()
    [0, 1, 1, 1]
    """
    _, inverse = np.unique(values, return_inverse=True)
    mass = group_sums(weights, inverse)
    ends = np.cumsum(mass)
    middle = (ends - mass / 2) / ends[-1]  # of a block of equal values
    wanted = np.minimum((middle * bins).astype(np.int64), bins - 1)
    return np.asarray(np.unique(wanted, return_inverse=True)[1][inverse], dtype=np.int64)


def curve(values: Floats, data: Labelled, *, bins: int, confidence: float = 0.95) -> tuple[CurvePoint, ...]:
    """The share of relevant pairs in bins of equal mass of the values, shape ``(n,)``, lowest values first.

    >>> data = Labelled.of([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 0])
    >>> [(round(point.value, 2), point.observed) for point in curve(data.scores, data, bins=2)]
    [(0.15, 0.0), (0.85, 0.5)]
    """
    codes = equal_mass(values, data.weights, bins)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return tuple(_point(values[part], data.where(part), confidence) for part in parts)


def _point(values: Floats, data: Labelled, confidence: float) -> CurvePoint:
    # Weights are scaled so that they add to the number of equally weighted pairs that would say as much.
    weights = data.weights * (data.weights.sum() / (data.weights**2).sum())
    queries = np.unique(data.groups, return_inverse=True)[1]
    share = ratio(group_sums(weights * data.labels, queries), group_sums(weights, queries), confidence=confidence)
    middle = float(np.average(values, weights=weights))
    return CurvePoint(
        float(values.min()), middle, float(values.max()), share.value, share.low, share.high, len(data)
    )  # fmt: skip
