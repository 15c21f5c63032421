"""Dense search of one segment: candidates by blocks of vectors or by a graph, then exact scores for what was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Vectors
from tamis.recall.corpus import Corpus
from tamis.recall.documents import Positions

ROWS = 8192  # document vectors multiplied at once
QUERIES = 32  # query vectors multiplied at once
RESCORED = 4096  # vectors in memory as float64 at once


class Nearest(Protocol):
    """Finds, for each query vector, rows among which the best ``k`` are (or nearly all of them).

    Only rows of ``mask`` are found; None stands for all.
    """

    def candidates(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None) -> list[Positions]: ...


class Exact:
    """Exact search: every vector is multiplied, in blocks that bound the memory."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def candidates(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None) -> list[Positions]:
        """A superset of the best ``k`` rows of each query, whatever the rounding of the products."""
        best: list[Positions] = []
        for start in range(0, len(queries), QUERIES):
            best += self._batch(queries[start : start + QUERIES], k, mask)
        return best

    def _batch(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None) -> list[Positions]:
        kept = [(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)) for _ in queries]
        for rows, block in self._blocks(mask):
            products = queries @ block.T
            for at, row in enumerate(products):
                scores, found = kept[at]
                new = np.flatnonzero(row >= _floor(scores, k, queries.shape[1]))
                scores, found = np.concatenate([scores, row[new]]), np.concatenate([found, rows[new]])
                inside = scores >= _floor(scores, k, queries.shape[1])
                kept[at] = scores[inside], found[inside]
        return [found for _, found in kept]

    def _blocks(self, mask: NDArray[np.bool_] | None) -> Iterator[tuple[Positions, Vectors]]:
        """Rows and their vectors; vectors that lie between are read only where most are wanted."""
        wanted = np.arange(len(self._vectors)) if mask is None else np.flatnonzero(mask)
        for start in range(0, len(wanted), ROWS):
            rows = wanted[start : start + ROWS]
            whole = rows[-1] - rows[0] + 1 == len(rows)
            yield rows, self._vectors[rows[0] : rows[-1] + 1] if whole else self._vectors[rows]


def _floor(scores: NDArray[np.float32], k: int, dimension: int) -> float:
    """What a score must reach to be among the best ``k`` when each may be wrong by the rounding of a product."""
    if len(scores) < k:
        return -np.inf
    # |error| <= n * 2**-24 for a float32 dot product of n terms of unit vectors (Higham 2002, section 3.1), on both
    # sides; doubled, since encoders' vectors have unit length only nearly.
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) - 4 * dimension * 2.0**-24


def exact_scores(corpus: Corpus, positions: Positions, query: Vectors) -> Floats:
    """Inner products in float64, row by row: the same numbers whatever else is searched at the same time."""
    wide = query.astype(np.float64)
    parts = [
        (corpus.vectors(positions[start : start + RESCORED]).astype(np.float64) * wide).sum(axis=1)
        for start in range(0, len(positions), RESCORED)
    ]
    return np.concatenate([np.zeros(0), *parts])
