"""BM25 over postings: what weighs how much is computed when a query comes, from counts that documents brought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.recall.postings import Postings, Rows, Terms

Scores: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Parameters:
    """BM25 as Lucene computes it, with exact document lengths (Kamphuis et al., ECIR 2020).

    ``idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length))``, ``idf(t) = ln(1 + (N - df + .5) / (df + .5))``.
    """

    k1: float = 0.9
    b: float = 0.4

    def idf(self, documents: int, frequency: int) -> float:
        """Weight of a token that occurs in ``frequency`` of ``documents`` documents.

        >>> round(Parameters().idf(1000, 10), 3)
        4.56
        """
        return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))

    def norms(self, lengths: NDArray[np.integer], mean: float) -> Scores:
        """What a document's length adds below the line, shape ``(documents,)``."""
        norms: Scores = (self.k1 * (1 - self.b + self.b * lengths.astype(np.float64) / (mean or 1.0))).astype(
            np.float32
        )
        return norms


@dataclass(frozen=True, slots=True)
class Lexical:
    """The postings of one segment with its documents' norms: scores of all its documents, or of some.

    Every score is the sum of the same float32 numbers in the order of the query's tokens, whatever the segment.
    """

    postings: Postings
    norms: Scores

    def scores(self, terms: Terms, weights: Sequence[float]) -> Scores:
        """Score of every document, shape ``(documents,)``; 0 where no token occurs."""
        found = np.zeros(len(self.norms), dtype=np.float32)
        for part, weight in zip(self.postings.places(terms), weights, strict=True):
            rows = self.postings.rows[part]
            found[rows] += self._added(part, rows, weight)
        return found

    def scores_of(self, chosen: Rows, terms: Terms, weights: Sequence[float]) -> Scores:
        """Scores of some documents, the same numbers; ``chosen`` ascends."""
        found = np.zeros(len(chosen), dtype=np.float32)
        for part, weight in zip(self.postings.places(terms), weights, strict=True):
            rows = self.postings.rows[part]
            at = np.searchsorted(rows, chosen)
            at[at == len(rows)] = 0
            here = np.flatnonzero(rows[at] == chosen) if len(rows) else np.zeros(0, dtype=np.int64)
            hits = part.start + at[here]
            found[here] += self._added(hits, chosen[here], weight)
        return found

    def _added(self, part: slice | NDArray[np.int64], rows: Rows, weight: float) -> Scores:
        counts = self.postings.counts[part].astype(np.float32)
        return np.float32(weight) * counts / (counts + self.norms[rows])
