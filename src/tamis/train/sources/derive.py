"""Pairs from documents without labels: what makes them, what it says it left out, and the round trip that filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tamis.core import Document, Progress, Query
from tamis.data import query_key
from tamis.errors import InputError
from tamis.recall import Index, Mode
from tamis.train.sources.rows import Derived
from tamis.train.sources.units import units

BATCH = 256  # queries searched together


@dataclass(frozen=True, slots=True)
class Derivation:
    """Pairs, and how many queries were left out for which reason."""

    pairs: list[Derived]
    removed: Mapping[str, int]


class Derives(Protocol):
    """Makes queries from documents that answer them."""

    def derive(self, documents: Sequence[Document], progress: Progress | None = None) -> Derivation:
        """Pairs in the order of the documents; progress is called with (documents done, documents in all)."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long queries and documents must be, in words and Chinese characters.

    >>> Lengths().why_not(Derived("why?", "because " * 20, "1", "title"))
    'query too short'
    """

    least_query: int = 2
    most_query: int = 40
    least_body: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.least_query <= self.most_query or self.least_body < 1:
            raise InputError(
                "lengths must be at least 1, and the longest query no shorter than the shortest, got "
                f"{self.least_query}, {self.most_query}, {self.least_body}"
            )

    def why_not(self, pair: Derived) -> str:
        """The reason a pair is left out for its lengths; empty where there is none."""
        query = len(units(pair.query))
        if query < self.least_query:
            return "query too short"
        if query > self.most_query:
            return "query too long"
        return "document too short" if len(units(pair.document)) < self.least_body else ""


def boilerplate(pairs: Iterable[Derived], repeats: int) -> frozenset[str]:
    """Queries (their ``query_key``) that more than ``repeats`` documents give: "FAQ", "简介", "What does it add?".

    >>> pairs = [Derived("FAQ", f"text {at}", str(at), "title") for at in range(3)]
    >>> sorted(boilerplate(pairs, 2)), sorted(boilerplate(pairs, 3))
    (['faq'], [])
    """
    given: dict[str, set[str]] = {}
    for pair in pairs:
        given.setdefault(query_key(pair.query), set()).add(pair.source)
    return frozenset(key for key, sources in given.items() if len(sources) > repeats)


def distinct(derivations: Iterable[Derivation]) -> Derivation:
    """All pairs of several derivations, each query and document once.

    >>> one = Derived("q", "text", "1", "title")
    >>> distinct([Derivation([one], {"query too long": 1}), Derivation([one], {})]).removed
    {'query too long': 1, 'said before': 1}
    """
    removed: Counter[str] = Counter()
    found: dict[tuple[str, str], Derived] = {}
    for derivation in derivations:
        removed.update(derivation.removed)
        for pair in derivation.pairs:
            key = query_key(pair.query), pair.document
            removed["said before"] += key in found
            found.setdefault(key, pair)
    return Derivation(list(found.values()), {why: count for why, count in removed.items() if count})


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Keeps a pair whose document a search by its query finds: consistent, and not too vague to be worth learning.

    What is searched are the pairs' own documents, without the titles that were made queries, and the other documents
    of the corpus.

    Source: round-trip filtering of Alberti et al. (2019), on search as in Dai et al., Promptagator (2022), section 3.2,
    who keep what a retriever trained on the pairs ranks first; BM25 is trained on nothing and keeps more.

    Attributes:
        top: ranks among which the document must be.
        mode: how is searched.
        encoder: what makes vectors for dense and hybrid search.
    """

    top: int = 10
    mode: Mode = "bm25"
    encoder: str = "e5-small"

    def kept(
        self, pairs: Sequence[Derived], documents: Sequence[Document], progress: Progress | None = None
    ) -> list[Derived]:
        """The pairs that pass, in order; progress is called with (pairs done, pairs in all).

        >>> documents = [Document("1", "A tamis sifts flour."), Document("2", "Rain fell.")]
        >>> pairs = [Derived("what sifts", "A tamis sifts flour.", "1", "x"), Derived("drums", "Rain fell.", "2", "x")]
        >>> [pair.query for pair in RoundTrip(top=1).kept(pairs, documents)]
        ['what sifts']
        """
        if not pairs:
            return []
        made = dict.fromkeys(pair.document for pair in pairs)
        sources = {pair.source for pair in pairs}
        rest = dict.fromkeys(doc.full_text for doc in documents if doc.id not in sources)
        names = {text: str(at) for at, text in enumerate({**made, **rest}) if text.strip()}
        encoder = None if self.mode == "bm25" else self.encoder
        index = Index.build([Document(name, text) for text, name in names.items()], encoder=encoder)
        kept: list[Derived] = []
        for start in range(0, len(pairs), BATCH):
            part = pairs[start : start + BATCH]
            rankings = index.search([Query(pair.query) for pair in part], self.top, mode=self.mode)
            for pair, ranking in zip(part, rankings, strict=True):
                if names[pair.document] in {item.doc.id for item in ranking}:
                    kept.append(pair)
            if progress:
                progress(start + len(part), len(pairs))
        return kept
