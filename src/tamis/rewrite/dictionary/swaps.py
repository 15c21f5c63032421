"""What a dictionary's entries put in the place of what: made once, looked up in every query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from tamis.rewrite.base import Kind
from tamis.rewrite.dictionary.entries import Entry
from tamis.rewrite.dictionary.spans import Phrases, Reading
from tamis.rewrite.dictionary.words import ENGLISH_WORDS
from tamis.text.scripts import han
from tamis.text.words import aligned

ORDER: dict[Kind, int] = {"abbreviation": 0, "term": 1, "synonym": 2}  # of alternatives, the most useful first
WHY: dict[Kind, str] = {
    "entity": "the dictionary says what it stands for here",
    "abbreviation": "the dictionary spells it out",
    "term": "the dictionary has it as the standard term",
    "synonym": "the dictionary has it as another word for the same",
}
SHORTENED = "the dictionary has it as the usual abbreviation"


@dataclass(frozen=True, slots=True)
class Swap:
    """One thing that may be put in the place of another.

    Attributes:
        kind: the entry's kind.
        before: what may stand in a query, as the dictionary writes it.
        after: what may take its place.
        context: words of which one must stand in the query; none where it always holds.
        why: one sentence for the person who looks at it.
    """

    kind: Kind
    before: str
    after: str
    context: tuple[str, ...]
    why: str

    @property
    def goal(self) -> str:
        """What takes its place, as matching sees it."""
        return aligned(self.after)

    @property
    def capitals(self) -> bool:
        """Whether it is matched as it is written only, because in small letters it is another word."""
        return self.before.isupper() and self.before.lower() in ENGLISH_WORDS

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Where it stands among alternatives, the most useful first: what is spelt out, and longer phrases."""
        return self.why == SHORTENED, ORDER[self.kind], -len(self.before)

    @property
    def foreign(self) -> bool:
        """Whether it puts several words of another language into Chinese."""
        return " " in self.after and not han.search(self.after)

    def holds(self, reading: Reading, written: str) -> bool:
        """Whether it may be applied in a text, where ``written`` stands."""
        if self.capitals and (written != self.before or reading.shouted):
            return False
        if self.context and not any(reading.stands(aligned(word)) for word in self.context):
            return False
        return not reading.stands(self.goal)


@dataclass(frozen=True, slots=True)
class Table:
    """Swaps by what they replace, and phrases that are not touched.

    Attributes:
        swaps: those with words of context first.
        kept: phrases that stay as they are where no swap holds.
        phrases: all of them, to be looked for.
    """

    swaps: Mapping[str, Sequence[Swap]]
    kept: frozenset[str]
    phrases: Phrases

    @classmethod
    def of(cls, swaps: Sequence[Swap], kept: frozenset[str]) -> Self:
        """The table of swaps and of phrases to keep."""
        table: dict[str, list[Swap]] = {}
        for swap in sorted(swaps, key=lambda swap: not swap.context):
            table.setdefault(aligned(swap.before), []).append(swap)
        return cls(table, kept, Phrases.of(table.keys() | kept))

    def found(
        self, reading: Reading, holding: Callable[[str, str], Sequence[Swap]]
    ) -> Iterator[tuple[int, int, Sequence[Swap]]]:
        """Where swaps hold, from left to right, the longest first, none over another."""
        free = 0
        for start, end in reading.spans(self.phrases):
            phrase = reading.aligned[start:end]
            if start < free:
                continue
            if swaps := holding(phrase, reading.text[start:end]):
                yield start, end, swaps
            if swaps or phrase in self.kept:
                free = end

    def onward(self, swap: Swap) -> Swap | None:
        """What always takes the place of what a swap puts in."""
        ways = (way for way in self.swaps.get(swap.goal, ()) if not way.context)
        return next((way for way in ways if not way.capitals or swap.after == way.before), None)


def one_way(entries: Sequence[Entry]) -> Table:
    """What entries always do; what they put in is left as it is, unless it is to be replaced itself."""
    ways = [entry for entry in entries if entry.one_way]
    swaps = [_swap(entry) for entry in ways]
    kept = {entry.key for entry in entries if entry.kind == "protect"}
    return Table.of(swaps, frozenset(kept | {entry.goal for entry in ways}))


def any_way(entries: Sequence[Entry]) -> Table:
    """What entries may do for an alternative."""
    swaps = []
    for entry in entries:
        if entry.kind in ORDER:
            swaps.append(_swap(entry))
        if entry.kind == "synonym" or (
            entry.kind == "abbreviation" and not entry.context and not han.search(entry.source)
        ):
            why = SHORTENED if entry.kind == "abbreviation" else WHY["synonym"]
            swaps.append(Swap(entry.kind, entry.target, entry.source, entry.context, why))
    kept = {entry.key for entry in entries if entry.kind == "protect"}
    return Table.of(swaps, frozenset(kept | {entry.goal for entry in entries if entry.kind == "entity"}))


def _swap(entry: Entry) -> Swap:
    kind: Kind = entry.kind if entry.kind != "protect" else "term"
    return Swap(kind, entry.source, entry.target, entry.context, WHY[kind])
