"""Whether a difference between two systems is real: paired randomisation test and bootstrap over queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats
from tamis.errors import InputError

EXACT = 20  # up to this many differing queries all sign patterns are counted, above they are drawn
ROUNDS = 10_000
CELLS = 1 << 21  # numbers held at once while drawing
NOISE = 1e-12  # differences below this are rounding of equal values


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over queries with its bootstrap confidence interval."""

    mean: float
    low: float
    high: float
    queries: int


@dataclass(frozen=True, slots=True)
class Paired:
    """A first run against a second on the same queries.

    Attributes:
        difference: mean of first minus second.
        low: lower end of the difference's confidence interval.
        high: upper end of it.
        p_value: how often random signs give a mean difference at least this far from 0.
        wins: queries where the first is better.
        losses: queries where the second is better.
        ties: queries where both are equal.
        queries: all of them.
    """

    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    losses: int
    ties: int
    queries: int


def interval(values: ArrayLike, *, confidence: float = 0.95, rounds: int = ROUNDS, seed: int = 0) -> Interval:
    """Mean over queries and its percentile bootstrap interval.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993; queries are what is drawn again (Sakai, SIGIR 2006).

    Args:
        values: one finite number a query, shape ``(queries,)``.
        confidence: wanted coverage, in (0, 1).
        rounds: resamples drawn.
        seed: the same seed gives the same interval.

    Raises:
        InputError: no values, a value that is not finite, or an option out of range.

    >>> found = interval([0.0, 1.0, 1.0, 1.0])
    >>> found.mean, found.low <= 0.75 <= found.high
    (0.75, True)
    """
    column = _column(values)
    low, high = _bootstrap(column, confidence, rounds, seed)
    return Interval(float(column.mean()), low, high, column.size)


def paired(
    first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95, rounds: int = ROUNDS, seed: int = 0
) -> Paired:
    """Compare two systems query by query.

    The test is Fisher's randomisation test, two-sided: under no difference each query's sign is a coin toss (Smucker,
    Allan & Carterette, CIKM 2007). Exact up to 20 differing queries; above, signs are drawn and the observed
    pattern counts as one of them, so p is never 0 (Phipson & Smyth, 2010).

    Args:
        first: one value a query, shape ``(queries,)``.
        second: the other system's values for the same queries in the same order.
        confidence: wanted coverage of the difference's bootstrap interval, in (0, 1).
        rounds: sign patterns and resamples drawn.
        seed: the same seed gives the same result.

    Raises:
        InputError: no values, different numbers of them, a value that is not finite, or an option out of range.

    >>> found = paired([0.9, 0.8, 0.7, 0.6], [0.5, 0.5, 0.5, 0.6])
    >>> found.wins, found.losses, found.ties, found.p_value
    (3, 0, 1, 0.25)
    """
    one, two = _column(first), _column(second)
    if one.size != two.size:
        raise InputError(f"paired values must be of the same queries, got {one.size} and {two.size} values")
    differences = np.where(np.abs(one - two) <= NOISE, 0.0, one - two)
    low, high = _bootstrap(differences, confidence, rounds, seed)
    return Paired(
        difference=float(differences.mean()),
        low=low,
        high=high,
        p_value=_randomisation(differences[differences != 0], rounds, seed),
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
        ties=int((differences == 0).sum()),
        queries=differences.size,
    )


def _column(values: ArrayLike) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not column.size:
        raise InputError(f"expected one value a query and at least one query, got shape {column.shape}")
    if not np.isfinite(column).all():
        raise InputError(f"expected finite values, got {column[~np.isfinite(column)][0]} for a query")
    return column


def _randomisation(differences: Floats, rounds: int, seed: int) -> float:
    size = differences.size
    if size == 0:
        return 1.0
    # Rounding must not make a pattern look smaller than the observed one it equals.
    reached = abs(float(differences.sum())) - NOISE * float(np.abs(differences).sum())
    if size <= EXACT:
        sums = differences[:1]  # the first sign may stay: turning all signs round changes no absolute value
        for value in differences[1:]:
            sums = np.concatenate([sums + value, sums - value])
        return float((np.abs(sums) >= reached).mean())
    rng, total = np.random.default_rng(seed), differences.sum()

    def signed(rows: int) -> Floats:
        kept = rng.integers(0, 2, (rows, size), dtype=np.int8).astype(np.float64)
        return np.asarray(np.abs(2 * (kept @ differences) - total), dtype=np.float64)

    return (1 + sum(int((part >= reached).sum()) for part in _drawn(signed, size, rounds))) / (1 + rounds)


def _bootstrap(values: Floats, confidence: float, rounds: int, seed: int) -> tuple[float, float]:
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    if rounds < 1:
        raise InputError(f"rounds must be at least 1, got {rounds}")
    rng, size = np.random.default_rng(seed), values.size

    def resampled(rows: int) -> Floats:
        return np.asarray(values[rng.integers(0, size, (rows, size))].mean(axis=1), dtype=np.float64)

    means = np.concatenate(list(_drawn(resampled, size, rounds)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _drawn(draw: Callable[[int], Floats], size: int, rounds: int) -> Iterator[Floats]:
    """The results of ``rounds`` draws of ``size`` numbers each, in parts that fit in memory."""
    rows = max(1, CELLS // size)
    for start in range(0, rounds, rows):
        yield draw(min(rows, rounds - start))
