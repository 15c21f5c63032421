"""When a look raises an alarm."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class LookOptions:
    """How looks are taken, and what they alarm at: a change must be both no chance and large enough to matter.

    Attributes:
        window: fewest decisions that a look needs; each look takes decisions that none took before.
        reference: decisions from which a baseline is taken.
        level: share of looks that may alarm although nothing changed, over all measures and segments together.
        distance: least distance of two distributions, cumulated, that is alarmed at, in [0, 1].
        share: least difference of two shares of queries.
        fall: least fall of the expected precision.
        segment: fewest decisions of a segment, in the look and in the baseline, for it to be looked at alone.
        rounds: permutations of whole queries.
        seed: of the permutations.

    Raises:
        InputError: a number that cannot be.

    >>> LookOptions().false_alarms(looks=20)
    0.1
    """

    window: int = 200
    reference: int = 1000
    level: float = 0.005
    distance: float = 0.1
    share: float = 0.05
    fall: float = 0.02
    segment: int = 100
    rounds: int = 1999
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if min(self.window, self.reference, self.segment, self.rounds) < 1 or not 0 < self.level < 1:
            raise InputError(
                "looks: expected window, reference, segment and rounds of at least 1 and a level in (0, 1), got "
                f"{self.window}, {self.reference}, {self.segment}, {self.rounds} and {self.level}"
            )
        if min(self.distance, self.share, self.fall) < 0 or max(self.distance, self.share, self.fall) > 1:
            raise InputError(
                "looks: expected the least distance, share and fall that matter in [0, 1], got "
                f"{self.distance}, {self.share} and {self.fall}"
            )

    def false_alarms(self, looks: int) -> float:
        """How many of so many looks alarm on average although nothing changed, at most."""
        return looks * self.level
