"""Cramer and von Mises' test: the mean square distance between two cumulated distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.evaluate.tails import cramer_von_mises_above
from tamis.observe.drift.shift import ROUNDS, Mask, Pooled, Shift, gaps, shift

FEW = 20  # numbers in the smaller sample below which labels are drawn


@dataclass(frozen=True, slots=True)
class CramerVonMises:
    """Anderson's T; its effect is the root mean square distance of both cumulated distributions, at most 0.58."""

    name: str = "cvm"

    def statistics(self, pooled: Pooled, now: Mask) -> Floats:
        """T of each labelling: Anderson 1962, equation 4."""
        ends = pooled.ends
        runs = np.diff(ends, prepend=-1)
        later = now.sum(axis=1)
        weight = later * (pooled.values.size - later) / pooled.values.size**2
        return np.asarray(weight * (gaps(pooled, now)[:, ends] ** 2 @ runs), dtype=np.float64)

    def tail(self, pooled: Pooled, statistic: float) -> tuple[float, str] | None:
        """The limit, with T moved to its mean and variance; only where no numbers are equal."""
        n, m = pooled.sizes
        if pooled.tied or min(n, m) < FEW:
            return None
        total = n + m
        mean = (1 + 1 / total) / 6
        variance = (total + 1) * (4 * m * n * total - 3 * (m * m + n * n) - 2 * m * n) / (180 * total**2 * m * n)
        return cramer_von_mises_above(1 / 6 + (statistic - mean) / math.sqrt(45 * variance)), "limit"

    def effect(self, pooled: Pooled, statistic: float, drawn: Floats | None) -> float:
        """Root mean square distance."""
        n, m = pooled.sizes
        return math.sqrt(statistic * (n + m) / (n * m))


def cvm(
    reference: ArrayLike,
    now: ArrayLike,
    *,
    groups: tuple[Groups, Groups] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Shift:
    """Whether two columns have one distribution, by the mean square distance between them cumulated.

    Args:
        reference: numbers as they were.
        now: numbers as they are.
        groups: the query of each number in both; p is then from permuting whole queries.
        rounds: permutations, where labels are drawn: with groups, equal numbers, or few of them.
        seed: the same seed gives the same p-value.

    Raises:
        InputError: an empty column, a number that is not finite, or other counts of queries than of numbers.

    References:
        Anderson, "On the distribution of the two-sample Cramer-von Mises criterion" (Annals of Mathematical Statistics
        1962).

    >>> found = cvm(range(0, 40), range(20, 60))
    >>> round(found.statistic, 4), found.p_value, found.method
    (3.3344, 0.001, 'permutation')
    """
    return shift(CramerVonMises(), reference, now, groups=groups, rounds=rounds, seed=seed)
