"""Ratios of sums over rows that come in sessions, with an interval that knows that rows of a session are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.evaluate.distributions import student_quantile

FEW = 30  # sessions below which an interval of the delta method is too narrow to be trusted


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its standard error and interval.

    Attributes:
        value: the estimate; it may stray outside the range of what it estimates, so that means of many stay unbiased.
        error: its standard error, over sessions.
        low, high: interval of the wanted confidence.
        rows: how many rows it rests on.
        sessions: how many sessions they come from.
        warning: why the interval should not be trusted; empty where nothing speaks against it.
    """

    value: float
    error: float
    low: float
    high: float
    rows: int
    sessions: int
    warning: str = ""

    def moved(self, offset: float, scale: float) -> Estimate:
        """The estimate of ``(x - offset) / scale`` where this is one of x; scale above 0."""
        value, low, high = ((x - offset) / scale for x in (self.value, self.low, self.high))
        return Estimate(value, self.error / scale, low, high, self.rows, self.sessions, self.warning)

    def minus(self, other: Estimate, *, confidence: float = 0.95) -> Estimate:
        """The difference to an estimate from other, independent sessions.

        >>> half = ratio_of_sums([0, 1, 0, 1], [1, 1, 1, 1])
        >>> half.minus(half).value
        0.0
        """
        value, error = self.value - other.value, float(np.hypot(self.error, other.error))
        sessions = min(self.sessions, other.sessions)
        reach = error * student_quantile((1 + confidence) / 2, sessions - 1)
        said = "; ".join(dict.fromkeys(filter(None, (self.warning, other.warning))))
        return Estimate(value, error, value - reach, value + reach, self.rows + other.rows, sessions, said)


def ratio_of_sums(
    above: ArrayLike, below: ArrayLike, sessions: Groups | None = None, *, confidence: float = 0.95
) -> Estimate:
    """``sum(above) / sum(below)`` with the delta method's standard error over sessions.

    The variance is ``G/(G-1) * sum_g (A_g - R B_g)^2 / (sum B)^2`` with A_g and B_g the sums of a session (Cochran,
    Sampling Techniques, 1977, chapter 6, with sessions for units), the interval Student's, G - 1 degrees of freedom.

    Args:
        above, below: one number a row, shape ``(n,)``; those below at least 0.
        sessions: the session of each row; without it each row is one.
        confidence: wanted coverage, in (0, 1).

    Raises:
        InputError: shapes that differ, values that are not finite, fewer than two sessions, or nothing below.

    >>> found = ratio_of_sums([1, 0, 1, 1], [1, 1, 1, 1])
    >>> found.value, round(found.error, 3)
    (0.75, 0.25)
    """
    a, b = column(above, "numerators"), column(below, "denominators")
    if a.size != b.size:
        raise InputError(f"expected as many numerators as denominators, got {a.size} and {b.size}")
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    codes = coded(sessions, a.size)
    count, whole = int(codes.max(initial=-1)) + 1, float(b.sum())
    if count < 2 or not whole > 0:
        raise InputError(f"an estimate needs at least two sessions with weight, got {count} with {whole:g} in all")
    value = float(a.sum()) / whole
    apart = np.bincount(codes, a - value * b, count).astype(np.float64)
    error = float(np.sqrt(count / (count - 1) * (apart @ apart))) / whole
    reach = error * student_quantile((1 + confidence) / 2, count - 1)
    return Estimate(value, error, value - reach, value + reach, a.size, count, _warning(apart, b, count))


def _warning(apart: Floats, below: Floats, count: int) -> str:
    if np.abs(apart).max() <= 1e-12 * max(1.0, float(np.abs(below).max())):
        return "all sessions are alike, which leaves no error to be estimated: the interval says nothing"
    return f"only {count} sessions, the interval may be too narrow" if count < FEW else ""


def column(values: ArrayLike, what: str) -> Floats:
    """The values as one finite number a row, shape ``(n,)``.

    Raises:
        InputError: they are not.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise InputError(f"expected {what} as one finite number a row, got shape {found.shape} or one not finite")
    return found


def outcomes(values: ArrayLike, what: str = "clicks") -> Floats:
    """The values as 0 or 1 a row, shape ``(n,)``.

    Raises:
        InputError: another value is among them.
    """
    found = column(values, what)
    if not np.isin(found, (0.0, 1.0)).all():
        raise InputError(f"expected {what} of 0 or 1, got {found[~np.isin(found, (0.0, 1.0))][0]:g}")
    return found


def coded(groups: Groups | None, size: int) -> NDArray[np.int64]:
    """Number of each row's group, from 0, shape ``(size,)``; each row its own where there are no groups.

    Raises:
        InputError: another number of groups than of rows.
    """
    if groups is None:
        return np.arange(size)
    if len(groups) != size:
        raise InputError(f"expected the session of each of {size} rows, got {len(groups)}")
    return np.asarray(np.unique(np.asarray(groups), return_inverse=True)[1], dtype=np.int64)
