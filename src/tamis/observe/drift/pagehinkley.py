"""Page and Hinkley's test: values below, or above, the mean so far are summed until they are too many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias, get_args

from tamis.errors import InputError
from tamis.observe.drift.detector import in_unit, known_state

Way: TypeAlias = Literal["fell", "rose", "both"]
WAYS: tuple[Way, ...] = get_args(Way)
STATE = ("count", "mean", "rising", "falling", "lowest", "highest", "drift_detected")


class PageHinkley:
    """Sums how far values lie from the mean so far, less an allowance, and alarms where the sum has come too far.

    It has no bound on false alarms: ``threshold`` must be set for the spread of the values and the time watched. It
    begins anew after a change.

    Attributes:
        drift_detected: whether the last value brought a change to light.
        count: values since the last change.
        mean: their mean.

    References:
        Page, "Continuous inspection schemes" (Biometrika 1954); Hinkley (Biometrika 1971).

    >>> detector = PageHinkley(way="fell")
    >>> [place for place, value in enumerate([1.0] * 500 + [0.0] * 100) if detector.update(value)]
    [527]
    """

    __slots__ = ("_options", "count", "drift_detected", "falling", "highest", "lowest", "mean", "rising")

    mean: float
    rising: float
    falling: float
    lowest: float
    highest: float

    def __init__(
        self,
        threshold: float = 25.0,
        *,
        delta: float = 0.05,
        least: int = 30,
        fading: float = 0.9999,
        way: Way = "both",
    ) -> None:
        """Begin without values.

        Args:
            threshold: sum that is too far, above 0.
            delta: allowance of each value, at least 0; half the least change that matters is best.
            least: values before the first alarm.
            fading: what a sum keeps with each value, in (0, 1].
            way: which changes are looked for.

        Raises:
            InputError: an option out of range.
        """
        if threshold <= 0 or delta < 0 or least < 1 or not 0 < fading <= 1:
            raise InputError(
                "expected threshold above 0, delta of at least 0, least of at least 1 and fading in (0, 1], "
                f"got {threshold}, {delta}, {least} and {fading}"
            )
        if way not in WAYS:
            raise InputError(f"way must be one of {', '.join(WAYS)}, got {way!r:.60}")
        self._options: dict[str, Any] = {"delta": delta, "fading": fading, "least": least, "threshold": threshold}
        self._options["way"] = way
        self.drift_detected = False
        self._begin()

    def update(self, value: float) -> bool:
        """Take a value, and say whether the mean has changed.

        Args:
            value: in [0, 1].

        Raises:
            InputError: a value outside [0, 1].
        """
        number = in_unit(value)
        if self.drift_detected:
            self._begin()
        self.count += 1
        self.mean += (number - self.mean) / self.count
        apart, options = number - self.mean, self._options
        self.rising = options["fading"] * self.rising + apart - options["delta"]
        self.falling = options["fading"] * self.falling + apart + options["delta"]
        self.lowest, self.highest = min(self.lowest, self.rising), max(self.highest, self.falling)
        rose = options["way"] != "fell" and self.rising - self.lowest > options["threshold"]
        fell = options["way"] != "rose" and self.highest - self.falling > options["threshold"]
        self.drift_detected = self.count >= options["least"] and (rose or fell)
        return self.drift_detected

    def as_json(self) -> dict[str, Any]:
        """Options and state as JSON values; ``from_json`` goes on from there."""
        return {
            "kind": "page-hinkley",
            "options": dict(self._options),
            "state": {name: getattr(self, name) for name in STATE},
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The detector whose state this is.

        Raises:
            InputError: it is not the state of such a detector.
        """
        with known_state("page-hinkley", state):
            found = cls(**state["options"])
            for name in STATE:
                setattr(found, name, type(getattr(found, name))(state["state"][name]))
        return found

    def _begin(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.rising = 0.0
        self.falling = 0.0
        # Sums of values in [0, 1] cannot go below -1 or above 1 at once: the first value sets both.
        self.lowest = 2.0
        self.highest = -1.0
