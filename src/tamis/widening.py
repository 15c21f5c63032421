"""Search by several ways to ask: all variants of a query are recalled, and their union is reranked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from tamis.core import (
    BM25,
    DENSE,
    Pair,
    Progress,
    Query,
    Ranking,
    Retriever,
    Scorer,
)
from tamis.errors import InputError
from tamis.pipeline import scored_with_notes
from tamis.recall.union import Leading, Union
from tamis.rewrite import Rewriter, Variant, rewritten

VARIANTS = "variants"  # the stage that orders a union, and its note
DEPTH = 100  # candidates of a variant at least, so that a small k only cuts a larger one

Over: TypeAlias = Literal["max", "mean"]


@runtime_checkable
class Placing(Protocol):
    """A retriever that can score given documents for a query, as it would have if it had found them."""

    def rank(self, query: Query, ids: Iterable[str]) -> Ranking: ...


@dataclass(frozen=True, slots=True)
class Widened:
    """A retriever that searches with every variant of a query and gives their union.

    The list of the query as it stands alone leads the union (stage ``"variants"``), of which the first ``k`` candidates
    are given: it loses some of its tail to the heads of the others. A note says which variants found a candidate, and
    where. What a stage says of a candidate is what it says to the query that stands alone: where only another variant
    found it, the retriever is asked for it (``Placing``); where that is impossible, nothing is said.

    A query of one variant gets exactly what the retriever gives.

    Attributes:
        retriever: what finds candidates.
        rewriter: what says queries in other words.
        union: how lists are joined.
        threads: queries that are rewritten side by side.

    Raises:
        InputError: ``threads`` below 1.

    >>> from tamis.recall import Index
    >>> from tamis.rewrite import Offline
    >>> index = Index.build(["A tamis is a drum sieve.", "It rained."], encoder=None)
    >>> [c.doc.id for c in Widened(index.retriever(), Offline()).search([Query("drum sieve")], 10)[0]]
    ['0']
    """

    retriever: Retriever
    rewriter: Rewriter
    union: Union = field(default_factory=Leading)
    threads: int = 4

    def __post_init__(self) -> None:
        """Refuse to work with no thread."""
        if self.threads < 1:
            raise InputError(f"threads must be at least 1, got {self.threads}")

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking of at most ``k`` candidates for each query; its query is the one that stands alone."""
        return self.searched(rewritten(self.rewriter, queries, threads=self.threads), k)

    def searched(self, variants: Sequence[Sequence[Variant]], k: int) -> list[Ranking]:
        """The same for queries that have been rewritten; recall sees all their variants in one call.

        Raises:
            InputError: ``k`` is below 1.
        """
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}")
        found: dict[int, list[Ranking]] = {}
        # A query by itself is asked as it would be without rewriting; where lists are joined, each is long enough.
        for depth, places in _by_depth(variants, k).items():
            asked = [one.query for place in places for one in variants[place]]
            lists = iter(self.retriever.search(asked, depth) if asked else [])
            for place in places:
                found[place] = [next(lists) for _ in variants[place]]
        return [self._joined(found[place], k) for place in range(len(variants))]

    def _joined(self, rankings: Sequence[Ranking], k: int) -> Ranking:
        """The lists of one query as one, the first being that of the query that stands alone."""
        first = rankings[0]
        if len(rankings) == 1:
            return first
        documents = {c.doc.id: c for ranking in reversed(rankings) for c in ranking}
        ranks = [{c.doc.id: rank for rank, c in enumerate(ranking, 1)} for ranking in rankings]
        best = self.union.join([list(own) for own in ranks])[:k]
        known = self._said(first, [name for name, _ in best])
        notes = [_finders(name, rankings, ranks) for name, _ in best]
        items = tuple(
            replace(documents[name], scores=known.get(name, {}), notes={**documents[name].notes, VARIANTS: note})
            for (name, _), note in zip(best, notes, strict=True)
        )
        union = replace(first, items=items)
        return union.rescored(VARIANTS, [score for _, score in best], fingerprint=self.rewriter.fingerprint)

    def _said(self, first: Ranking, wanted: Sequence[str]) -> dict[str, Mapping[str, float]]:
        """What the stages say of documents to the query that stands alone, by id, as far as that is known."""
        known = {c.doc.id: c.scores for c in first}
        missing = [name for name in wanted if name not in known]
        if missing and isinstance(self.retriever, Placing):
            with suppress(InputError):  # one may have been deleted since it was found
                for c in self.retriever.rank(first.query, missing):
                    # Only what depends on a document alone: a fused score is stretched over the list it stands in.
                    known[c.doc.id] = {stage: score for stage, score in c.scores.items() if stage in (BM25, DENSE)}
        return known


def _by_depth(variants: Sequence[Sequence[Variant]], k: int) -> dict[int, list[int]]:
    """The places of queries by how many candidates each of their variants is recalled with."""
    places: dict[int, list[int]] = {}
    for place, own in enumerate(variants):
        places.setdefault(k if len(own) == 1 else max(k, DEPTH), []).append(place)
    return places


def _finders(name: str, rankings: Sequence[Ranking], ranks: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """Which variants found a document, and where."""
    pairs = zip(rankings, ranks, strict=True)
    return [{"text": ranking.query.text, "rank": own[name]} for ranking, own in pairs if name in own]


@dataclass(frozen=True, slots=True)
class Standalone:
    """A stage that puts the query as it stands alone in the query's place, for documents that came with the request.

    Attributes:
        rewriter: what rewrites.
        threads: queries that are rewritten side by side.

    >>> from tamis.rewrite import Offline
    >>> Standalone(Offline())([Ranking(Query("a tamis"))])[0].query.text
    'a tamis'
    """

    rewriter: Rewriter
    threads: int = 4

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """The same candidates in the same order, asked about as the conversation means it."""
        variants = rewritten(self.rewriter, [_typed(r.query) for r in rankings], threads=self.threads)
        return [replace(ranking, query=own[0].query) for ranking, own in zip(rankings, variants, strict=True)]


@dataclass(frozen=True, slots=True)
class RerankVariants:
    """A stage that orders candidates by the best, or the mean, of a scorer's logits over a query's variants.

    ``Rerank`` scores candidates for the query that stands alone, which is what to begin with: this takes as many times
    longer as there are variants. The texts alone are scored, since evidence of a first stage is for one query. Its
    scores are named after what it does (``"tamis-mini:max"``): a policy for one is none for the other.

    Attributes:
        scorer: what scores the pairs.
        rewriter: the one that ``Widened`` has; queries are rewritten again, which costs nothing where it remembers.
        over: ``"max"`` or ``"mean"``.
        depth: most candidates of a ranking that are scored; None scores all.
        progress: called with (pairs scored, pairs in all).
        threads: queries that are rewritten side by side.

    Raises:
        InputError: ``over`` is neither.
    """

    scorer: Scorer
    rewriter: Rewriter
    over: Over = "max"
    depth: int | None = None
    progress: Progress | None = None
    threads: int = 4

    def __post_init__(self) -> None:
        """Refuse another way to join scores."""
        if self.over not in ("max", "mean"):
            raise InputError(f'over must be "max" or "mean", got {self.over!r}')

    @property
    def name(self) -> str:
        """What the scores are called."""
        return f"{self.scorer.name}:{self.over}"

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """The rankings in the same order, each reordered; each pair of texts is scored once."""
        cut = [ranking[: self.depth] for ranking in rankings]
        variants = rewritten(self.rewriter, [_typed(r.query) for r in cut], threads=self.threads)
        asked = [_distinct(ranking.query, own) for ranking, own in zip(cut, variants, strict=True)]
        pairs: list[Pair] = [(q, c.doc) for r, queries in zip(cut, asked, strict=True) for q in queries for c in r]
        scores, remarks = scored_with_notes(self.scorer, pairs, self.progress)
        reranked, start = [], 0
        for ranking, queries in zip(cut, asked, strict=True):
            end = start + len(queries) * len(ranking)
            table = scores[start:end].reshape(len(queries), len(ranking))
            joined = table.max(axis=0) if self.over == "max" else table.mean(axis=0)
            # Remarks are those of the first text: truncation depends on the document more than on the query.
            own = remarks[start : start + len(ranking)]
            fingerprint = f"{self.scorer.fingerprint}:{self.over}|{self.rewriter.fingerprint}"
            reranked.append(ranking.rescored(self.name, joined, own, fingerprint=fingerprint))
            start = end
        return reranked


def _typed(query: Query) -> Query:
    """The query as the user typed it."""
    return replace(query, text=query.source, source="") if query.source else query


def _distinct(query: Query, variants: Sequence[Variant]) -> list[Query]:
    """The query that a ranking is of, then its variants, each text once."""
    queries = {one.text: one for one in (query, *(variant.query for variant in variants))}
    return list(queries.values())
