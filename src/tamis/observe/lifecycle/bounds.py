"""How far, how often and on how much evidence a threshold may be proposed to move."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a machine's proposal keeps to; people may move a threshold anywhere.

    Attributes:
        step: most that one proposal may move the threshold, on the scale of the scores.
        floor, ceiling: least and largest threshold that is ever proposed, on the same scale.
        sessions: least number of sessions that a proposal may rest on.
        cooldown: seconds after any move or proposal in which none is made.
        level: chance that a proposal is ever made though nothing is wrong, over all looks together.

    Raises:
        InputError: a bound that allows nothing.

    >>> Bounds(step=0.05, floor=0.1, ceiling=0.9).kept(0.7, 0.95), Bounds().kept(2.0, 2.4)
    (0.75, 2.4)
    """

    step: float = 1.0
    floor: float = -math.inf
    ceiling: float = math.inf
    sessions: int = 200
    cooldown: float = 86_400.0
    level: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what allows nothing."""
        if not self.step > 0 or self.cooldown < 0 or self.sessions < 1 or not 0 < self.level < 1:
            raise InputError(
                "bounds: expected a step above 0, a cooldown of at least 0 seconds, at least 1 session and a level "
                f"between 0 and 1, got {self.step}, {self.cooldown}, {self.sessions} and {self.level}"
            )
        if not self.floor < self.ceiling:
            raise InputError(f"bounds: the floor {self.floor} must lie below the ceiling {self.ceiling}")

    def kept(self, now: float, wanted: float) -> float:
        """The threshold nearest to a wanted one that these bounds allow from where it is now."""
        near = min(max(wanted, now - self.step), now + self.step)
        return min(max(near, self.floor), self.ceiling)

    def spent(self, look: int) -> float:
        """The level of the n-th look, from 1; over any number of looks they add up to no more than ``level``.

        >>> round(sum(Bounds().spent(look) for look in range(1, 10_000)), 4)
        0.05
        """
        return self.level / (look * (look + 1))


USUAL = Bounds()
