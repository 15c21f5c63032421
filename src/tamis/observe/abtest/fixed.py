"""Tests for one look, at a number of sessions fixed before: two proportions and two means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from tamis.errors import InputError
from tamis.evaluate.distributions import student_below, student_quantile
from tamis.observe.abtest.sums import Sums

LEVEL = 0.05
SMALL = 5  # expected count in a cell below which proportions are tested exactly (Cochran, Biometrics 1954)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A difference as one look tells it; looked at more often it is wrong more often than ``level`` says.

    Attributes:
        estimate: mean of the treated arm minus that of the control.
        low: lower end of its interval.
        high: upper end of it.
        p: two-sided p-value.
        method: which test it was.
        level: chance of a false alarm.
    """

    estimate: float
    low: float
    high: float
    p: float
    method: str
    level: float = LEVEL

    @property
    def decided(self) -> bool:
        """Whether a difference is shown."""
        return self.p <= self.level

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "decided": self.decided}


def two_proportions(control: tuple[int, int], treated: tuple[int, int], *, level: float = LEVEL) -> Fixed:
    """Compare two shares of successes.

    Pooled z test; Fisher's exact test where a cell is expected to hold fewer than 5. The interval is Newcombe's hybrid
    of two Wilson intervals (Statistics in Medicine 1998, method 10), which need not agree with the test to the digit.

    Args:
        control: successes and trials of the arm that is compared with.
        treated: successes and trials of the arm that is compared.
        level: chance of a false alarm, in (0, 1).

    Raises:
        InputError: counts that are none, an arm without trials, or a level out of range.

    >>> found = two_proportions((300, 1000), (345, 1000))
    >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3), round(found.p, 3)
    (0.045, 0.004, 0.086, 0.031)
    """
    _checked(level)
    for successes, trials in (control, treated):
        if not 0 <= successes <= trials or trials < 1:
            raise InputError(f"expected 0 to n successes in n > 0 trials, got {successes} in {trials}")
    (x, n), (y, m) = control, treated
    estimate = y / m - x / n
    low, high = _newcombe(x, n, y, m, NormalDist().inv_cdf(1 - level / 2))
    smallest = min(x + y, n + m - x - y) * min(n, m) / (n + m)
    if smallest < SMALL:
        return Fixed(estimate, low, high, _fisher(x, n, y, m), "Fisher's exact test", level)
    pooled = (x + y) / (n + m)
    z = estimate / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return Fixed(estimate, low, high, math.erfc(abs(z) / math.sqrt(2)), "z test", level)


def two_means(control: Sums, treated: Sums, *, level: float = LEVEL) -> Fixed:
    """Compare two means by Welch's t test; with sums by user it is the cluster-robust one.

    Welch (Biometrika 1947); degrees of freedom by Satterthwaite, from the numbers of units.

    Raises:
        InputError: fewer than two units in an arm, values that are all equal in both, or a level out of range.

    >>> found = two_means(Sums.of([1.0, 2.0, 3.0]), Sums.of([3.0, 4.0, 5.5]))
    >>> round(found.estimate, 3), round(found.p, 3)
    (2.167, 0.083)
    """
    _checked(level)
    one, two = control.variance, treated.variance
    if not one + two > 0:
        raise InputError("a test of means needs two units in each arm, and values that are not all equal")
    estimate, error = treated.mean - control.mean, math.sqrt(one + two)
    freedom = (one + two) ** 2 / (one**2 / (control.units - 1) + two**2 / (treated.units - 1))
    width = student_quantile(1 - level / 2, freedom) * error
    p = 2 * student_below(-abs(estimate) / error, freedom)
    return Fixed(estimate, estimate - width, estimate + width, p, "Welch's t test", level)


def _newcombe(x: int, n: int, y: int, m: int, z: float) -> tuple[float, float]:
    one, two = x / n, y / m
    (one_low, one_high), (two_low, two_high) = _wilson(x, n, z), _wilson(y, m, z)
    low = two - one - math.hypot(two - two_low, one_high - one)
    return low, two - one + math.hypot(two_high - two, one - one_low)


def _wilson(successes: int, trials: int, z: float) -> tuple[float, float]:
    share, more = successes / trials, z * z / trials
    middle = (share + more / 2) / (1 + more)
    half = math.sqrt(share * (1 - share) * more + more * more / 4) / (1 + more)
    return max(0.0, middle - half), min(1.0, middle + half)


def _fisher(x: int, n: int, y: int, m: int) -> float:
    """Probability of all tables with the same margins that are no likelier than the one found."""
    found = x + y
    first, last = max(0, found - m), min(found, n)
    logs = np.array([_ways(n, k) + _ways(m, found - k) for k in range(first, last + 1)])
    chances = np.exp(logs - logs.max())
    likelier = chances <= chances[x - first] * (1 + 1e-7)  # equal ones differ by rounding
    return min(1.0, float(chances[likelier].sum() / chances.sum()))


def _ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _checked(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, got {level}")
