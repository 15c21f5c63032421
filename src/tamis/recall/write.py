"""How an index changes: documents are added or deleted, and segments are merged, always as one new generation."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tamis.core import Encoder, Progress
from tamis.errors import InputError, StorageError
from tamis.recall import ann
from tamis.recall.bm25 import build_matrix
from tamis.recall.documents import Corpus, Positions, Source, blocks, stream
from tamis.recall.manifest import MANIFEST, Manifest
from tamis.recall.segment import Fresh, Indexer, SegmentWriter, copy, open_segment
from tamis.recall.snapshot import Snapshot
from tamis.recall.store import Transaction, holds_only_leftovers, next_generation, sweep, writing

BLOCK = 512  # documents read and encoded at once
CHARACTERS = 4_000_000  # characters at which a block is cut short
SEGMENTS = 8  # more are merged into one
DELETED = 0.25  # share of deleted documents above which their room is taken back


@contextmanager
def new_folder(path: str | Path | None, replace: bool) -> Iterator[Path]:
    """The folder of a new index and the right to write it; None makes a temporary one, which goes if the build fails.

    Raises:
        InputError: the path is a file, or a folder that holds something else, or an index and ``replace`` is false.
        IndexStoreError: another process is writing it.
        StorageError: the folder cannot be made.
    """
    folder = Path(path) if path is not None else Path(tempfile.mkdtemp(prefix="tamis-index-"))
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: an index is a folder, and this is a file: choose another path")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot make this folder ({error.strerror}): choose another path") from error
    try:
        with writing(folder):
            _make_room(folder, replace)
            yield folder
    except BaseException:
        if path is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_room(folder: Path, replace: bool) -> None:
    """Refuse a folder that holds something else; remove what a build that did not finish left there."""
    if (folder / MANIFEST).exists():
        if not replace:
            raise InputError(f"{folder}: holds an index already: Index.open it and add, or build with replace=True")
    elif holds_only_leftovers(folder):
        sweep(folder, None)
    else:
        raise InputError(f"{folder}: is neither empty nor an index: choose another path")


def add(
    folder: Path,
    base: Manifest | Snapshot,
    documents: Source,
    encoder: Encoder | None,
    progress: Progress | None,
) -> Manifest:
    """Write documents as a new segment of the present index, or as the first one of a new index.

    Raises:
        InputError: an item is no document, or an id is there already; nothing is written.
        StorageError: the disk refused; the index is what it was.
    """
    snapshot = base if isinstance(base, Snapshot) else None
    manifest = base.manifest if isinstance(base, Snapshot) else base
    total = len(documents) if isinstance(documents, Sized) else None
    fresh = Fresh(snapshot.corpus if snapshot else None)
    indexer = Indexer(dict(snapshot.vocabulary) if snapshot else {}, encoder)
    known = len(indexer.vocabulary)
    with Transaction(folder, next_generation(folder)) as files:
        segment = SegmentWriter(files, encoder.dimension if encoder is not None else None)
        for block in blocks(stream(documents, manifest.added), BLOCK, CHARACTERS):
            fresh.check(block)
            indexer.write(block, segment)
            if progress:
                progress(segment.documents, total)
        record = segment.finish(list(indexer.vocabulary)[known:])
        grown = replace(
            manifest,
            added=manifest.added + record.documents,
            segments=(*manifest.segments, record) if record.documents else manifest.segments,
        )
        return _Generation(files, grown, snapshot, indexer.vocabulary).commit(deleted=())


def delete(snapshot: Snapshot, positions: Sequence[int]) -> Manifest:
    """Write the index without some documents.

    Raises:
        StorageError: the disk refused; the index is what it was.
    """
    with Transaction(snapshot.folder, next_generation(snapshot.folder)) as files:
        return _Generation(files, snapshot.manifest, snapshot, snapshot.vocabulary).commit(deleted=positions)


@dataclass(frozen=True, slots=True)
class _Generation:
    """A generation in the making: its segments are written, what covers all of them is not.

    Attributes:
        files: where it is written.
        manifest: names the segments.
        before: what it changes, if anything.
        vocabulary: every token's number, in the order of the numbers.
    """

    files: Transaction
    manifest: Manifest
    before: Snapshot | None
    vocabulary: Mapping[str, int]

    def commit(self, deleted: Sequence[int]) -> Manifest:
        """Merge if need be, compute what covers all segments, and make it the index."""
        self.files.close_files()
        manifest, corpus = self.manifest, self._corpus(self.manifest)
        live, graph = self._live(corpus, deleted), manifest.shared.get("graph")
        if len(manifest.segments) > SEGMENTS or len(live) < (1 - DELETED) * len(corpus):
            graph = graph if len(live) == len(corpus) else None  # its numbers are positions, which now move
            manifest = self._merged(corpus, live)
            corpus = self._corpus(manifest)
            live = np.arange(len(corpus))
        shared = {**self._lexical(corpus, live), **self._graph(corpus, live, graph)}
        complete = replace(manifest, generation=self.files.generation, documents=len(live), shared=shared)
        return self.files.commit(complete, kept=self.before.manifest.files if self.before else {})

    def _corpus(self, manifest: Manifest) -> Corpus:
        segments = [open_segment(self.files.folder, part) for part in manifest.segments]
        return Corpus(segments, np.zeros(0, dtype=np.int64))

    def _live(self, corpus: Corpus, deleted: Sequence[int]) -> Positions:
        found = np.ones(len(corpus), dtype=bool)
        if self.before is not None:
            found[: len(self.before.found)] = self.before.found
        found[list(deleted)] = False
        return np.flatnonzero(found)

    def _merged(self, corpus: Corpus, live: Positions) -> Manifest:
        """All live documents as one segment. The vocabulary stays whole, so that token ids stay what they are."""
        if not len(live):
            return replace(self.manifest, segments=())
        encoder = self.manifest.encoder
        merged = SegmentWriter(self.files, encoder.dimension if encoder else None, prefix="merged_")
        copy(corpus, live, merged)
        record = merged.finish(list(self.vocabulary))
        self.files.close_files()
        return replace(self.manifest, segments=(record,))

    def _lexical(self, corpus: Corpus, live: Positions) -> Mapping[str, str]:
        """What is computed anew at each write: the order of the ids, and the BM25 scores."""
        parts = [
            (segment, live[(live >= first) & (live < first + len(segment.ids))] - first)
            for first, segment in zip(corpus.starts, corpus.segments, strict=False)
        ]
        ids = [row.tobytes() for segment, kept in parts for row in segment.ids.rows(kept)]
        order = live[np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)]
        tokens = [(segment.tokens, kept) for segment, kept in parts]
        matrix = build_matrix(tokens, len(self.vocabulary), self.manifest.bm25)
        return {
            "order": self.files.array("order", order),
            "bm25_data": self.files.array("bm25_data", matrix.data),
            "bm25_rows": self.files.array("bm25_rows", matrix.rows),
            "bm25_start": self.files.array("bm25_start", matrix.start),
        }

    def _graph(self, corpus: Corpus, live: Positions, earlier: str | None) -> Mapping[str, str]:
        """The graph of the vectors, if this index is to have one; an earlier one of the first positions is added to."""
        encoder = self.manifest.encoder
        if encoder is None or not ann.wanted(self.manifest.ann, len(live)):
            return {}
        if earlier is not None and self.before is not None and len(corpus) == len(self.before.corpus):
            return {"graph": earlier}
        name, output = self.files.output("graph.faiss")
        path = self.files.folder / earlier if earlier is not None else None
        output.write(ann.build_graph(corpus, encoder.dimension, path))
        return {"graph": name}
