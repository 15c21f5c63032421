"""Unions: one list from the lists that several ways to ask one thing have found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tamis.errors import InputError

RANK = 60.0  # as in reciprocal rank fusion


@runtime_checkable
class Union(Protocol):
    """Orders all documents of several lists, of which the first is that of the query itself.

    Lists hold ids, best first, none twice. The union holds each id once with a score, best first; equal scores go by
    id. Longer lists may add to a union's end, and change its beginning only as far as their order says.
    """

    def join(self, lists: Sequence[Sequence[str]]) -> list[tuple[str, float]]: ...


@dataclass(frozen=True, slots=True)
class Leading:
    """The first list leads: one place of so many goes to what the others found best.

    When to use: before a reranker, and where further lists may be worse than the first. The others' order is that of
    their reciprocal ranks. The score is ``1 / (60 + place)``.
    Relation to others: ``Fused`` moves whatever several lists have found up, for better or worse.

    Attributes:
        head: places at the beginning that are the first list's alone.
        every: one place of so many goes to the other lists after that.

    Raises:
        InputError: ``head`` below 0, or ``every`` below 1.

    >>> [name for name, _ in Leading(head=1, every=2).join(["abcd", "xay"])]
    ['a', 'b', 'x', 'c', 'y', 'd']
    """

    head: int = 0
    every: int = 3

    def __post_init__(self) -> None:
        """Refuse numbers that say no places."""
        if self.head < 0 or self.every < 1:
            raise InputError(f"Leading needs head >= 0 and every >= 1, got {self.head} and {self.every}")

    def join(self, lists: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
        """The first list with the others' documents between its own."""
        placed: dict[str, float] = {}
        first, others = iter(lists[0]), (name for name, _ in Fused(1.0).join([(), *lists[1:]]))

        def next_of(names: Iterator[str]) -> str | None:
            return next((name for name in names if name not in placed), None)

        while True:
            theirs = len(placed) >= self.head and (len(placed) - self.head) % self.every == self.every - 1
            ways = (others, first) if theirs else (first, others)
            name = next_of(ways[0])
            if name is None and (name := next_of(ways[1])) is None:
                return list(placed.items())
            placed[name] = 1.0 / (RANK + len(placed) + 1)


@dataclass(frozen=True, slots=True)
class Fused:
    """Reciprocal rank fusion in which the first list counts once, and every other list so much.

    When to use: lists of like quality, and nothing that reorders them afterwards.
    Relation to others: ``Leading`` keeps the first list's head.

    Attributes:
        others: weight of every list but the first, in [0, 1].

    Raises:
        InputError: ``others`` outside [0, 1].

    >>> [name for name, _ in Fused(0.5).join(["ab", "bc"])]
    ['b', 'a', 'c']
    """

    others: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a weight that is none."""
        if not 0 <= self.others <= 1:
            raise InputError(f"Fused needs others in [0, 1], got {self.others}")

    def join(self, lists: Sequence[Sequence[str]]) -> list[tuple[str, float]]:
        """All documents by their weighted reciprocal ranks."""
        scores: dict[str, float] = {}
        for at, names in enumerate(lists):
            weight = self.others if at else 1.0
            for rank, name in enumerate(names, 1):
                scores[name] = scores.get(name, 0.0) + weight / (RANK + rank)
        return sorted(scores.items(), key=lambda found: (-found[1], found[0]))
