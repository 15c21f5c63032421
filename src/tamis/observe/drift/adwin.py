"""ADWIN: a window that grows while its mean holds, and drops its older part when that has another mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Self

from tamis.errors import InputError
from tamis.observe.drift.detector import in_unit, known_state

FULL = 5  # buckets of one size; one more, and the two oldest become one of twice the size


class ADWIN:
    """Finds changes of a mean without being told what it was, or how long to look back.

    The window is kept in buckets of 1, 2, 4, ... values, so that it needs room for a logarithm of its length. It is
    cut where any older part and the rest have means further apart than chance explains; ``delta`` bounds the share of
    looks that cut wrongly, for means of large samples.

    Attributes:
        drift_detected: whether the last value brought a change to light.
        width: values in the window.
        mean: their mean; NaN where there is none.

    References:
        Bifet and Gavalda, "Learning from time-changing data with adaptive windowing" (SDM 2007), with the variance of
        the window for that of its parts, as theirs.

    >>> detector = ADWIN()
    >>> [place for place, value in enumerate([0.0] * 500 + [1.0] * 100) if detector.update(value)][0]
    511
    >>> round(detector.mean, 1)
    0.9
    """

    __slots__ = ("_delta", "_every", "_least", "_rows", "_ticks", "_total", "_variance", "drift_detected", "width")

    def __init__(self, delta: float = 0.02, *, every: int = 32, least: int = 5) -> None:
        """Begin without values.

        Args:
            delta: share of wrong cuts, in (0, 1).
            every: values between two looks.
            least: values that either part of a cut must have.

        Raises:
            InputError: an option out of range.
        """
        if not 0 < delta < 1 or every < 1 or least < 1:
            raise InputError(
                f"expected delta in (0, 1), every and least of at least 1, got {delta}, {every} and {least}"
            )
        self._delta, self._every, self._least = delta, every, least
        self._rows: list[list[tuple[float, float]]] = [[]]  # buckets (sum, squared distance from their mean), old first
        self._total = self._variance = 0.0
        self._ticks = self.width = 0
        self.drift_detected = False

    @property
    def mean(self) -> float:
        """Mean of the window; NaN where it is empty."""
        return self._total / self.width if self.width else math.nan

    def update(self, value: float) -> bool:
        """Take a value, and say whether the mean has changed.

        Args:
            value: in [0, 1].

        Raises:
            InputError: a value outside [0, 1].
        """
        number = in_unit(value)
        if self.width:
            self._variance += self.width * (number - self.mean) ** 2 / (self.width + 1)
        self._total += number
        self.width += 1
        self._ticks += 1
        self._rows[0].append((number, 0.0))
        self._merge()
        self.drift_detected = False
        if self._ticks % self._every == 0:
            while self.width > 2 * self._least and self._parted():
                self._drop()
                self.drift_detected = True
        return self.drift_detected

    def as_json(self) -> dict[str, Any]:
        """Options and state as JSON values; ``from_json`` goes on from there."""
        return {
            "kind": "adwin",
            "options": {"delta": self._delta, "every": self._every, "least": self._least},
            "rows": [[list(bucket) for bucket in row] for row in self._rows],
            "ticks": self._ticks,
            "drift_detected": self.drift_detected,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The detector whose state this is.

        Raises:
            InputError: it is not the state of such a detector.
        """
        with known_state("adwin", state):
            found = cls(**state["options"])
            found._rows = [[(float(total), float(spread)) for total, spread in row] for row in state["rows"]] or [[]]
            found._ticks, found.drift_detected = int(state["ticks"]), bool(state["drift_detected"])
            for size, (total, spread) in found._buckets():
                found._add(size, total, spread)
        return found

    def _buckets(self) -> Iterator[tuple[int, tuple[float, float]]]:
        """Buckets with their sizes, the oldest first."""
        for power in range(len(self._rows) - 1, -1, -1):
            for bucket in self._rows[power]:
                yield 1 << power, bucket

    def _add(self, size: int, total: float, spread: float) -> None:
        """Count a bucket into the window's sums."""
        if self.width:
            apart = self.mean - total / size
            spread += self.width * size * apart * apart / (self.width + size)
        self.width += size
        self._total += total
        self._variance += spread

    def _merge(self) -> None:
        power = 0
        while len(self._rows[power]) > FULL:
            (first, one), (second, other), *rest = self._rows[power]
            size = 1 << power
            self._rows[power] = rest
            if power + 1 == len(self._rows):
                self._rows.append([])
            apart = (first - second) / size
            self._rows[power + 1].append((first + second, one + other + size * apart * apart / 2))
            power += 1

    def _drop(self) -> None:
        """Forget the oldest bucket."""
        size = 1 << (len(self._rows) - 1)
        total, spread = self._rows[-1].pop(0)
        self.width -= size
        self._total -= total
        apart = total / size - self.mean
        self._variance = max(0.0, self._variance - spread - size * self.width * apart * apart / (size + self.width))
        while len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()

    def _older(self) -> Iterator[tuple[int, float]]:
        """Size and sum of every older part."""
        size, total = 0, 0.0
        for one, (sum_of, _) in self._buckets():
            size, total = size + one, total + sum_of
            yield size, total

    def _parted(self) -> bool:
        """Whether some older part has another mean than the rest: section 2 there, equation 3.1 with a variance."""
        looks = math.log(2 * math.log(self.width) / self._delta)
        variance = self._variance / self.width
        for size, total in self._older():
            rest = self.width - size
            if size < self._least or rest < self._least:
                continue
            parts = 1 / (size - self._least + 1) + 1 / (rest - self._least + 1)
            apart = abs(total / size - (self._total - total) / rest)
            if apart > math.sqrt(2 * parts * variance * looks) + 2 / 3 * parts * looks:
                return True
        return False
