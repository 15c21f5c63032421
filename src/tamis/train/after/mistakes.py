"""Kinds of mistakes in a ranking, found by simple rules: what to look at first, not a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from tamis.text import segment
from tamis.train.after.ranked import Ranked

KINDS = ("twin", "lexical", "unlike", "truncated")
TOP = 10
COVERED = 0.8  # share of the query's words from which a document counts as full of them
TWINS = 0.8  # Jaccard similarity of two texts' words from which they count as nearly the same
FEWEST = 4  # words that a text must have for the likeness of word sets to mean something

Words: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One document that stands where it should not.

    Attributes:
        kind: "lexical", an irrelevant document full of the query's words above a relevant one; "twin", an irrelevant
            document nearly the same as a relevant one, perhaps an unlabelled relevant one; "unlike", a relevant
            document below irrelevant ones that shares no word with the query; "truncated", a relevant document below
            irrelevant ones of which not everything was read.
        at: the query's place in the dev data.
        document: the document's place in the query's list.
        rank: where it stands, from 1.
        value: share of the query's words, likeness, 0, or tokens not read.
        other: for a twin, the place of the relevant document it is like; else -1.
    """

    kind: str
    at: int
    document: int
    rank: int
    value: float
    other: int = -1

    def as_json(self) -> dict[str, Any]:
        """The mistake as JSON values."""
        return {"kind": self.kind, "rank": self.rank, "value": self.value}


def mistakes(ranked: Ranked, queries: Sequence[int]) -> list[Mistake]:
    """The mistakes of a system on some queries; a document may show several.

    Irrelevant documents among the first ten are looked at where a relevant one stands below them, and relevant ones
    where an irrelevant one of the first ten stands above them.

    Args:
        ranked: the system's scores.
        queries: places of the queries in the dev data.

    >>> from tamis import load_scorer
    >>> from tamis.data import Example
    >>> from tamis.train.after.ranked import DevSet
    >>> texts = ("tamis cleaning brush sold here", "wash the fine mesh gently with warm water")
    >>> dev = DevSet.of([Example("tamis cleaning", texts, (0.0, 1.0))])
    >>> found = mistakes(dev.ranked("after", load_scorer("tamis-mini")), [0])
    >>> [(one.kind, one.rank) for one in found]
    [('lexical', 1), ('unlike', 2)]
    """
    return [one for at in queries for one in _of_query(ranked, at)]


def counted(found: Sequence[Mistake]) -> Mapping[str, int]:
    """How many queries show each kind of mistake."""
    return {kind: len({one.at for one in found if one.kind == kind}) for kind in KINDS}


def _of_query(ranked: Ranked, at: int) -> list[Mistake]:
    relevant, ranks = ranked.dev.relevant(at), ranked.ranks(at)
    if not relevant.any():
        return []
    lowest = ranks[relevant].max()
    wrong = [int(i) for i in ranked.order(at)[:TOP] if not relevant[i] and ranks[i] < lowest]
    if not wrong:
        return []
    good = np.flatnonzero(relevant).tolist()
    documents = ranked.dev.queries[at].documents
    words = {i: _cut(documents[i].full_text) for i in {*wrong, *good}}
    asked = frozenset(segment(ranked.dev.queries[at].query.text))
    too_low = [i for i in good if ranks[i] > ranks[wrong[0]]]
    kinds = [
        *((i, *_why_high(i, good, words, asked)) for i in wrong),
        *((i, *why) for i in too_low for why in _why_low(asked & words[i], ranked.truncated(at)[i])),
    ]
    return [Mistake(kind, at, i, int(ranks[i]), value, other) for i, kind, value, other in kinds if kind]


def _why_high(at: int, good: Sequence[int], words: Mapping[int, Words], asked: Words) -> tuple[str, float, int]:
    """What an irrelevant document's text says about why it stands high; an empty kind where it says nothing."""
    likeness, twin = max((_likeness(words[at], words[i]), i) for i in good)
    if likeness >= TWINS:
        return "twin", likeness, twin
    share = len(asked & words[at]) / len(asked) if asked else 0.0
    return ("lexical", share, -1) if share >= COVERED else ("", 0.0, -1)


def _why_low(shared: Words, unread: float) -> list[tuple[str, float, int]]:
    found = [] if shared else [("unlike", 0.0, -1)]
    return [*found, ("truncated", float(unread), -1)] if unread > 0 else found


@lru_cache(maxsize=1 << 12)  # a document stands in many lists
def _cut(text: str) -> Words:
    return frozenset(segment(text))


def _likeness(one: Words, other: Words) -> float:
    if min(len(one), len(other)) < FEWEST:
        return 0.0
    return len(one & other) / len(one | other)
