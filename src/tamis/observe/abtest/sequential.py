"""Always-valid tests: looked at as often as one likes, they are still wrong no more often than their level says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats
from tamis.errors import InputError
from tamis.observe.abtest.sums import Sums, joint

LEVEL = 0.05
LEAST = 100  # units an arm before which the normal approximation is not trusted


@dataclass(frozen=True, slots=True)
class Sequential:
    """What has been told about a difference up to now, all looks together.

    Attributes:
        estimate: mean of the treated arm minus that of the control, now.
        low: lower end of what all looks' intervals have in common.
        high: upper end of it.
        p: always-valid p-value: the least of all looks.
        level: chance that the interval ever misses the true difference, or p ever falls to it under no difference.
        looks: how many looks there were.
        contradictory: whether looks' intervals have nothing in common, as where the difference changes with time; low
            and high are then those of the last look, and nothing is decided.
    """

    estimate: float
    low: float
    high: float
    p: float
    level: float = LEVEL
    looks: int = 1
    contradictory: bool = False

    @property
    def decided(self) -> bool:
        """Whether a difference is shown."""
        return not self.contradictory and not self.low <= 0 <= self.high

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values; what is not known yet is null."""
        numbers = {name: getattr(self, name) for name in ("estimate", "low", "high", "p", "level")}
        known = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {**known, "looks": self.looks, "contradictory": self.contradictory, "decided": self.decided}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Sequential:
        """What ``as_json`` gave, so that the next look can go on from it.

        >>> Sequential.from_json(Sequential(0.1, -math.inf, math.inf, 1.0).as_json()).high
        inf
        """
        unknown: dict[str, float] = {"estimate": math.nan, "low": -math.inf, "high": math.inf}
        known: dict[str, Any] = {
            name: unknown.get(name) if values[name] is None else values[name] for name in cls.__slots__
        }
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Trace:
    """What every look of a stream told by itself and together with those before it, each of the shape ``(..., looks)``.

    Attributes:
        low: largest lower end so far.
        high: smallest upper end so far.
        p: least p so far.
    """

    low: Floats
    high: Floats
    p: Floats


@dataclass(frozen=True, slots=True)
class AlwaysValid:
    """A normal mixture over possible differences; kinds differ in how wide the mixture is.

    With the estimate d, its variance V and the mixture's variance t, the likelihood ratio against the difference h is
    sqrt(V / (V + t)) exp(t (d - h)^2 / (2 V (V + t))); a martingale when h is true, so the chance that it ever exceeds
    1 / level is at most the level (Ville). The interval holds the h that it does not exceed. In the time 1 / V the
    estimate is a Brownian motion however unequal the arms are and grow, as long as their growth does not look at the
    values (Johari, Koomen, Pekelis, Walsh, Operations Research 2022). Variances are estimated, values are
    not normal: valid in the limit (Waudby-Smith and others, Annals of Statistics 2024), so early looks tell nothing.

    Attributes:
        level: chance of ever being wrong, in (0, 1).
        least: units an arm before which a look tells nothing, at least 2.
    """

    level: float = field(default=LEVEL, kw_only=True)
    least: int = field(default=LEAST, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        if not 0 < self.level < 1:
            raise InputError(f"level must lie between 0 and 1, got {self.level}")
        if self.least < 2:
            raise InputError(f"least must be at least 2 units an arm, got {self.least}")

    def mixture(self, variance: Floats, units: Floats) -> Floats:
        """The mixture's variance, from the estimate's variance and the units of both arms together."""
        raise NotImplementedError

    def radius(self, variance: ArrayLike, units: ArrayLike) -> Floats:
        """Half the width of one look's interval.

        Args:
            variance: of the estimated difference, above 0.
            units: of both arms together.
        """
        v, n = np.asarray(variance, dtype=np.float64), np.asarray(units, dtype=np.float64)
        t = self.mixture(v, n)
        return np.asarray(np.sqrt(v * (v + t) / t * (np.log1p(t / v) - 2 * math.log(self.level))), dtype=np.float64)

    def log_ratio(self, difference: ArrayLike, variance: ArrayLike, units: ArrayLike) -> Floats:
        """Logarithm of the likelihood ratio against no difference."""
        d, v, n = (np.asarray(part, dtype=np.float64) for part in (difference, variance, units))
        t = self.mixture(v, n)
        return np.asarray(t * d**2 / (2 * v * (v + t)) - np.log1p(t / v) / 2, dtype=np.float64)

    def trace(
        self,
        difference: ArrayLike,
        variances: tuple[ArrayLike, ArrayLike],
        units: tuple[ArrayLike, ArrayLike],
    ) -> Trace:
        """All looks at once, the last axis being time.

        Args:
            difference: mean of the treated arm minus that of the control, shape ``(..., looks)``.
            variances: estimated ones of the control's and of the treated arm's mean; where both are 0, or one is NaN,
                the look tells nothing.
            units: of the control and of the treated arm at each look.
        """
        d, v = np.asarray(difference, dtype=np.float64), joint(variances, units)
        both, fewest = np.add(*units), np.minimum(*units)
        told = (v > 0) & (fewest >= self.least)
        n = np.broadcast_to(np.asarray(both, dtype=np.float64), d.shape)
        width, ratio = np.full(d.shape, np.inf), np.zeros(d.shape)
        width[told] = self.radius(v[told], n[told])
        ratio[told] = self.log_ratio(d[told], v[told], n[told])
        middle = np.where(told, d, 0.0)
        return Trace(
            np.maximum.accumulate(middle - width, axis=-1),
            np.minimum.accumulate(middle + width, axis=-1),
            np.minimum.accumulate(np.exp(np.minimum(0.0, -ratio)), axis=-1),
        )

    def look(self, control: Sums, treated: Sums, before: Sequential | None = None) -> Sequential:
        """One look, joined with what was told before it.

        Args:
            control: running sums of the arm that is compared with.
            treated: running sums of the arm that is compared.
            before: what the look before it gave; None at the first.

        >>> found = MSprt().look(Sums(4000, 1200, 1200), Sums(1000, 380, 380))
        >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3), found.decided
        (0.08, 0.027, 0.133, True)
        """
        if before is not None and before.level != self.level:
            raise InputError(f"looks of one test have one level: before {before.level}, now {self.level}")
        estimate = treated.mean - control.mean
        variances = (np.array([control.variance]), np.array([treated.variance]))
        now = self.trace([estimate], variances, (np.array([control.units]), np.array([treated.units])))
        low, high, p = float(now.low[0]), float(now.high[0]), float(now.p[0])
        if before is None:
            return Sequential(estimate, low, high, p, self.level)
        p, looks = min(p, before.p), before.looks + 1
        kept = (max(low, before.low), min(high, before.high))
        torn = before.contradictory or kept[0] > kept[1]
        return Sequential(estimate, *((low, high) if torn else kept), p, self.level, looks, torn)


@dataclass(frozen=True, slots=True)
class MSprt(AlwaysValid):
    """The mixture sequential probability ratio test: strongest for differences about as large as ``tau``.

    Johari, Koomen, Pekelis, Walsh: "Peeking at A/B tests" (KDD 2017).

    Attributes:
        tau: standard deviation of the mixture, in the values' unit; best about the least difference that matters.

    >>> bool(MSprt().log_ratio(0.04, 2 * 0.21 / 5000, 10_000) > 3), bool(MSprt().log_ratio(0.01, 2e-4, 5000) > 3)
    (True, False)
    """

    tau: float = 0.03

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        AlwaysValid.__post_init__(self)
        if not (math.isfinite(self.tau) and self.tau > 0):
            raise InputError(f"tau must be a finite number above 0, in the values' unit, got {self.tau}")

    def mixture(self, variance: Floats, units: Floats) -> Floats:
        """The same at every look."""
        return np.full(np.shape(variance), self.tau**2)


@dataclass(frozen=True, slots=True)
class ConfidenceSequence(AlwaysValid):
    """The asymptotic confidence sequence: narrowest when as many units have come as it was tuned for.

    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: "Time-uniform central limit theory and asymptotic confidence
    sequences" (Annals of Statistics 2024), theorem 2.2. Its shape is the mSPRT's; it
    asks for a number of units in place of the size of a difference.

    Attributes:
        tuned_for: units of both arms together at which it is narrowest.

    >>> found = ConfidenceSequence(tuned_for=5000).look(Sums(4000, 1200, 1200), Sums(1000, 380, 380))
    >>> round(found.low, 3), round(found.high, 3)
    (0.028, 0.132)
    """

    tuned_for: int = 10_000

    def __post_init__(self) -> None:
        """Refuse options out of range."""
        AlwaysValid.__post_init__(self)
        if self.tuned_for < 1:
            raise InputError(f"tuned_for must be at least 1 unit, got {self.tuned_for}")

    def mixture(self, variance: Floats, units: Floats) -> Floats:
        """As many times the variance at ``tuned_for`` units as makes the interval narrowest there."""
        doubt = -2 * math.log(self.level)
        return np.asarray((doubt + math.log1p(doubt)) * variance * units / self.tuned_for, dtype=np.float64)
