"""A mean that has left what it was: bets against it that are opened again and again, with a proven bound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.distributions import binomial_low, inverse
from tamis.observe.drift.detector import in_unit, known_state
from tamis.observe.drift.pagehinkley import WAYS, Way

OPENED = 50  # values between two bets: a change is seen so much later at most, and the bound pays for fewer bets
STAKES = np.array([0.05, 0.1, 0.2, 0.4])  # of the largest stake that cannot lose everything
LEARNING = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])  # the same while the bound on the mean is learned


class MeanShift:
    """Learns a mean from the first values, and alarms where later ones have left it.

    The first ``reference`` values give a bound below which their mean lies with half the error only. From then on a
    gambler stakes on values below the bound, with a new bet every fifty values; where the mean has not fallen no bet is
    expected to gain, so that all together reach their number over the error with that probability at most. In any
    ``per`` values without a change, at most the share ``error`` of watches alarms, whatever the distribution is: only
    the first values must be independent, and later ones must have the mean. It begins anew after a change.

    Attributes:
        drift_detected: whether the last value brought a change to light.
        count: values since the last change.
        mean: the mean of the first values; of those so far while it is learned, NaN before.

    References:
        Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (NEJSDS
        2024), sections 2 and 4 (Shiryaev-Roberts form, mixed over stakes); Waudby-Smith and Ramdas (JRSS B 2024).

    >>> detector = MeanShift(reference=200)
    >>> [place for place, value in enumerate([1.0, 0.0] * 200 + [0.0] * 50) if detector.update(value)]
    [436]
    """

    __slots__ = ("_first", "_options", "_sides", "count", "drift_detected", "mean")

    count: int
    mean: float
    drift_detected: bool

    def __init__(self, reference: int = 1000, *, error: float = 0.05, per: int = 5000, way: Way = "fell") -> None:
        """Begin without values.

        Args:
            reference: values from which the mean is learned, at least 20; more find smaller changes.
            error: share of watches that may alarm without a change, in (0, 1).
            per: values, after the reference, for which that is promised.
            way: which changes are looked for; both share the error.

        Raises:
            InputError: an option out of range.
        """
        if reference < 20 or per < OPENED or not 0 < error < 1:
            raise InputError(
                f"expected a reference of at least 20 values, per of at least {OPENED} and an error in (0, 1), "
                f"got {reference}, {per} and {error}"
            )
        if way not in WAYS:
            raise InputError(f"way must be one of {', '.join(WAYS)}, got {way!r:.60}")
        self._options: dict[str, Any] = {"reference": reference, "error": error, "per": per, "way": way}
        self._begin()

    def update(self, value: float) -> bool:
        """Take a value, and say whether the mean has left what it was.

        Args:
            value: in [0, 1].

        Raises:
            InputError: a value outside [0, 1].
        """
        number = in_unit(value)
        if self.drift_detected:
            self._begin()
        if self.count < self._options["reference"]:
            self._learn(number)
            return False
        opens = (self.count - self._options["reference"]) % OPENED == 0
        self.count += 1
        self.drift_detected = any([side.bet(number, opens) for side in self._sides])
        return self.drift_detected

    def as_json(self) -> dict[str, Any]:
        """Options and state as JSON values; ``from_json`` goes on from there."""
        return {
            "kind": "mean-shift",
            "options": dict(self._options),
            "count": self.count,
            "mean": None if math.isnan(self.mean) else self.mean,
            "first": list(self._first),
            "sides": [side.as_json() for side in self._sides],
            "drift_detected": self.drift_detected,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The detector whose state this is.

        Raises:
            InputError: it is not the state of such a detector.
        """
        with known_state("mean-shift", state):
            found = cls(**state["options"])
            found.count, found.drift_detected = int(state["count"]), bool(state["drift_detected"])
            found.mean = math.nan if state["mean"] is None else float(state["mean"])
            found._first = [float(value) for value in state["first"]]
            found._sides = [_Side(**side) for side in state["sides"]]
        return found

    def _begin(self) -> None:
        self.drift_detected = False
        self.count = 0
        self.mean = math.nan
        self._first: list[float] = []
        self._sides: list[_Side] = []

    def _learn(self, number: float) -> None:
        self.count += 1
        self._first.append(number)
        self.mean = math.fsum(self._first) / self.count
        if self.count < self._options["reference"]:
            return
        ways = [rising for rising in (False, True) if self._options["way"] != ("fell" if rising else "rose")]
        error = self._options["error"] / (2 * len(ways))  # half for the bound, half for the bets
        needed = math.ceil(self._options["per"] / OPENED) / error
        values = np.array(self._first)
        self._sides = [_Side(rising, least_mean(1 - values if rising else values, error), needed) for rising in ways]
        self._first = []


class _Side:
    """Bets that values lie below a bound; where they may have risen, all is turned round."""

    __slots__ = ("bound", "fortunes", "needed", "rising")

    def __init__(self, rising: bool, bound: float, needed: float, fortunes: list[float] | None = None) -> None:
        self.rising, self.bound, self.needed = bool(rising), float(bound), float(needed)
        self.fortunes = np.zeros(STAKES.size) if fortunes is None else np.array(fortunes, dtype=np.float64)
        if self.fortunes.shape != STAKES.shape:
            raise ValueError(f"expected {STAKES.size} fortunes")

    def bet(self, number: float, opens: bool) -> bool:
        """Play one value; whether the fortune is more than chance gives."""
        value = 1 - number if self.rising else number
        factors = 1 + STAKES / (1 - self.bound) * (self.bound - value)
        self.fortunes = (self.fortunes + opens) * factors
        return bool(self.fortunes.mean() >= self.needed)

    def as_json(self) -> dict[str, Any]:
        """The side as JSON values."""
        kept = {"rising": self.rising, "bound": self.bound, "needed": self.needed}
        return {**kept, "fortunes": self.fortunes.tolist()}


def least_mean(values: Floats, error: float) -> float:
    """A bound above which the mean of independent values in [0, 1] lies, but for the probability ``error``.

    Clopper and Pearson's for zeros and ones; for others the mean against which bets on larger values gain too much.

    References:
        Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 2024), section 4.

    >>> round(least_mean(np.repeat([0.0, 1.0], [650, 350]), 0.025), 3), round(least_mean(np.full(99, 0.5), 0.025), 2)
    (0.32, 0.47)
    """
    if np.isin(values, (0.0, 1.0)).all():
        return binomial_low(int(values.sum()), values.size, error)

    def gain(mean: float) -> float:
        fortunes = np.log1p(np.outer(LEARNING / mean, values - mean)).sum(axis=1)
        top = float(fortunes.max())
        return -(top + math.log(float(np.exp(fortunes - top).mean())))

    # Below the values' mean, the gain falls as the supposed mean rises.
    return inverse(gain, math.log(error), 1e-9, max(float(values.mean()), 2e-9))
