"""Approximate dense search: a faiss graph (HNSW, 16 links a node, vectors in 8 bits), about 530 bytes a vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Progress, Vectors
from tamis.extras import available, require
from tamis.recall.documents import Positions
from tamis.recall.manifest import Ann
from tamis.recall.store import Output
from tamis.recall.vectors import Exact

THRESHOLD = 50_000  # documents of an index from which graphs are worth their memory and their build
LEAST = 8_192  # documents of a segment from which one is, in such an index
TRAINED = 65_536  # vectors that set the range of the 8-bit numbers
ADDED = 16_384  # vectors given to faiss at once
CONSTRUCTION = 200  # breadth of the search that places a new vector
# Least breadth of a search. Over 100,000 vectors made of e5-small's (benchmarks/index_speed.py) recall@100 is .985 in 2
# ms, with 256 it is .965 in 1.3 ms; built with breadth 100, .975 and .951.
BREADTH = 512
RESCORED = 150  # least candidates of a query, so that a small k only cuts what a larger one finds
# A graph passes through what a filter leaves out, and finds little where that is nearly all: below these, every vector
# that may be found is multiplied.
FEW, SPARSE = 20_000, 0.05


def wanted(ann: Ann, documents: int, segment: int) -> bool:
    """Whether a segment of so many documents gets a graph, in an index of so many.

    Raises:
        MissingExtraError: graphs are demanded and faiss is not installed.
    """
    if ann is True:
        require("faiss")
        return segment > 0
    return ann == "auto" and documents >= THRESHOLD and segment >= LEAST and available("faiss")


def build_graph(vectors: Vectors, output: Output, progress: Progress | None = None) -> None:
    """Write a graph over vectors, shape ``(documents, dimension)``, which are read block by block.

    Links depend on the order in which threads place vectors: two builds are equally good, not equal.
    """
    faiss = require("faiss")
    graph = faiss.index_factory(vectors.shape[1], "HNSW16_SQ8", faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = CONSTRUCTION
    graph.train(vectors[:: max(1, -(-len(vectors) // TRAINED))].copy())
    for start in range(0, len(vectors), ADDED):
        graph.add(np.ascontiguousarray(vectors[start : start + ADDED]))
        if progress:
            progress(graph.ntotal, len(vectors))
    writer = faiss.PyCallbackIOWriter(lambda data: output.write(bytes(data)))
    faiss.write_index(graph, writer)
    del writer


class Approximate:
    """Search in a graph; rows outside of the mask are passed through, never returned."""

    def __init__(self, path: Path, vectors: Vectors) -> None:
        self._faiss = require("faiss")
        path.stat()  # a FileNotFoundError, where faiss has none: a newer generation may have taken the file away
        self._graph: Any = self._faiss.read_index(str(path), self._faiss.IO_FLAG_MMAP_IFC)
        self._exact = Exact(vectors)

    def candidates(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None) -> list[Positions]:
        """About 1.5 times ``k`` near rows of each query, or 150, to be scored exactly: 8 bits blur neighbours."""
        live = self._graph.ntotal if mask is None else int(np.count_nonzero(mask))
        if mask is not None and live < max(FEW, SPARSE * self._graph.ntotal) and live < self._graph.ntotal / 2:
            return self._exact.candidates(queries, k, mask)
        options: dict[str, Any] = {"efSearch": max(BREADTH, 3 * k)}
        if mask is not None:
            options["sel"] = self._faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        parameters = self._faiss.SearchParametersHNSW(**options)
        number = min(max(RESCORED, -(-3 * k // 2)), live)
        # One query a call: faiss then opens no thread team, and other searches of this process keep their cores.
        found = [self._graph.search(query[None, :], number, params=parameters)[1][0] for query in queries]
        return [np.sort(row[row >= 0]).astype(np.int64) for row in found]
