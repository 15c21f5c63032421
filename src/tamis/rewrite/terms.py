"""Dictionaries of terms: what users' words stand for, and what else documents may call it.

A dictionary is a TSV file in UTF-8, one entry a line, its cells separated by tabs; blank lines and lines that begin
with ``#`` are skipped, and a header line is allowed::

    kind           from   to                context
    entity         报销   员工差旅发票报销
    abbreviation   k8s    Kubernetes
    abbreviation   PR     pull request      git|merge|code
    term           拉肚子  腹泻
    synonym        退款   返款
    protect        云上报销

``entity`` completes a short form to what it means here, ``abbreviation`` spells out, ``term`` gives the standard word
for a colloquial, old or misspelt one: each puts ``to`` in the place of ``from``, and never back. Of ``synonym`` either
word may stand for the other. ``protect`` is never touched. With ``context`` an entry holds only where one of these
words (``|`` between them) stands in the query, too.

What stands in a query is matched without regard to case, width or traditional characters, as whole words: Chinese by
the borders of the dictionary's words, so that 高数 is not found in 最高数值. The longest entry wins. An entry in
capitals that is also an English word, such as ``IT`` or ``US``, is matched in capitals only. Nothing is put where it
stands already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self, TypeAlias

from tamis.data.artefacts import digest
from tamis.data.open import Source
from tamis.rewrite.base import Change, Kind
from tamis.rewrite.entries import Entry, circle_in, clash, read_entries
from tamis.rewrite.spans import Phrases, Reading
from tamis.rewrite.words import ENGLISH_WORDS
from tamis.text.scripts import han
from tamis.text.words import aligned

Changed: TypeAlias = tuple[str, tuple[Change, ...]]

STARTER = ("zh.tsv", "en.tsv")  # in the folder starter/
ROUNDS = 4  # after which entries that feed one another are given up
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
class _Table:
    """Swaps by what they replace, and phrases that are not touched."""

    swaps: Mapping[str, Sequence[Swap]]
    kept: frozenset[str]
    phrases: Phrases

    @classmethod
    def of(cls, swaps: Sequence[Swap], kept: frozenset[str]) -> Self:
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


@dataclass(frozen=True, slots=True)
class Terms:
    r"""A dictionary of terms.

    Attributes:
        entries: its rows.

    >>> import io
    >>> terms = Terms.read(io.StringIO("entity\t报销\t员工差旅发票报销\nabbreviation\tk8s\tKubernetes\n"))
    >>> terms.standardised("报销要多久")[0]
    '员工差旅发票报销要多久'
    >>> [text for text, _ in terms.alternatives("Kubernetes 怎么部署")]
    ['k8s 怎么部署']
    """

    entries: tuple[Entry, ...] = ()
    _one_way: _Table = field(init=False, repr=False, compare=False)
    _any_way: _Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_one_way", _one_way(self.entries))
        object.__setattr__(self, "_any_way", _any_way(self.entries))

    @classmethod
    def read(cls, *sources: Source) -> Self:
        """The dictionary of one or more TSV files; where two say different things, the later wins.

        Raises:
            DataError: a file cannot be read or a row is wrong: see ``tamis.rewrite.entries.read_entries``.
        """
        terms = cls()
        for source in sources:
            terms = terms + cls(read_entries(source))
        return terms

    @classmethod
    def starter(cls) -> Terms:
        """The small Chinese and English dictionary that ships: common abbreviations, lay words, synonyms."""
        return _starter()

    def __add__(self, other: Terms) -> Self:
        """Both dictionaries as one; where they say different things, or lead in a circle, ``other`` wins."""
        later: dict[str, list[Entry]] = {}
        for entry in other.entries:
            for key in {entry.key, entry.goal} if entry.kind == "synonym" else {entry.key}:
                later.setdefault(key, []).append(entry)
        kept = [entry for entry in self.entries if not any(_replaces(new, entry) for new in later.get(entry.key, ()))]
        while circle := circle_in((*kept, *other.entries)):
            old = next((entry for entry in circle if entry in kept), None)
            if old is None:  # a circle of the other's own, which reading would have refused
                break
            kept.remove(old)
        return type(self)((*kept, *other.entries))

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def fingerprint(self) -> str:
        """What exactly the dictionary says, 16 hex digits."""
        return digest([entry.as_row() for entry in self.entries])[:16]

    def standardised(self, text: str) -> Changed:
        """The text with entities completed, abbreviations spelt out and terms made standard, and what was changed.

        The text comes back as it is, with no changes, where nothing applies. To do it again changes nothing.

        >>> Terms().standardised("k8s 怎么部署")
        ('k8s 怎么部署', ())
        """
        current, changes = text, tuple[Change, ...]()
        for _ in range(ROUNDS):
            current, made = self._swapped(current)
            if not made:
                return current, changes
            if any(change.before not in text for change in made):
                break
            changes += made
        return text, ()  # entries that feed one another: the user's words are better than what they would make

    def alternatives(self, text: str) -> list[Changed]:
        """Other texts that say the same, one change each: abbreviations spelt out, terms, synonyms, acronyms put in.

        A Chinese short form is not put in the place of its full one: that takes words away and brings none.

        None is the text itself, and no two are alike. A text without Chinese characters gets none put in.

        >>> [text for text, _ in Terms.starter().alternatives("小孩拉肚子怎么办")][0]
        '小孩腹泻怎么办'
        """
        reading = Reading.of(text)
        places: dict[Swap, list[tuple[int, int]]] = {}

        chinese = bool(han.search(text))

        def holding(phrase: str, written: str) -> list[Swap]:
            swaps = (swap for swap in self._any_way.swaps.get(phrase, ()) if swap.holds(reading, written))
            return [swap for swap in swaps if chinese or not han.search(swap.after)]

        for start, end, swaps in self._any_way.found(reading, holding):
            for swap in swaps:
                places.setdefault(swap, []).append((start, end))
        found: dict[str, Changed] = {}
        for swap in sorted(
            places, key=lambda swap: (chinese and swap.foreign, swap.why == SHORTENED, ORDER[swap.kind])
        ):
            new = _put(text, [(start, end, swap.after) for start, end in places[swap]])
            start, end = places[swap][0]
            if new != text:
                found.setdefault(new, (new, (Change(swap.kind, text[start:end], swap.after, swap.why),)))
        return list(found.values())

    def _swapped(self, text: str) -> Changed:
        """One pass of the one-way entries: each target is put in once, entities at their first place only."""
        reading = Reading.of(text)
        taken: dict[str, str] = {}  # what was put in, and for which phrase

        def holding(phrase: str, written: str) -> list[Swap]:
            swap = self._last(phrase, reading, written)
            if swap is None or not (swap.goal not in taken or (taken[swap.goal] == phrase and swap.kind != "entity")):
                return []
            taken[swap.goal] = phrase
            return [swap]

        puts: list[tuple[int, int, str]] = []
        changes: dict[str, Change] = {}
        for start, end, (swap,) in self._one_way.found(reading, holding):
            puts.append((start, end, swap.after))
            changes.setdefault(swap.goal, Change(swap.kind, text[start:end], swap.after, swap.why))
        return _put(text, puts), tuple(changes.values())

    def _last(self, phrase: str, reading: Reading, written: str) -> Swap | None:
        """The swap that holds for a phrase, led on to where its target leads."""
        first = next((swap for swap in self._one_way.swaps.get(phrase, ()) if swap.holds(reading, written)), None)
        last = first
        while last and (on := next((s for s in self._one_way.swaps.get(last.goal, ()) if not s.context), None)):
            last = on
        if first is None or last is None or reading.stands(last.goal):
            return None
        return Swap(first.kind, first.before, last.after, first.context, first.why)


def _replaces(new: Entry, old: Entry) -> bool:
    """Whether a later entry takes an earlier one's place."""
    plain = not new.context and "synonym" not in (new.kind, old.kind) and new.key == old.key
    return plain or clash(new, old)


def _one_way(entries: Sequence[Entry]) -> _Table:
    """What entries always do; what they put in is left as it is, unless it is to be replaced itself."""
    ways = [entry for entry in entries if entry.one_way]
    swaps = [_swap(entry) for entry in ways]
    kept = {entry.key for entry in entries if entry.kind == "protect"}
    return _Table.of(swaps, frozenset(kept | {entry.goal for entry in ways}))


def _any_way(entries: Sequence[Entry]) -> _Table:
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
    return _Table.of(swaps, frozenset(kept | {entry.goal for entry in entries if entry.kind == "entity"}))


def _swap(entry: Entry) -> Swap:
    kind: Kind = entry.kind if entry.kind != "protect" else "term"
    return Swap(kind, entry.source, entry.target, entry.context, WHY[kind])


def _put(text: str, puts: Sequence[tuple[int, int, str]]) -> str:
    """The text with other words in places that follow one another."""
    parts, at = [], 0
    for start, end, after in puts:
        parts += [text[at:start], after]
        at = end
    return "".join([*parts, text[at:]])


@cache
def _starter() -> Terms:
    folder = files("tamis.rewrite") / "starter"
    terms = Terms()
    for name in STARTER:
        with (folder / name).open("rb") as stream:
            terms = terms + Terms(read_entries(stream))
    return terms
