"""A share under an old and a new policy, with intervals over the same resampled queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats

ROUNDS = 2000  # resamples of the queries
CELLS = 1 << 21  # numbers held at once while drawing

Share: TypeAlias = tuple[ArrayLike, ArrayLike]  # numerators and denominators, one of each a query


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its bootstrap interval over queries; None where nothing is shown, or nothing relevant."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, value: float, drawn: Floats, confidence: float) -> Self:
        """A figure from its value and those of resamples, which may hold NaN."""
        known = drawn[np.isfinite(drawn)]
        if not np.isfinite(value) or not known.size:
            return cls(None, None, None)
        tail = (1 - confidence) / 2
        low, high = np.quantile(known, [tail, 1 - tail])
        return cls(float(value), float(low), float(high))

    def as_json(self) -> dict[str, Any]:
        """The figure as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure under both policies, and the new less the old on the same resampled queries."""

    old: Estimate
    new: Estimate
    difference: Estimate

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {"old": self.old.as_json(), "new": self.new.as_json(), "difference": self.difference.as_json()}


def compared(old: Share, new: Share, *, confidence: float = 0.95, seed: int = 0) -> Compared:
    """Two ratios of sums over the same queries, and their difference.

    Queries are what is drawn again, both sides on the same draws (Efron & Tibshirani, An Introduction to the Bootstrap,
    1993); draws in which a ratio has no denominator do not count.

    Args:
        old: numerators and denominators, each of shape ``(queries,)``.
        new: those of the other side.
        confidence: wanted coverage, in (0, 1).
        seed: the same seed gives the same intervals.

    >>> found = compared(([1, 1], [2, 2]), ([2, 1], [2, 1]))
    >>> found.old.value, found.new.value, found.difference.low
    (0.5, 1.0, 0.5)
    """
    columns = np.stack([np.asarray(column, dtype=np.float64) for column in (*old, *new)], axis=1)
    size = len(columns)
    rng, rows = np.random.default_rng(seed), max(1, CELLS // size)
    chances = np.full(size, 1 / size)
    drawn = [rng.multinomial(size, chances, min(rows, ROUNDS - at)) @ columns for at in range(0, ROUNDS, rows)]
    sums = np.concatenate([columns.sum(axis=0)[None], *drawn])
    with np.errstate(invalid="ignore", divide="ignore"):
        was, now = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
    return Compared(*(Estimate.of(float(column[0]), column[1:], confidence) for column in (was, now, now - was)))
