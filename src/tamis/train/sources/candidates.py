"""Where negatives are looked for: anywhere in the corpus, or in a window of ranks of a search."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tamis.core import Document, Query, Retriever
from tamis.data import Example
from tamis.errors import InputError


class Candidates(Protocol):
    """Documents that may be negatives."""

    def propose(self, queries: Sequence[Query]) -> list[Sequence[Document]]:
        """One list a query, in the order in which its documents are to be tried."""


@dataclass(frozen=True, slots=True)
class Random:
    """Documents drawn from the corpus, every one equally likely, none twice for a query: easy negatives.

    Attributes:
        documents: the corpus.
        most: documents that are drawn for a query; more than are wanted, since some will be left out.
        seed: another seed, other documents. What a query draws does not depend on the other queries.

    >>> corpus = [Document(str(number), f"text {number}") for number in range(9)]
    >>> [[doc.id for doc in drawn] for drawn in Random(corpus, most=3).propose([Query("a"), Query("b")])]
    [['8', '1', '3'], ['5', '2', '8']]
    """

    documents: Sequence[Document]
    most: int = 64
    seed: int = 0

    def propose(self, queries: Sequence[Query]) -> list[Sequence[Document]]:
        """One list of at most ``most`` documents a query."""
        size = min(self.most, len(self.documents))
        drawn = (dice(self.seed, query).choice(len(self.documents), size, replace=False) for query in queries)
        return [[self.documents[at] for at in places.tolist()] for places in drawn]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a search ranks from ``first`` to ``last``: hard negatives.

    The highest ranks are mostly left out: that is where relevant documents stand that nobody has judged (Qu et al.,
    RocketQA, 2021: 70 % of the best-ranked unjudged passages of MS MARCO were relevant).

    Attributes:
        retriever: searches; ``index.retriever("bm25")`` for one.
        first, last: ranks that are tried, counted from 1, both included; known positives hold ranks too.
        seed: the order in which they are tried, drawn for each query; None is that of the ranks, the hardest first.

    Raises:
        InputError: ranks that are no window.

    >>> from tamis.recall import Index
    >>> index = Index.build(["a drum", "a drum sieve", "rain on a drum roof"], encoder=None)
    >>> [[doc.text for doc in found] for found in Ranked(index.retriever("bm25"), 2, 3).propose([Query("drum sieve")])]
    [['a drum', 'rain on a drum roof']]
    """

    retriever: Retriever
    first: int = 10
    last: int = 100
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last:
            raise InputError(f"ranks must run from 1 or more to no less, such as 10-100, got {self.first}-{self.last}")

    def propose(self, queries: Sequence[Query]) -> list[Sequence[Document]]:
        """The documents of the window, one list a query; short or empty where the search finds fewer."""
        found = self.retriever.search(queries, self.last)
        windows = [[item.doc for item in ranking[self.first - 1 :]] for ranking in found]
        if self.seed is None:
            return list(windows)
        return [
            [window[at] for at in dice(self.seed, query).permutation(len(window)).tolist()]
            for query, window in zip(queries, windows, strict=True)
        ]


def dice(seed: int, query: Query) -> np.random.Generator:
    """Chance for one query, the same in every process and whatever the other queries are."""
    said = hashlib.sha256(f"{query.text}\n{query.instruction}".encode("utf-8", "replace")).digest()
    return np.random.default_rng([seed, int.from_bytes(said[:8], "big")])


def corpus_of(examples: Iterable[Example]) -> list[Document]:
    """The different documents of examples, in the order of their first mention, named by their position.

    >>> [doc.text for doc in corpus_of([Example("p", ("a", "b")), Example("q", ("b", "c"))])]
    ['a', 'b', 'c']
    """
    texts = dict.fromkeys(text for example in examples for text in example.documents if text.strip())
    return [Document(str(at), text) for at, text in enumerate(texts)]
