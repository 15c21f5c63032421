"""Kinds of mistakes in a ranking, found by simple rules: what to look at first, not a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Floats, Ranking
from tamis.evaluate.evaluation import ordered
from tamis.text import segment

KINDS = ("twin", "lexical", "unlike", "truncated")
TOP = 10
NEAR = 5  # ranks below the first ten in which a relevant document was nearly found
FAR = 1.0  # standard deviations of a query's scores that a suspect stands above the best relevant document
COVERED = 0.8  # share of the query's words from which a document counts as full of them
TWINS = 0.8  # Jaccard similarity of two texts' words from which they count as nearly the same
NOISE = 1e-9  # differences below this are rounding
FEWEST = 4  # words that a text must have for the likeness of word sets to mean something

Words: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class Listed:
    """One query's list as a system ranked it, with its judgements.

    Attributes:
        query: its text.
        documents: in any order.
        relevant: which of them are, shape ``(documents,)``.
        ranks: where each stands, from 1.
        unread: tokens of each that were not read; 0 where nothing is said.
    """

    query: str
    documents: Sequence[Document]
    relevant: NDArray[np.bool_]
    ranks: NDArray[np.intp]
    unread: Floats

    @classmethod
    def of(cls, ranking: Ranking, grades: Mapping[str, int]) -> Self:
        """A ranking with its query's grades; in the order that measures see."""
        place = {doc: rank for rank, doc in enumerate(_order(ranking), 1)}
        documents = [candidate.doc for candidate in ranking]
        return cls(
            ranking.query.text,
            documents,
            np.array([grades.get(document.id, 0) > 0 for document in documents], dtype=np.bool_),
            np.array([place[document.id] for document in documents], dtype=np.intp),
            np.array([float(candidate.notes.get("truncated_tokens", 0)) for candidate in ranking]),
        )


@dataclass(frozen=True, slots=True)
class Mistake:
    """One document that stands where it should not.

    Attributes:
        kind: "lexical", an irrelevant document full of the query's words above a relevant one; "twin", an irrelevant
            document nearly the same as a relevant one, perhaps an unlabelled relevant one; "unlike", a relevant
            document below irrelevant ones that shares no word with the query; "truncated", a relevant document below
            irrelevant ones of which not everything was read.
        at: which list it stands in.
        document: the document's place in that list.
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


def mistakes(lists: Mapping[int, Listed]) -> list[Mistake]:
    """The mistakes of a system on some queries; a document may show several.

    Irrelevant documents among the first ten are looked at where a relevant one stands below them, and relevant ones
    where an irrelevant one of the first ten stands above them.

    Args:
        lists: by the number that the mistakes name.

    >>> from tamis.core import Candidate, Query
    >>> good = Candidate(Document("b", "wash the fine mesh gently with warm water"), 1.0)
    >>> ranking = Ranking(Query("tamis cleaning"), (Candidate(Document("a", "tamis cleaning brush"), 2.0), good))
    >>> [(one.kind, one.rank) for one in mistakes({0: Listed.of(ranking, {"b": 1})})]
    [('lexical', 1), ('unlike', 2)]
    """
    return [one for at, listed in lists.items() for one in _of_list(listed, at)]


def counted(found: Sequence[Mistake]) -> Mapping[str, int]:
    """How many queries show each kind of mistake."""
    return {kind: len({one.at for one in found if one.kind == kind}) for kind in KINDS}


def near_miss(listed: Listed, cut: int = TOP) -> int | None:
    """The rank of the best relevant document where it stands just below the cut (within five ranks); else None.

    >>> documents = [Document(str(rank), "text") for rank in range(1, 15)]
    >>> ranks = np.arange(1, 15)
    >>> near_miss(Listed("q", documents, ranks == 12, ranks, np.zeros(14)))
    12
    """
    if not listed.relevant.any():
        return None
    best = int(listed.ranks[listed.relevant].min())
    return best if cut < best <= cut + NEAR else None


def suspects(reranked: Ranking, first: Ranking, grades: Mapping[str, int]) -> list[str]:
    """Documents without a grade above 0 that may be relevant all the same: ids, best first.

    They stand above every relevant document of the list in both orders, the reranked and the first stage's, and the
    reranker's score is at least one standard deviation of the query's scores above the best relevant one's. Two orders
    that agree against the labels are worth a look, no more: both may read the same words.

    >>> from tamis.core import Candidate, Query
    >>> found = Ranking(Query("q"), tuple(Candidate(Document(name, name), 0.0) for name in "abcd"))
    >>> suspects(found.rescored("model", [9, 2, 1, 0]), found.rescored("bm25", [4, 3, 2, 1]), {"b": 1})
    ['a']
    """
    scores = {candidate.doc.id: candidate.score for candidate in reranked}
    known = [doc for doc in scores if grades.get(doc, 0) > 0]
    if not known or len(scores) < 3:
        return []
    limit = max(scores[doc] for doc in known) + FAR * float(np.std(list(scores.values())))
    above = set(_above_relevant(first, grades))
    return [doc for doc in _above_relevant(reranked, grades) if doc in above and scores[doc] >= limit]


@dataclass(frozen=True, slots=True)
class Moved:
    """A document that stands elsewhere after a change.

    Attributes:
        document: its id.
        relevant: whether it is.
        before: its rank before, from 1; None where it was not listed.
        after: its rank after.
    """

    document: str
    relevant: bool
    before: int | None
    after: int | None

    def as_json(self) -> dict[str, Any]:
        """The move as JSON values."""
        return {"document": self.document, "relevant": self.relevant, "before": self.before, "after": self.after}


def moved(before: Ranking, after: Ranking, grades: Mapping[str, int]) -> list[Moved]:
    """What moved into, out of or within the first ten, and every relevant document that moved; relevant ones first.

    >>> from tamis.core import Candidate, Query
    >>> found = Ranking(Query("q"), tuple(Candidate(Document(name, name), 0.0) for name in "ab"))
    >>> moved(found.rescored("bm25", [2, 1]), found.rescored("model", [1, 2]), {"a": 1})[0]
    Moved(document='a', relevant=True, before=1, after=2)
    """
    was, now = ({doc: rank for rank, doc in enumerate(_order(one), 1)} for one in (before, after))
    low = TOP + 1
    changed = [
        Moved(doc, grades.get(doc, 0) > 0, was.get(doc), now.get(doc))
        for doc in dict.fromkeys((*now, *was))
        if now.get(doc) != was.get(doc) and (grades.get(doc, 0) > 0 or min(now.get(doc, low), was.get(doc, low)) < low)
    ]
    return sorted(changed, key=lambda one: (not one.relevant, one.after or len(now) + 1))


def hurt(before: Floats, after: Floats, most: int) -> list[int]:
    """The places of the queries that lost most, worst first; those that lost nothing are left out.

    >>> hurt(np.array([1.0, 0.5, 0.2]), np.array([0.4, 0.5, 0.1]), 5)
    [0, 2]
    """
    loss = before - after
    return [at for at in np.argsort(-loss, kind="stable").tolist() if loss[at] > NOISE][:most]


def worst(values: Floats, most: int) -> list[int]:
    """The places of the worst queries, worst first; those that could not be better are left out.

    >>> worst(np.array([1.0, 0.0, 0.3]), 5)
    [1, 2]
    """
    return [at for at in np.argsort(values, kind="stable").tolist() if values[at] < 1 - NOISE][:most]


def _above_relevant(ranking: Ranking, grades: Mapping[str, int]) -> list[str]:
    order = _order(ranking)
    first = next((at for at, doc in enumerate(order) if grades.get(doc, 0) > 0), 0)
    return order[:first]


def _order(ranking: Ranking) -> list[str]:
    return ordered(ranking.query.id, {candidate.doc.id: candidate.score for candidate in ranking})


def _of_list(listed: Listed, at: int) -> list[Mistake]:
    relevant, ranks = listed.relevant, listed.ranks
    if not relevant.any():
        return []
    lowest = ranks[relevant].max()
    wrong = [int(i) for i in np.argsort(ranks)[:TOP] if not relevant[i] and ranks[i] < lowest]
    if not wrong:
        return []
    good = np.flatnonzero(relevant).tolist()
    words = {i: _cut(listed.documents[i].full_text) for i in {*wrong, *good}}
    asked = frozenset(segment(listed.query))
    too_low = [i for i in good if ranks[i] > ranks[wrong[0]]]
    kinds = [
        *((i, *_why_high(i, good, words, asked)) for i in wrong),
        *((i, *why) for i in too_low for why in _why_low(asked & words[i], listed.unread[i])),
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
