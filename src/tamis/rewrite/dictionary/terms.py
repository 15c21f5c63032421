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

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import chain, pairwise
from typing import Self, TypeAlias

from tamis.data.artefacts import digest
from tamis.data.open import Source
from tamis.rewrite.base import Change
from tamis.rewrite.dictionary.entries import Entry, circle_in, clash, read_entries
from tamis.rewrite.dictionary.spans import Reading
from tamis.rewrite.dictionary.swaps import Swap, Table, any_way, one_way
from tamis.text.scripts import han
from tamis.text.words import between

Changed: TypeAlias = tuple[str, tuple[Change, ...]]

STARTER = ("zh.tsv", "en.tsv")  # in the folder starter/
ROUNDS = 4  # after which entries that feed one another are given up


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
    _one_way: Table = field(init=False, repr=False, compare=False)
    _any_way: Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_one_way", one_way(self.entries))
        object.__setattr__(self, "_any_way", any_way(self.entries))

    @classmethod
    def read(cls, *sources: Source) -> Self:
        """The dictionary of one or more TSV files; where two say different things, the later wins.

        Raises:
            DataError: a file cannot be read or a row is wrong: see ``tamis.rewrite.dictionary.entries.read_entries``.
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

    def glossary(self) -> str:
        r"""What its words stand for, one entry a line, as a language model is told.

        >>> import io
        >>> Terms.read(io.StringIO("abbreviation\tk8s\tKubernetes")).glossary()
        'k8s: Kubernetes\n'
        """
        return "".join(f"{entry.source}: {entry.target}\n" for entry in self.entries if entry.target)

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

        Of one kind, the longer phrase comes first. A Chinese short form is not put in the place of its full one: that
        takes words away and brings none.

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
        for swap in sorted(places, key=lambda swap: (chinese and swap.foreign, *swap.rank)):
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
        last, passed = first, {phrase}
        while last and last.goal not in passed and (on := self._one_way.onward(last)):
            passed.add(last.goal)
            last = on
        if first is None or last is None or reading.stands(last.goal):
            return None
        return Swap(first.kind, first.before, last.after, first.context, first.why)


def _replaces(new: Entry, old: Entry) -> bool:
    """Whether a later entry takes an earlier one's place."""
    plain = not new.context and "synonym" not in (new.kind, old.kind) and new.key == old.key
    return plain or clash(new, old)


def _put(text: str, puts: Sequence[tuple[int, int, str]]) -> str:
    """The text with other words in places that follow one another; Latin words that come to meet are kept apart."""
    parts, at = [], 0
    for start, end, after in puts:
        parts += [text[at:start], after]
        at = end
    parts = [part for part in (*parts, text[at:]) if part]
    return "".join(chain.from_iterable((between(*pair), pair[1]) for pair in pairwise(["", *parts])))


@cache
def _starter() -> Terms:
    folder = files("tamis.rewrite.dictionary") / "starter"
    terms = Terms()
    for name in STARTER:
        with (folder / name).open("rb") as stream:
            terms = terms + Terms(read_entries(stream))
    return terms
