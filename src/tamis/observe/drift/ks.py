"""Kolmogorov and Smirnov's test: the largest distance between two cumulated distributions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.evaluate.tails import kolmogorov_above
from tamis.observe.drift.shift import NOISE, ROUNDS, Mask, Pooled, Shift, gaps, shift

EXACT = 400_000  # product of both sizes up to which every labelling is counted
EXACT_TIED = 4_000_000  # the same with equal numbers, of which the limit knows nothing


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """The largest distance D between both cumulated distributions, which is its own effect: 0 alike, 1 apart."""

    name: str = "ks"

    def statistics(self, pooled: Pooled, now: Mask) -> Floats:
        """D of each labelling."""
        return np.asarray(np.abs(gaps(pooled, now)[:, pooled.ends]).max(axis=1), dtype=np.float64)

    def tail(self, pooled: Pooled, statistic: float) -> tuple[float, str]:
        """Exact for samples of some hundreds, Stephens' approach to the limit for more."""
        n, m = pooled.sizes
        if n * m <= (EXACT_TIED if pooled.tied else EXACT):
            return exact(pooled, statistic), "exact"
        # Stephens (JRSS B 1970), with n m / (n + m) in place of n: within 1e-3 from about 20 numbers on.
        root = math.sqrt(n * m / (n + m))
        return kolmogorov_above((root + 0.12 + 0.11 / root) * statistic), "limit"

    def effect(self, pooled: Pooled, statistic: float, drawn: Floats | None) -> float:
        """D itself."""
        return statistic


def ks(
    reference: ArrayLike,
    now: ArrayLike,
    *,
    groups: tuple[Groups, Groups] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Shift:
    """Whether two columns have one distribution, by the largest distance between them cumulated.

    Equal numbers, such as saturated scores, are counted as what they are, so that the level holds with them too.

    Args:
        reference: numbers as they were.
        now: numbers as they are.
        groups: the query of each number in both; p is then from permuting whole queries.
        rounds: permutations, where there are groups.
        seed: the same seed gives the same p-value.

    Raises:
        InputError: an empty column, a number that is not finite, or other counts of queries than of numbers.

    >>> found = ks([0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7])
    >>> found.statistic, round(found.p_value, 4), found.method
    (1.0, 0.0571, 'exact')
    """
    return shift(KolmogorovSmirnov(), reference, now, groups=groups, rounds=rounds, seed=seed)


def exact(pooled: Pooled, statistic: float) -> float:
    """The share of all labellings with at least this distance, given which numbers are equal.

    One walk over the sorted numbers carries the chance of each count of one sample so far, and drops what has reached
    the distance where a run of equal numbers ends.

    References:
        Schroer and Trenkler, "Exact and randomization distributions of Kolmogorov-Smirnov tests two or three samples"
        (Computational Statistics & Data Analysis 1995).
    """
    few, many = sorted(pooled.sizes)
    total = few + many
    counts = np.arange(few + 1)
    chances = np.zeros(few + 1)
    chances[0], reached = 1.0, 0.0
    ends = np.zeros(total, dtype=np.bool_)
    ends[pooled.ends] = True
    for place in range(total):
        left = total - place
        taken = chances * (few - counts) / left
        chances *= np.maximum(many - place + counts, 0) / left
        chances[1:] += taken[:-1]
        if ends[place]:
            apart = np.abs(counts / few - (place + 1 - counts) / many) >= statistic - NOISE
            reached += float(chances[apart].sum())
            chances[apart] = 0.0
    return min(1.0, reached)
