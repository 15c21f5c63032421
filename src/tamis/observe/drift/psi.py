"""The population stability index with its null distribution: what chance alone gives is taken off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.evaluate.tails import chi_square_above
from tamis.observe.drift.shift import ROUNDS, Mask, Pooled, Shift, shift

BINS = 10
FLOOR = 1e-4  # least share of a cell: the logarithm of an empty one has no end
MANY = 30  # numbers a cell from which the limit holds


@dataclass(frozen=True, slots=True)
class StabilityIndex:
    """The sum of (p - q) log(p / q) over cells; its effect is what exceeds the mean under no change.

    Attributes:
        bins: cells, each with the same share of the reference; the outer ones have no end.
    """

    bins: int = BINS
    name: str = "psi"

    def statistics(self, pooled: Pooled, now: Mask) -> Floats:
        """The index of each labelling; cells are cut anew, as the labelling's reference has it."""
        first, second = self._shares(pooled, now)
        return np.asarray(((second - first) * np.log(second / first)).sum(axis=1), dtype=np.float64)

    def tail(self, pooled: Pooled, statistic: float) -> tuple[float, str] | None:
        """The limit: the index is (1/n + 1/m) times a chi-square with one degree less than cells."""
        n, m = pooled.sizes
        if min(n, m) < MANY * self.bins:
            return None
        return chi_square_above(statistic / (1 / n + 1 / m), max(self._filled(pooled) - 1, 1)), "limit"

    def effect(self, pooled: Pooled, statistic: float, drawn: Floats | None) -> float:
        """What exceeds the mean under no change, at least 0."""
        n, m = pooled.sizes
        mean = (self._filled(pooled) - 1) * (1 / n + 1 / m) if drawn is None else float(drawn.mean())
        return max(0.0, statistic - mean)

    def _shares(self, pooled: Pooled, now: Mask) -> tuple[Floats, Floats]:
        """Share of each cell in reference and now, shapes ``(labellings, bins)``, no less than the floor."""
        labellings, total = now.shape
        later = np.cumsum(now, axis=1, dtype=np.int64)
        before = np.arange(1, total + 1) - later
        sizes = before[:, -1]
        wanted = np.ceil(np.outer(sizes, np.arange(1, self.bins)) / self.bins).astype(np.int64)
        # Counts rise along a row: with each row lifted above the one before, one search finds the cuts of all.
        lifted = np.arange(labellings)[:, None] * (total + 1)
        found = np.searchsorted((before + lifted).ravel(), (wanted + lifted).ravel()).reshape(wanted.shape)
        cuts = pooled.last[found - np.arange(labellings)[:, None] * total]
        rows = np.arange(labellings)[:, None]
        return _cells(before, rows, cuts), _cells(later, rows, cuts)

    def _filled(self, pooled: Pooled) -> int:
        """Cells that hold anything: equal numbers may leave some without."""
        first, second = self._shares(pooled, pooled.now[None])
        return int(((first > FLOOR) | (second > FLOOR)).sum())


def _cells(counts: Mask | Floats | np.ndarray, rows: np.ndarray, cuts: np.ndarray) -> Floats:
    edges = np.hstack([np.zeros_like(rows), counts[rows, cuts], counts[:, -1:]])
    return np.asarray(np.maximum(np.diff(edges, axis=1) / counts[:, -1:], FLOOR), dtype=np.float64)


def psi(
    reference: ArrayLike,
    now: ArrayLike,
    *,
    bins: int = BINS,
    groups: tuple[Groups, Groups] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Shift:
    """The population stability index with a p-value.

    The usual rules, 0.1 and 0.25, cry wolf in 86 % and 22 % of samples of a hundred in which nothing changed, and are
    deaf in large ones. Under no change the index is about (1/n + 1/m) times a chi-square with ``bins - 1`` degrees of
    freedom; below thirty numbers a cell, labels are permuted.

    Args:
        reference: numbers as they were; their quantiles cut the cells.
        now: numbers as they are.
        bins: cells, at least 2.
        groups: the query of each number in both; p is then from permuting whole queries.
        rounds: permutations, where labels are drawn.
        seed: the same seed gives the same p-value.

    Raises:
        InputError: fewer than 2 cells, an empty column, a number that is not finite, or other counts of queries.

    References:
        Yurdakul and Naranjo, "Statistical properties of the population stability index" (Journal of Risk Model
        Validation 2020).

    >>> found = psi(range(0, 200), range(0, 400, 2))
    >>> round(found.statistic, 2), found.p_value, found.method
    (1.08, 0.001, 'permutation')
    """
    if bins < 2:
        raise InputError(f"expected at least 2 cells, got bins={bins}")
    return shift(StabilityIndex(bins), reference, now, groups=groups, rounds=rounds, seed=seed)
