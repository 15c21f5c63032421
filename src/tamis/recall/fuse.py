"""Fusion: one score from the scores of several retrievers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from tamis.core import BM25, DENSE, Candidate, Floats, Query, Ranking
from tamis.errors import InputError


@runtime_checkable
class Fusion(Protocol):
    """Gives each candidate one score from the stages' scores.

    ``stages`` holds, by the stage's name, one score a candidate, all of the same length and in the same order; NaN
    where the stage did not find the candidate. The query is given so that weights may depend on it.
    """

    def fuse(self, query: Query, stages: Mapping[str, Floats]) -> Floats: ...


def fused(fusion: Fusion, query: Query, stages: Mapping[str, Floats]) -> Floats:
    """The fusion's scores, if they are what a fusion must give.

    Raises:
        InputError: they are not one finite number a candidate.
    """
    expected = next(iter(stages.values())).shape
    given = np.asarray(fusion.fuse(query, stages), dtype=np.float64)
    if given.shape != expected or not np.isfinite(given).all():
        raise InputError(f"{fusion!r} must give {expected[0]} finite scores, one a candidate, got {given!s:.80}")
    return given


@dataclass(frozen=True, slots=True)
class RRF:
    """Reciprocal rank fusion: the sum of ``1 / (k + rank)`` over stages (Cormack, Clarke and Buettcher, SIGIR 2009).

    When to use: scores that cannot be compared, from retrievers of like quality. Equal scores share the better rank.
    Relation to others: ``Weighted`` keeps how far apart scores are, and lets the better retriever weigh more.

    >>> RRF(k=60).fuse(Query("q"), {"a": np.array([9.0, 1.0]), "b": np.array([np.nan, 0.2])}).round(4).tolist()
    [0.0164, 0.0325]
    """

    k: float = 60

    def __post_init__(self) -> None:
        if not self.k >= 0:
            raise InputError(f"RRF needs k >= 0, got {self.k}")

    def fuse(self, query: Query, stages: Mapping[str, Floats]) -> Floats:
        """One score a candidate; a stage that did not find it adds nothing."""
        return _total([_reciprocal(scores, self.k) for scores in stages.values()])


@dataclass(frozen=True, slots=True)
class Weighted:
    """A weighted sum of scores, each stretched to [0, 1] over the query's candidates (Bruch et al., TOIS 2023).

    When to use: one retriever is better, or weights were fitted. A shift of a stage's scores changes no order, so what
    stretching settles is only the unit: cosines of e5 span .05 within one query and BM25 spans 20, both become 1.
    Relation to others: ``RRF`` needs no scores, only ranks.

    Attributes:
        dense: weight of the dense stage in [0, 1]; the lexical stage has the rest.

    >>> Weighted(dense=0.7).fuse(Query("q"), {"dense": np.array([0.9, 0.8]), "bm25": np.array([0.0, 12.0])}).tolist()
    [0.7, 0.3]
    """

    dense: float = 0.7

    def __post_init__(self) -> None:
        if not 0 <= self.dense <= 1:
            raise InputError(f"Weighted needs a dense weight in [0, 1], got {self.dense}")

    def fuse(self, query: Query, stages: Mapping[str, Floats]) -> Floats:
        """One score in [0, 1] a candidate; a stage that did not find it counts as its lowest."""
        weights = {DENSE: self.dense, BM25: round(1 - self.dense, 12)}
        if unknown := stages.keys() - weights.keys():
            raise InputError(f"Weighted knows the stages {sorted(weights)}, got {sorted(unknown)}: use weighted_fusion")
        return _total([weights[stage] * _stretched(scores) for stage, scores in sorted(stages.items())])


def reciprocal_rank_fusion(rankings: Sequence[Ranking], k: float = 60) -> Ranking:
    """One ranking of all candidates by reciprocal ranks; stage name ``"rrf"``. Equal scores go by document id.

    Raises:
        InputError: no rankings, or rankings of different queries.

    >>> from tamis.core import Document
    >>> a, b = (Candidate(Document(name, name), 1.0) for name in "ab")
    >>> query = Query("q")
    >>> [c.doc.id for c in reciprocal_rank_fusion([Ranking(query, (a, b)), Ranking(query, (b,))])]
    ['b', 'a']
    """
    query, candidates, places = _aligned(rankings)
    # Ranks come from the order, not from the scores: what ranked the candidates may have broken ties.
    stages = {str(at): -row for at, row in enumerate(places)}
    return _ranking(query, candidates, "rrf", RRF(k).fuse(query, stages))


def weighted_fusion(rankings: Sequence[Ranking], weights: Sequence[float]) -> Ranking:
    """One ranking of all candidates by stretched scores, one weight a ranking; stage name ``"weighted"``.

    Raises:
        InputError: no rankings, rankings of different queries, or weights that are not one a ranking and at least 0.

    >>> from tamis.core import Document
    >>> a, b = Candidate(Document("a", "a"), 9.0), Candidate(Document("b", "b"), 0.2)
    >>> weighted_fusion([Ranking(Query("q"), (a, b)), Ranking(Query("q"), (b,))], [0.7, 0.3])[0].doc.id
    'a'
    """
    if len(weights) != len(rankings) or not all(weight >= 0 and np.isfinite(weight) for weight in weights):
        raise InputError(f"expected {len(rankings)} weights of at least 0, one a ranking, got {list(weights)}")
    query, candidates, places = _aligned(rankings)
    parts = []
    for ranking, place, weight in zip(rankings, places, weights, strict=True):
        known = ~np.isnan(place)
        scores = np.full(len(candidates), np.nan)
        scores[known] = ranking.scores[place[known].astype(int)]
        parts.append(weight * _stretched(scores))
    return _ranking(query, candidates, "weighted", _total(parts))


def _total(parts: Sequence[Floats]) -> Floats:
    if not parts:
        raise InputError("fusion needs the scores of at least one stage")
    return np.asarray(np.sum(np.stack(parts), axis=0), dtype=np.float64)


def _reciprocal(scores: Floats, k: float) -> Floats:
    """``1 / (k + rank)``, rank 1 the highest score; 0 where the score is NaN."""
    known = ~np.isnan(scores)
    ascending = np.sort(scores[known])
    better = len(ascending) - np.searchsorted(ascending, scores[known], side="right")
    fused = np.zeros(len(scores))
    fused[known] = 1.0 / (k + 1.0 + better)
    return fused


def _stretched(scores: Floats) -> Floats:
    """Scores moved to [0, 1] by their own least and greatest; NaN becomes 0.

    Where all scores are equal, being found is all the stage says: 1 for each, or 0 when it found every candidate.
    """
    known = ~np.isnan(scores)
    if not known.any():
        return np.zeros(len(scores))
    low, high = scores[known].min(), scores[known].max()
    stretched = (scores - low) / (high - low) if high > low else np.full(len(scores), 0.0 if known.all() else 1.0)
    return np.where(known, stretched, 0.0)


def _aligned(rankings: Sequence[Ranking]) -> tuple[Query, list[Candidate], list[Floats]]:
    """Each document once, with the scores of all rankings, and its place in each ranking (NaN where it has none)."""
    if not rankings:
        raise InputError("fusion needs at least one ranking")
    query = rankings[0].query
    if any(ranking.query != query for ranking in rankings):
        raise InputError("fusion needs rankings of one query, got several queries")
    merged: dict[str, Candidate] = {}
    for ranking in rankings:
        for candidate in ranking:
            first = merged.setdefault(candidate.doc.id, candidate)
            merged[candidate.doc.id] = replace(first, scores={**candidate.scores, **first.scores})
    candidates = [merged[doc_id] for doc_id in sorted(merged)]
    at = {candidate.doc.id: row for row, candidate in enumerate(candidates)}
    places = []
    for ranking in rankings:
        place = np.full(len(candidates), np.nan)
        for rank, candidate in enumerate(ranking):
            place[at[candidate.doc.id]] = rank
        places.append(place)
    return query, candidates, places


def _ranking(query: Query, candidates: Sequence[Candidate], stage: str, fused: Floats) -> Ranking:
    return Ranking(query, tuple(candidates)).rescored(stage, fused)
