"""What a threshold can be for, by name: a row each, with the numbers that people are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tamis.decide import Cost, FBeta, Fixed, MissRateAtMost, Percentile, PrecisionAtLeast, RecallAtLeast, Target
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Goal:
    """A kind of target.

    Attributes:
        name: what it is called in commands and forms.
        numbers: the numbers it takes, by name, and what people start from.
        made: the target of such numbers, in their order.
        promises: whether its threshold can be certified.
    """

    name: str
    numbers: Mapping[str, float]
    made: Callable[..., Target]
    promises: bool = False


_ROWS = (
    Goal("precision", {"share": 0.95, "confidence": 0.95}, PrecisionAtLeast, promises=True),
    Goal("recall", {"share": 0.9, "confidence": 0.95}, RecallAtLeast, promises=True),
    Goal("miss-rate", {"share": 0.1, "confidence": 0.95}, MissRateAtMost, promises=True),
    Goal("f-beta", {"beta": 1.0}, FBeta),
    Goal("cost", {"wrong": 0.5, "missed": 0.2}, Cost),
    Goal("percentile", {"percent": 70.0}, Percentile),
    Goal("by-hand", {"threshold": 0.7}, Fixed),
)
GOALS: Mapping[str, Goal] = MappingProxyType({row.name: row for row in _ROWS})


def goal(name: str, numbers: Mapping[str, float | None]) -> Target:
    """The target of a kind and its numbers; others than it takes are passed over.

    Raises:
        InputError: no kind has this name, a number is missing, or one is out of range.

    >>> goal("precision", {"share": 0.9, "confidence": 0.95, "beta": 2})
    PrecisionAtLeast(least=0.9, confidence=0.95)
    >>> goal("cost", {"wrong": 1})
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: the target 'cost' takes a number for missed: got none
    """
    if name not in GOALS:
        raise InputError(f"no target is named {name!r:.40}: known are {', '.join(GOALS)}")
    wanted = GOALS[name]
    given = []
    for field in wanted.numbers:
        if (value := numbers.get(field)) is None:
            raise InputError(f"the target {name!r} takes a number for {field}: got none")
        given.append(float(value))
    return wanted.made(*given)
