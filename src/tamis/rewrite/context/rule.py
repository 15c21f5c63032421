"""Rules that weigh what may be meant: one reason a row, with a whole or half number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Place]):
    """One thing that speaks for or against something in its place.

    Attributes:
        name: what it is, for people.
        weight: how much it speaks for it, or below 0 against it.
        holds: how far it holds, mostly 0 or 1.
    """

    name: str
    weight: float
    holds: Callable[[Place], float]


def weighed(rules: Iterable[Rule[Place]], place: Place) -> float:
    """What all rules say together.

    >>> weighed([Rule("long", 2.0, lambda text: len(text) > 3), Rule("each letter", 0.5, len)], "tamis")
    4.5
    """
    return sum(rule.weight * rule.holds(place) for rule in rules)
