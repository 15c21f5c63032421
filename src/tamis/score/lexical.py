"""Scorers that weigh in what a whole collection says of a pair's words, where a first stage has counted them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from tamis.core import BM25, Floats, Pair, Ranking


@runtime_checkable
class Lexical(Protocol):
    """A scorer that can weigh in BM25: raw logits, shape ``(len(pairs),)``; where BM25 is NaN, those of ``score``.

    How rare a word is in a collection stands in neither text of a pair; only who has searched the collection knows it.
    The scale is that of ``tamis.recall``: Lucene's formula, k1 = .9, b = .4, over its own tokens. A retriever whose
    BM25 is on another scale names its scores otherwise.
    """

    def score_with_bm25(self, pairs: Sequence[Pair], bm25: Floats) -> Floats: ...


def lexical_evidence(ranking: Ranking) -> Floats:
    """BM25 of each candidate, shape ``(len(ranking),)``; all NaN where a candidate has none, so that all are alike.

    >>> from tamis.core import Candidate, Document, Query
    >>> found = [Candidate(Document("a", "tamis"), 3.0, {"bm25": 3.0}), Candidate(Document("b", "drum"), 0.1)]
    >>> lexical_evidence(Ranking(Query("tamis"), tuple(found[:1]))).tolist()
    [3.0]
    >>> lexical_evidence(Ranking(Query("tamis"), tuple(found))).tolist()
    [nan, nan]
    """
    found = np.array([candidate.scores.get(BM25, np.nan) for candidate in ranking], dtype=np.float64)
    return found if np.isfinite(found).all() else np.full(len(ranking), np.nan)
