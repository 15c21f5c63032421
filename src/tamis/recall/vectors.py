"""Dense search: candidates by blocks of vectors or by a graph, then exact scores for what was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Vectors
from tamis.recall.documents import Corpus, Positions

ROWS = 8192  # document vectors multiplied at once
QUERIES = 32  # query vectors multiplied at once
RESCORED = 4096  # vectors in memory as float64 at once


class Nearest(Protocol):
    """Finds, for each query vector, positions among which the best ``k`` are (or nearly all of them)."""

    def candidates(self, queries: Vectors, k: int) -> list[Positions]: ...


class Exact:
    """Exact search: every vector is multiplied, in blocks that bound the memory."""

    def __init__(self, corpus: Corpus, found: NDArray[np.bool_]) -> None:
        self._corpus, self._found = corpus, found

    def candidates(self, queries: Vectors, k: int) -> list[Positions]:
        """A superset of the best ``k`` live positions of each query, whatever the rounding of the products."""
        best: list[Positions] = []
        for start in range(0, len(queries), QUERIES):
            best += self._batch(queries[start : start + QUERIES], k)
        return best

    def _batch(self, queries: Vectors, k: int) -> list[Positions]:
        kept = [(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)) for _ in queries]
        for first, block in self._blocks():
            alive = np.flatnonzero(self._found[first : first + len(block)])
            products = queries @ block.T
            for at, row in enumerate(products):
                scores, positions = kept[at]
                floor = _floor(scores, k, queries.shape[1])
                new = alive[row[alive] >= floor]
                scores, positions = np.concatenate([scores, row[new]]), np.concatenate([positions, first + new])
                inside = scores >= _floor(scores, k, queries.shape[1])
                kept[at] = scores[inside], positions[inside]
        return [positions for _, positions in kept]

    def _blocks(self) -> Iterator[tuple[int, Vectors]]:
        for first, segment in zip(self._corpus.starts, self._corpus.segments, strict=False):
            vectors = segment.vectors
            for start in range(0, len(vectors) if vectors is not None else 0, ROWS):
                assert vectors is not None
                yield first + start, vectors[start : start + ROWS]


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
