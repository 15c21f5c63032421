"""What a test has to know about an arm's values: sums that add up, for values that stand alone or belong to users."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.errors import InputError

ROUNDING = 1e-9  # what sums of squares may be below their least value


@dataclass(frozen=True, slots=True)
class Clusters:
    """How sessions lie on users, with m sessions and the sum s of their values for each user.

    Attributes:
        sessions: the sum of m.
        squares: the sum of m squared.
        cross: the sum of m times s.
    """

    sessions: int
    squares: float
    cross: float


@dataclass(frozen=True, slots=True)
class Sums:
    """The values of one arm as running sums: all that the tests read, and all that a database has to give.

    Without users, ``select count(*), sum(v), sum(v * v)``. With users, whose sessions are not independent, the sums of
    1, s, s * s and of m, m * m, m * s over ``select count(*) as m, sum(v) as s ... group by user``.

    Attributes:
        units: how many units are independent of each other: users; sessions where each stands for itself.
        total: sum of the values.
        squares: sum over units of the squared sum of their values.
        clusters: the sessions of users; None where a unit is a session.

    Raises:
        InputError: sums that no finite values have.

    >>> sums = Sums.of([1, 0, 1, 1])
    >>> sums.mean, round(sums.variance, 4)
    (0.75, 0.0625)
    """

    units: int
    total: float
    squares: float
    clusters: Clusters | None = None

    def __post_init__(self) -> None:
        """Refuse what no values sum up to."""
        if self.units < 0 or not (math.isfinite(self.total) and math.isfinite(self.squares)):
            raise InputError(f"expected a count of at least 0 and finite sums, got {self.units}, {self.total}")
        if self.squares * self.units < self.total**2 * (1 - ROUNDING) - ROUNDING:
            raise InputError(
                f"no {self.units} values have the sum {self.total:g} and the sum of squares {self.squares:g}: "
                "the sum of squares must be at least the squared sum over the count"
            )
        if self.clusters is not None and self.clusters.sessions < self.units:
            raise InputError(f"{self.units} users cannot have {self.clusters.sessions} sessions: each has at least one")

    @classmethod
    def of(cls, values: ArrayLike, groups: Groups | None = None) -> Sums:
        """The sums of values, one a session.

        Args:
            values: finite numbers, shape ``(sessions,)``.
            groups: the user of each session; None where each session stands for itself.

        Raises:
            InputError: not a column of finite numbers, or another number of users.

        >>> Sums.of([1, 0, 1, 1], groups=["ann", "ann", "ann", "bo"]).units
        2
        """
        column = np.asarray(values, dtype=np.float64)
        if column.ndim != 1 or not np.isfinite(column).all():
            raise InputError(f"expected one finite value a session, got shape {column.shape}")
        if groups is None:
            return cls(column.size, float(column.sum()), float(column @ column))
        if len(groups) != column.size:
            raise InputError(f"expected a user for each of the {column.size} sessions, got {len(groups)} users")
        _, place = np.unique(np.asarray(groups), return_inverse=True)
        sessions = np.bincount(place).astype(np.float64)
        sums = np.bincount(place, weights=column)
        clusters = Clusters(column.size, float(sessions @ sessions), float(sessions @ sums))
        return cls(sessions.size, float(column.sum()), float(sums @ sums), clusters)

    def __add__(self, other: Sums) -> Sums:
        """Both together; users must not be in both, for their sessions belong into one sum before it is squared."""
        if (self.clusters is None) != (other.clusters is None):
            raise InputError("sums by user and sums by session do not add up: make both in the same way")
        units, total, squares = self.units + other.units, self.total + other.total, self.squares + other.squares
        if self.clusters is None or other.clusters is None:
            return Sums(units, total, squares)
        one, two = self.clusters, other.clusters
        merged = Clusters(one.sessions + two.sessions, one.squares + two.squares, one.cross + two.cross)
        return Sums(units, total, squares, merged)

    @property
    def sessions(self) -> int:
        """How many values were summed."""
        return self.units if self.clusters is None else self.clusters.sessions

    @property
    def mean(self) -> float:
        """Mean over sessions; NaN without any."""
        return self.total / self.sessions if self.sessions else math.nan

    @property
    def variance(self) -> float:
        """Estimated variance of the mean; NaN with fewer than two units.

        With users it is that of a ratio of sums over users, by the delta method (Deng, Knoblich, Lu, KDD 2018), which
        is the cluster-robust one of a regression on a constant.
        """
        if self.units < 2:
            return math.nan
        cross, sizes = (self.total, self.units) if self.clusters is None else (self.clusters.cross, self._sizes)
        left = max(0.0, self.squares - 2 * self.mean * cross + self.mean**2 * sizes)
        return self.units / (self.units - 1) * left / self.sessions**2

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The mean's normal interval, for one look; NaN with fewer than two units.

        Args:
            confidence: within (0, 1).

        >>> low, high = Sums.of([1, 0, 1, 1] * 25).interval()
        >>> round(low, 2), round(high, 2)
        (0.66, 0.84)
        """
        spread = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(self.variance)
        return self.mean - spread, self.mean + spread

    @property
    def binary(self) -> bool:
        """Whether the values can be 0 and 1 only, and each stands for itself."""
        return self.clusters is None and self.squares == self.total and 0 <= self.total <= self.units

    @property
    def _sizes(self) -> float:
        return self.clusters.squares if self.clusters else float(self.units)

    def as_json(self) -> dict[str, Any]:
        """What a report shows of an arm."""
        return {"units": self.units, "sessions": self.sessions, "mean": None if not self.sessions else self.mean}


def joint(variances: tuple[ArrayLike, ArrayLike], units: tuple[ArrayLike, ArrayLike]) -> Floats:
    """Variance of the difference of two means; values of either arm vary at least as those of both arms do together.

    A small arm without a success yet would otherwise seem not to vary at all, and its difference to be beyond doubt: at
    a rate of .01 a canary of a tenth then raised always-valid alarms in 27 of 100 runs without a difference
    (``scripts/bench abtest``).

    Args:
        variances: of the control's and the treated arm's mean.
        units: theirs.

    >>> float(joint((0.01 / 900, 0.0), (900, 100)) * 100) > 0.009
    True
    """
    first, second, n, m = (np.asarray(part, dtype=np.float64) for part in (*variances, *units))
    together = (n**2 * first + m**2 * second) / np.maximum(n + m, 1e-300)
    both = np.maximum(first, together / np.maximum(n, 1e-300)) + np.maximum(second, together / np.maximum(m, 1e-300))
    return np.asarray(both, dtype=np.float64)


def running(values: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    """Means, and estimated variances of the means, of the first values of streams.

    Args:
        values: shape ``(..., n)``.
        counts: how many values were there at each look, each from 2 to n, shape ``(looks,)``.

    Returns:
        Two arrays of the shape ``(..., looks)``.

    >>> running([0, 1, 1, 0], [2, 4])[0]
    array([0.5, 0.5])
    """
    streams, at = np.asarray(values, dtype=np.float64), np.asarray(counts)
    if at.size and not (at.min() >= 2 and at.max() <= streams.shape[-1]):
        raise InputError(f"looks must lie between 2 and {streams.shape[-1]} values, got {at.min()} to {at.max()}")
    means = streams.cumsum(axis=-1)[..., at - 1] / at
    squares = (streams**2).cumsum(axis=-1)[..., at - 1] / at
    return means, np.maximum(squares - means**2, 0.0) / (at - 1)
