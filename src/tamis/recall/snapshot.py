"""One generation of an index, open for reading: its documents, and search in three modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import BM25, DENSE, Candidate, Floats, Query, Ranking, Vectors
from tamis.errors import IndexCorruptError, IndexMismatchError, InputError
from tamis.extras import available
from tamis.recall.ann import Approximate
from tamis.recall.bm25 import Matrix
from tamis.recall.documents import Corpus, Positions
from tamis.recall.fuse import Fusion
from tamis.recall.manifest import Manifest, read_manifest
from tamis.recall.segment import mapped, open_segment, read_vocabulary, segmenter
from tamis.recall.store import check
from tamis.recall.top import top
from tamis.recall.vectors import Exact, Nearest, exact_scores

Mode: TypeAlias = Literal["auto", "bm25", "dense", "hybrid"]
Encode: TypeAlias = Callable[[Sequence[str]], Vectors]

DEPTH = 100  # candidates that each stage of a hybrid search gives at least, so that small k only cuts larger k


class Snapshot:
    """An unchanging index: any number of threads may search it, and it stays whole when a newer one is written.

    Attributes:
        folder: where the files are.
        manifest: what they are.
        corpus: the documents.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self.corpus = Corpus(
            [open_segment(folder, part) for part in manifest.segments], mapped(folder / manifest.shared["order"])
        )
        self.found = np.zeros(len(self.corpus), dtype=bool)
        self.found[self.corpus.order] = True
        self._live = np.flatnonzero(self.found)
        self._ranks = np.zeros(len(self.corpus), dtype=np.int64)
        self._ranks[self.corpus.order] = np.arange(len(self.corpus.order))
        self._matrix = Matrix(
            data=mapped(folder / manifest.shared["bm25_data"]),
            rows=mapped(folder / manifest.shared["bm25_rows"]),
            start=mapped(folder / manifest.shared["bm25_start"]),
            documents=len(self._live),
        )
        # Opened now: what a cached_property opens later could be gone, if another process has written meanwhile.
        graph = manifest.shared.get("graph") if manifest.ann is True or available("faiss") else None
        self._nearest: Nearest = Approximate(folder / graph, self.found) if graph else Exact(self.corpus, self.found)
        self.vocabulary: Mapping[str, int] = read_vocabulary(folder, manifest.segments)

    @cached_property
    def _same_segmenter(self) -> bool:
        return self.manifest.segmenter == segmenter()

    def check_segmenter(self) -> None:
        """Refuse to mix tokens of two segmenters.

        Raises:
            IndexMismatchError: the index was made with another version of the segmenter or its dictionaries.
        """
        if not self._same_segmenter:
            raise IndexMismatchError(
                f"{self.folder}: its texts were cut into tokens by another version of the segmenter "
                f"({self.manifest.segmenter}, this one is {segmenter()}): build the index again"
            )

    def search(self, queries: Sequence[Query], k: int, mode: Mode, encode: Encode, fusion: Fusion) -> list[Ranking]:
        """One ranking a query; ``encode`` is called once, for all queries, when the mode needs vectors."""
        if mode == "bm25":
            return [self._matched(query, k) for query in queries]
        depth = max(k, DEPTH) if mode == "hybrid" else k
        vectors = encode([query.text for query in queries]) if queries else np.zeros((0, 0), dtype=np.float32)
        nearest = self._nearest.candidates(vectors, depth)
        if mode == "dense":
            near = zip(queries, nearest, vectors, strict=True)
            return [self._best(q, at, {DENSE: exact_scores(self.corpus, at, v)}, k) for q, at, v in near]
        hybrid = zip(queries, nearest, vectors, strict=True)
        return [self._hybrid(q, at, v, depth, k, fusion) for q, at, v in hybrid]

    def rank(self, query: Query, positions: Positions, mode: Mode, encode: Encode, fusion: Fusion) -> Ranking:
        """Given documents, all of them, ordered as ``search`` would."""
        stages: dict[str, Floats] = {}
        if mode != "dense":
            stages[BM25] = self._lexical(query)[np.searchsorted(self._live, positions)].astype(np.float64)
        if mode != "bm25":
            stages[DENSE] = exact_scores(self.corpus, positions, encode([query.text])[0])
        scores = {"hybrid": _fused(fusion, query, stages), **stages} if mode == "hybrid" else stages
        return self._best(query, positions, scores, max(1, len(positions)))

    def _lexical(self, query: Query) -> NDArray[np.float32]:
        """BM25 of every live document, shape ``(live,)``."""
        from tamis.text import segment

        self.check_segmenter()
        known = [self.vocabulary[token] for token in segment(query.text) if token in self.vocabulary]
        return self._matrix.scores(known)

    def _matched(self, query: Query, k: int) -> Ranking:
        """The best by BM25; documents that share no token with the query are no results."""
        lexical = self._lexical(query)
        rows = np.flatnonzero(lexical)
        return self._best(query, self._live[rows], {BM25: lexical[rows].astype(np.float64)}, k)

    def _hybrid(self, query: Query, near: Positions, vector: Vectors, depth: int, k: int, fusion: Fusion) -> Ranking:
        """The best of both stages, each scored by both: nothing is missing that would have to be guessed."""
        lexical = self._lexical(query)
        cosines = exact_scores(self.corpus, near, vector)
        near = near[top(cosines, self._ranks[near], depth)]
        matched = np.flatnonzero(lexical)
        matched = matched[top(lexical[matched], self._ranks[self._live[matched]], depth)]
        union = np.union1d(near, self._live[matched])
        stages = {
            BM25: lexical[np.searchsorted(self._live, union)].astype(np.float64),
            DENSE: exact_scores(self.corpus, union, vector),
        }
        return self._best(query, union, {"hybrid": _fused(fusion, query, stages), **stages}, k)

    def _best(self, query: Query, positions: Positions, scores: Mapping[str, Floats], k: int) -> Ranking:
        """The best ``k`` by the first of the scores; equal scores by document id. Cosines say whose they are."""
        ordering = next(iter(scores.values()))
        items = []
        for at in top(ordering, self._ranks[positions], k).tolist():
            said = {stage: float(values[at]) for stage, values in sorted(scores.items())}
            items.append(Candidate(self.corpus.document(int(positions[at])), float(ordering[at]), said))
        encoder = self.manifest.encoder
        return Ranking(query, tuple(items), {DENSE: encoder.fingerprint} if encoder and DENSE in scores else {})


def _fused(fusion: Fusion, query: Query, stages: Mapping[str, Floats]) -> Floats:
    """The fusion's scores, if they are what a fusion must give."""
    expected = next(iter(stages.values())).shape
    fused = np.asarray(fusion.fuse(query, stages), dtype=np.float64)
    if fused.shape != expected or not np.isfinite(fused).all():
        raise InputError(f"{fusion!r} must give {expected[0]} finite scores, one a candidate, got {fused!s:.80}")
    return fused


def open_snapshot(folder: Path, *, digests: bool) -> Snapshot:
    """The newest generation of an index folder.

    Raises:
        IndexStoreError: the folder holds no index.
        IndexMismatchError: a newer version of tamis made it.
        IndexCorruptError: a file is missing, or its bytes are not those that were written.
    """
    manifest = read_manifest(folder)
    while True:
        try:
            check(folder, manifest, digests=digests)
            return Snapshot(folder, manifest)
        except FileNotFoundError as error:
            newer = read_manifest(folder)
            if newer.generation == manifest.generation:
                raise IndexCorruptError(
                    f"{error.filename}: is missing: restore the folder from a copy, or build the index again"
                ) from error
            manifest = newer  # a writer replaced the files while they were being opened
