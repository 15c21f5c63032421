"""Approximate dense search: a faiss graph (HNSW, 16 links a node, vectors in 8 bits), about 530 bytes a vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Vectors
from tamis.extras import available, require
from tamis.recall.documents import Corpus, Positions
from tamis.recall.manifest import Ann

THRESHOLD = 50_000  # documents from which a graph is worth its memory and its build
TRAINED = 65_536  # vectors that set the range of the 8-bit numbers
ADDED = 65_536  # vectors given to faiss at once
CONSTRUCTION = 200  # breadth of the search that places a new vector
# Least breadth of a search. Over 100,000 vectors made of e5-small's (benchmarks/index_speed.py) recall@100 is .985 in 2
# ms, with 256 it is .965 in 1.3 ms; built with breadth 100, .975 and .951.
BREADTH = 512
RESCORED = 150  # least candidates of a query, so that a small k only cuts what a larger one finds


def wanted(ann: Ann, documents: int) -> bool:
    """Whether an index of this size gets a graph.

    Raises:
        MissingExtraError: a graph is demanded and faiss is not installed.
    """
    if ann is True:
        require("faiss")
        return documents > 0
    return ann == "auto" and documents >= THRESHOLD and available("faiss")


def build_graph(corpus: Corpus, dimension: int, earlier: Path | None) -> memoryview:
    """A graph over all positions, as bytes; an earlier graph of the first positions is added to.

    Links depend on the order in which threads place vectors: two builds are equally good, not equal.
    """
    faiss = require("faiss")
    if earlier is not None:
        graph = faiss.read_index(str(earlier))
    else:
        graph = faiss.index_factory(dimension, "HNSW16_SQ8", faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = CONSTRUCTION
        step = max(1, -(-len(corpus) // TRAINED))
        graph.train(corpus.vectors(np.arange(0, len(corpus), step)))
    for start in range(graph.ntotal, len(corpus), ADDED):
        graph.add(corpus.vectors(np.arange(start, min(start + ADDED, len(corpus)))))
    return memoryview(faiss.serialize_index(graph))


class Approximate:
    """Search in a graph; deleted positions are passed through, never returned."""

    def __init__(self, path: Path, found: NDArray[np.bool_]) -> None:
        self._faiss = require("faiss")
        path.stat()  # a FileNotFoundError, where faiss has none: a newer generation may have taken the file away
        self._graph: Any = self._faiss.read_index(str(path))
        self._alive = None if found.all() else np.packbits(found, bitorder="little")
        self._live = int(found.sum())

    def candidates(self, queries: Vectors, k: int) -> list[Positions]:
        """About 1.5 times ``k`` near positions of each query, or 150, to be scored exactly: 8 bits blur neighbours."""
        breadth = max(BREADTH, 3 * k)
        options: dict[str, Any] = {"efSearch": breadth}
        if self._alive is not None:
            options["sel"] = self._faiss.IDSelectorBitmap(self._alive)
        parameters = self._faiss.SearchParametersHNSW(**options)
        wanted = min(max(RESCORED, -(-3 * k // 2)), self._live)
        # One query a call: faiss then opens no thread team, and other searches of this process keep their cores.
        found = [self._graph.search(query[None, :], wanted, params=parameters)[1][0] for query in queries]
        return [np.sort(row[row >= 0]).astype(np.int64) for row in found]
