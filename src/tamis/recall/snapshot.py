"""One generation of an index, open for reading: its documents, and search in three modes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from tamis.core import BM25, DENSE, Candidate, Floats, Query, Ranking, Vectors
from tamis.errors import IndexCorruptError, IndexMismatchError
from tamis.extras import available
from tamis.filters import Filter
from tamis.recall.ann import Approximate
from tamis.recall.bm25 import Lexical
from tamis.recall.corpus import Corpus
from tamis.recall.documents import Positions
from tamis.recall.fuse import Fusion, fused
from tamis.recall.manifest import Manifest, read_manifest
from tamis.recall.postings import Terms, term
from tamis.recall.segment import Segment
from tamis.recall.store import check
from tamis.recall.top import top
from tamis.recall.vectors import Exact, Nearest, exact_scores
from tamis.recall.writer import segmenter

Mode: TypeAlias = Literal["auto", "bm25", "dense", "hybrid"]
MODES: tuple[Mode, ...] = ("auto", "bm25", "dense", "hybrid")
Encode: TypeAlias = Callable[[Sequence[str]], Vectors]

DEPTH = 100  # candidates that each stage of a hybrid search gives at least, so that small k only cuts larger k


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's tokens in its order, each with its weight."""

    terms: Terms
    weights: tuple[float, ...]


class Snapshot:
    """An unchanging index: any number of threads may search it, and it stays whole when a newer one is written.

    Attributes:
        folder: where the files are.
        manifest: what they are.
        corpus: the documents.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        segments = [Segment(folder, record) for record in manifest.segments]
        self.corpus = Corpus(segments)
        mean = manifest.length / max(1, manifest.documents)
        self._words = [Lexical(s.postings, manifest.bm25.norms(s.postings.lengths, mean)) for s in segments]
        graphs = manifest.ann is True or available("faiss")
        # Opened now: what is opened later could be gone, if another process has written meanwhile.
        self._nearest = [_nearest(segment, graphs) for segment in segments if segment.vectors is not None]

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
        near = zip(queries, self._near(queries, vectors, depth), vectors, strict=True)
        if mode == "dense":
            return [self._best(q, at, {DENSE: exact_scores(self.corpus, at, v)}, k) for q, at, v in near]
        return [self._hybrid(q, at, v, depth, k, fusion) for q, at, v in near]

    def rank(self, query: Query, positions: Positions, mode: Mode, encode: Encode, fusion: Fusion) -> Ranking:
        """Given documents, all of them, ordered as ``search`` would; ``positions`` ascend."""
        stages: dict[str, Floats] = {}
        if mode != "dense":
            stages[BM25] = self._lexical(self._asked(query), positions)
        if mode != "bm25":
            stages[DENSE] = exact_scores(self.corpus, positions, encode([query.text])[0])
        scores = {"hybrid": fused(fusion, query, stages), **stages} if mode == "hybrid" else stages
        return self._best(query, positions, scores, max(1, len(positions)))

    def _asked(self, query: Query) -> Asked:
        from tamis.text import segment

        self.check_segmenter()
        counts = Counter(segment(query.text))
        terms = np.array([term(token) for token in counts], dtype=np.uint64)
        held = np.zeros(len(terms), dtype=np.int64)
        for part in self.corpus.segments:
            held += part.frequencies(terms)
        number, weigh = self.manifest.documents, self.manifest.bm25.idf
        weights = [many * weigh(number, df) for many, df in zip(counts.values(), held.tolist(), strict=True)]
        return Asked(terms, tuple(weights))

    def _lexical(self, asked: Asked, positions: Positions) -> Floats:
        """BM25 of some documents; ``positions`` ascend."""
        found = np.zeros(len(positions))
        for number, here, rows in self.corpus.split(positions):
            found[here] = self._words[number].scores_of(rows.astype(np.int32), asked.terms, asked.weights)
        return found

    def _matches(self, asked: Asked, only: Filter | None, k: int) -> tuple[Positions, Floats]:
        """The best ``k`` by BM25, best first; documents that share no token with the query are no results."""
        places, scores = [np.zeros(0, np.int64)], [np.zeros(0)]
        for start, segment, words in zip(self.corpus.starts.tolist(), self.corpus.segments, self._words, strict=False):
            rows, found = words.best(asked.terms, asked.weights, k, segment.admitted(only))
            best = top(found, segment.rank[rows], k)
            places.append(start + rows[best].astype(np.int64))
            scores.append(found[best].astype(np.float64))
        positions, values = np.concatenate(places), np.concatenate(scores)
        if len(self.corpus.segments) > 1:
            best = top(values, self.corpus.ranks(positions), k)
            positions, values = positions[best], values[best]
        return positions, values

    def _matched(self, query: Query, k: int) -> Ranking:
        positions, values = self._matches(self._asked(query), query.where, k)
        return self._said(query, positions, {BM25: values})

    def _near(self, queries: Sequence[Query], vectors: Vectors, k: int) -> list[Positions]:
        """Positions of each query among which the nearest ``k`` are, ascending."""
        found: list[list[Positions]] = [[np.zeros(0, np.int64)] for _ in queries]
        together: dict[int, list[int]] = {}  # by the filter itself, not by what it equals: to Python, 1 is true
        for at, query in enumerate(queries):
            together.setdefault(id(query.where), []).append(at)
        for asked in together.values():
            only = queries[asked[0]].where
            for start, segment, nearest in zip(self.corpus.starts, self.corpus.segments, self._nearest, strict=False):
                rows = nearest.candidates(vectors[asked], k, segment.admitted(only))
                for at, own in zip(asked, rows, strict=True):
                    found[at].append(int(start) + own)
        return [np.concatenate(parts) for parts in found]

    def _hybrid(self, query: Query, near: Positions, vector: Vectors, depth: int, k: int, fusion: Fusion) -> Ranking:
        """The best of both stages, each scored by both: nothing is missing that would have to be guessed."""
        asked = self._asked(query)
        cosines = exact_scores(self.corpus, near, vector)
        near = near[top(cosines, self.corpus.ranks(near), depth)]
        matched, _ = self._matches(asked, query.where, depth)
        union = np.union1d(near, matched)
        stages = {BM25: self._lexical(asked, union), DENSE: exact_scores(self.corpus, union, vector)}
        return self._best(query, union, {"hybrid": fused(fusion, query, stages), **stages}, k)

    def _best(self, query: Query, positions: Positions, scores: Mapping[str, Floats], k: int) -> Ranking:
        """The best ``k`` by the first of the scores; equal scores by document id."""
        ordering = next(iter(scores.values()))
        best = top(ordering, self.corpus.ranks(positions), k)
        return self._said(query, positions[best], {stage: values[best] for stage, values in scores.items()})

    def _said(self, query: Query, positions: Positions, scores: Mapping[str, Floats]) -> Ranking:
        """Documents in this order, with what each stage said. Cosines say whose they are."""
        told = {stage: values.tolist() for stage, values in sorted(scores.items())}
        ordering = next(iter(scores.values())).tolist()
        items = []
        for at, document in enumerate(self.corpus.read(positions)):
            items.append(Candidate(document, ordering[at], {stage: values[at] for stage, values in told.items()}))
        encoder = self.manifest.encoder
        return Ranking(query, tuple(items), {DENSE: encoder.fingerprint} if encoder and DENSE in scores else {})


def _nearest(segment: Segment, graphs: bool) -> Nearest:
    assert segment.vectors is not None
    return Approximate(segment.graph, segment.vectors) if graphs and segment.graph else Exact(segment.vectors)


def open_snapshot(folder: Path, *, digests: bool) -> Snapshot:
    """The newest generation of an index folder.

    Raises:
        IndexStoreError: the folder holds no index.
        IndexMismatchError: another version of tamis made it.
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
