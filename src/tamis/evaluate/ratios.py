"""A ratio of sums over queries, such as precision, with an interval that knows that a query's pairs go together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.distributions import student_quantile


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio in [0, 1] with its confidence interval.

    Attributes:
        value: the ratio; NaN where the denominators add to 0.
        low: lower end of the interval.
        high: upper end of it.
        queries: how many queries have a denominator.
        design_effect: variance over that of as many independent pairs; above 1 where a query's pairs go together.
    """

    value: float
    low: float
    high: float
    queries: int
    design_effect: float


def ratio(numerators: ArrayLike, denominators: ArrayLike, *, confidence: float = 0.95) -> Ratio:
    """Sum of numerators over sum of denominators, one of each a query.

    The variance is the linearised one for a ratio of cluster totals; it turns the denominators into a number of
    independent pairs, for which the interval is Wilson's, with Student's quantile for few queries. Nothing is drawn by
    chance.

    Args:
        numerators: shape ``(queries,)``, each between 0 and its denominator.
        denominators: shape ``(queries,)``; queries with 0 say nothing.
        confidence: wanted coverage, in (0, 1).

    Raises:
        InputError: shapes that differ, or a confidence outside (0, 1).

    References:
        Cochran, Sampling Techniques, 3rd ed. (1977), 6.3; Wilson (JASA 1927); Kish, Survey Sampling (1965), 8.2.

    >>> found = ratio([8, 9], [10, 10])
    >>> found.value, found.low < 0.85 < found.high
    (0.85, True)
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if top.shape != bottom.shape or top.ndim != 1:
        raise InputError(f"expected a numerator and a denominator a query, got shapes {top.shape} and {bottom.shape}")
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    top, bottom = top[bottom > 0], bottom[bottom > 0]
    if not bottom.size:
        return Ratio(math.nan, 0.0, 1.0, 0, math.nan)
    total = float(bottom.sum())
    value = float(top.sum()) / total
    effect = _design_effect(top, bottom, value)
    # Chance may make few queries look more even than independent pairs would be: that narrows no interval.
    low, high = _wilson(
        value, total / max(effect, 1.0), student_quantile((1 + confidence) / 2, max(bottom.size - 1, 1))
    )
    return Ratio(value, low, high, int(bottom.size), effect)


def _design_effect(top: Floats, bottom: Floats, value: float) -> float:
    count, total = bottom.size, float(bottom.sum())
    independent = value * (1 - value) / total
    if count < 2 or independent <= 0:
        return 1.0
    return float(((top - value * bottom) ** 2).sum()) / total**2 * count / (count - 1) / independent


def _wilson(value: float, trials: float, z: float) -> tuple[float, float]:
    middle = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(value * (1 - value) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)
