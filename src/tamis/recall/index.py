"""The index: documents that can be found by their words, by their meaning, or by both."""

from __future__ import annotations

import operator
import shutil
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from tamis.core import Document, Encoder, Progress, Query, Ranking, Vectors, as_query
from tamis.errors import IndexMismatchError, InputError
from tamis.extras import require
from tamis.recall import store, write
from tamis.recall.build import build
from tamis.recall.documents import Positions, Source
from tamis.recall.fuse import Fusion, Weighted
from tamis.recall.manifest import Ann, EncoderRecord, Manifest, read_manifest
from tamis.recall.merge import merge
from tamis.recall.snapshot import MODES, Encode, Mode, Snapshot, open_snapshot
from tamis.recall.writer import encoded, segmenter


class Index:
    """Documents that can be searched, in a folder; made by ``build`` or ``open``, never by the constructor.

    Every write is one step: a crash in the middle leaves what was there before. Searches run beside writes and see the
    index as it was when they began; any number of threads may search, and each gets what it would get alone.

    >>> index = Index.build([{"id": "a", "text": "A tamis is a drum sieve."}, {"id": "b", "text": "雨"}], encoder=None)
    >>> [(c.doc.id, round(c.score, 3)) for c in index.search("drum sieves", k=10)]
    [('a', 0.666)]
    >>> index.add([{"id": "c", "text": "A drum."}]), index.delete(["a"]), len(index)
    (1, 1, 2)
    >>> [c.doc.id for c in index.search("drum sieves")]
    ['c']
    """

    def __init__(self, snapshot: Snapshot, encoder: Encoder | None) -> None:
        self._snapshot, self._encoder = snapshot, encoder
        self._writing, self._loading = threading.Lock(), threading.Lock()

    @classmethod
    def build(
        cls,
        documents: Source,
        path: str | Path | None = None,
        *,
        encoder: str | Path | Encoder | None = "e5-small",
        ann: Ann = "auto",
        replace: bool = False,
        resume: bool = False,
        progress: Progress | None = None,
    ) -> Index:
        """Make an index. Memory does not grow with the documents, less 530 bytes for each vector of a graph.

        Args:
            documents: strings, mappings with a ``text``, or Documents; read once, block by block.
            path: the folder to make; None keeps the index in a temporary folder as long as the object lives.
            encoder: makes the vectors; None leaves dense and hybrid search out.
            ann: approximate dense search; "auto" from 50,000 documents on, where faiss is installed.
            replace: take the place of an index that is in the folder; it stays readable until the new one is whole.
            resume: go on where a build of the same documents was interrupted in this folder; they are read again, and
                only those that are new are encoded.
            progress: called with (documents done, documents in all or None).

        Raises:
            InputError: an item is no document, an id stands twice, or the folder holds something already.
            MissingExtraError: ``ann=True`` and faiss is not installed.
            StorageError: the disk refused; what was there before is unharmed.
        """
        if ann not in (True, False, "auto"):
            raise InputError(f'ann must be True, False or "auto", got {ann!r}')
        if ann is True:
            require("faiss")
        spec = _lasting(encoder) if isinstance(encoder, (str, Path)) else ""
        model = _loaded(encoder) if isinstance(encoder, (str, Path)) else encoder
        made_by = EncoderRecord(spec, model.fingerprint, model.dimension) if model is not None else None
        blank = Manifest(0, 0, made_by, segmenter(), ann)
        with write.new_folder(path, replace, resume) as folder:
            index = cls(Snapshot(folder, build(folder, blank, documents, model, progress, resume)), model)
        if path is None:
            weakref.finalize(index, shutil.rmtree, folder, ignore_errors=True)
        return index

    @classmethod
    def open(cls, path: str | Path, *, encoder: str | Path | Encoder | None = None, verify: bool = True) -> Index:
        """Open an index folder; its arrays are mapped, so that only what a search touches is read.

        Args:
            path: the folder.
            encoder: what made the vectors, when it was given as an object; otherwise it is loaded when first needed.
            verify: compare every byte with its digest; False compares only the files' sizes.

        Raises:
            IndexStoreError: the folder holds no index.
            IndexCorruptError: a file's bytes are not those that were written; the message names it.
            IndexMismatchError: another encoder or a newer version of tamis made the index.
        """
        index = cls(open_snapshot(Path(path), digests=verify), None)
        if encoder is not None:
            model = _loaded(encoder) if isinstance(encoder, (str, Path)) else encoder
            index._encoder = _same(index._snapshot, model)
        return index

    def __len__(self) -> int:
        return self._snapshot.manifest.documents

    @property
    def path(self) -> Path:
        """The folder."""
        return self._snapshot.folder

    @property
    def has_vectors(self) -> bool:
        """Whether dense and hybrid search are possible."""
        return self._snapshot.manifest.encoder is not None

    def get(self, doc_id: str) -> Document:
        """The document of an id.

        Raises:
            InputError: the index has no such document.
        """
        snapshot = self._snapshot
        return snapshot.corpus.read(_positions(snapshot, [doc_id]))[0]

    def documents(self) -> Iterator[Document]:
        """Every document, by id."""
        return self._snapshot.corpus.documents()

    def add(self, documents: Source, *, progress: Progress | None = None) -> int:
        """Add documents, all or none; only they are encoded. Returns how many.

        Raises:
            InputError: an id is in the index already, or stands twice.
            IndexStoreError: another process is writing this index.
            StorageError: the disk refused; the index is what it was.
        """
        with self._changing() as snapshot:
            snapshot.check_segmenter()
            encoder = self._model(snapshot) if snapshot.manifest.encoder else None
            manifest = write.add(snapshot, documents, encoder, progress)
            self._snapshot = Snapshot(snapshot.folder, manifest)
            return manifest.added - snapshot.manifest.added

    def delete(self, ids: Iterable[str]) -> int:
        """Delete documents, all or none. Returns how many.

        Raises:
            InputError: an id is not in the index.
            IndexStoreError: another process is writing this index.
            StorageError: the disk refused; the index is what it was.
        """
        if isinstance(ids, str):
            raise InputError(f"ids must be a list of ids, got one str: write delete([{ids!r}])")
        with self._changing() as snapshot:
            positions = _positions(snapshot, ids)
            if len(positions):
                self._snapshot = Snapshot(snapshot.folder, write.delete(snapshot, positions))
            return len(positions)

    def merge(self, *, progress: Progress | None = None) -> int:
        """Make few segments of many, as far as that pays; searches and writes go on meanwhile. Returns how many merges.

        ``add`` and ``delete`` merge small segments themselves; what takes longer is left to this, for a moment that
        suits, or another process: ``tamis index DIR --merge``.

        Raises:
            IndexStoreError: another process is merging this index.
            StorageError: the disk refused; the index is what it was.
        """
        done = 0
        while merge(self.path, progress) is not None:
            done += 1
        self.refresh()
        return done

    def refresh(self) -> bool:
        """Take up what others have written since this index was opened; whether there was something.

        Raises:
            IndexStoreError: the folder holds no index any more.
            IndexMismatchError: another version of tamis, or another encoder than the given one, made it meanwhile.
            IndexCorruptError: a file has another size than it was written with.
        """
        if read_manifest(self.path).generation == self._snapshot.manifest.generation:
            return False
        newer = open_snapshot(self.path, digests=False)
        if self._encoder is not None:
            _same(newer, self._encoder)
        self._snapshot = newer
        return True

    @overload
    def search(  # type: ignore[overload-overlap]  # a str is a Sequence[str] too; the first signature wins
        self, queries: str | Query, k: int = 100, *, mode: Mode = "auto", fusion: Fusion | None = None
    ) -> Ranking: ...
    @overload
    def search(
        self,
        queries: Sequence[Query] | Sequence[str],
        k: int = 100,
        *,
        mode: Mode = "auto",
        fusion: Fusion | None = None,
    ) -> list[Ranking]: ...
    def search(
        self,
        queries: str | Query | Sequence[Query] | Sequence[str],
        k: int = 100,
        *,
        mode: Mode = "auto",
        fusion: Fusion | None = None,
    ) -> Ranking | list[Ranking]:
        """The best documents of each query, at most ``k``; equal scores go by document id.

        Args:
            queries: one query gives one ranking, a sequence gives a list in its order.
            k: most candidates of a ranking; BM25 finds only documents that share a token with the query.
            mode: "bm25", "dense", "hybrid", or "auto", which is hybrid where the index has vectors and bm25 elsewhere.
            fusion: how hybrid search weighs its stages; None is ``Weighted(dense=0.7)``.

        Raises:
            InputError: a query is blank, ``k`` is below 1, the mode is unknown or needs vectors that are not there.
            IndexMismatchError: the encoder or the segmenter is not the one that made the index.
        """
        single = isinstance(queries, (str, Query)) or not isinstance(queries, Iterable)  # the latter is refused below
        given: Any = [queries] if single else queries
        asked = [as_query(query) for query in given]
        snapshot = self._snapshot
        chosen, how = _mode(snapshot, mode), fusion if fusion is not None else Weighted()
        rankings = snapshot.search(asked, _count(k), chosen, self._encode(snapshot), how)
        return rankings[0] if single else rankings

    def rank(
        self, query: str | Query, ids: Iterable[str], *, mode: Mode = "auto", fusion: Fusion | None = None
    ) -> Ranking:
        """Given documents of the index, all of them, ordered by what the index knows; BM25 counts the whole index.

        Raises:
            InputError: the query is blank, the index has no document of an id, or the mode needs vectors.

        >>> index = Index.build([{"id": "a", "text": "A drum."}, {"id": "b", "text": "Rain."}], encoder=None)
        >>> [(c.doc.id, c.score > 0) for c in index.rank("drum", ["b", "a"])]
        [('a', True), ('b', False)]
        """
        snapshot = self._snapshot
        positions = _positions(snapshot, ids)
        chosen, how = _mode(snapshot, mode), fusion if fusion is not None else Weighted()
        return snapshot.rank(as_query(query), positions, chosen, self._encode(snapshot), how)

    def retriever(self, mode: Mode = "auto", *, fusion: Fusion | None = None) -> IndexRetriever:
        """This index as a Retriever of one mode."""
        return IndexRetriever(self, mode, fusion)

    @contextmanager
    def _changing(self) -> Iterator[Snapshot]:
        """The newest generation, with the right to write the next one."""
        with self._writing, store.writing(self.path):
            manifest = read_manifest(self.path)
            store.sweep(self.path, manifest)
            if manifest.generation != self._snapshot.manifest.generation:
                self._snapshot = open_snapshot(self.path, digests=False)
            yield self._snapshot

    def _encode(self, snapshot: Snapshot) -> Encode:
        """What turns queries into vectors for this generation; the encoder is loaded when first called."""

        def encode(texts: Sequence[str]) -> Vectors:
            from tamis.text import clean

            return encoded(self._model(snapshot), [clean(text) for text in texts], "query")

        return encode

    def _model(self, snapshot: Snapshot) -> Encoder:
        """The encoder, loaded by the spec in the manifest when it was not given."""
        with self._loading:
            if self._encoder is None:
                record = snapshot.manifest.encoder
                if record is None or not record.spec:
                    raise InputError(
                        f"{self.path}: an Encoder object made its vectors: pass it, Index.open(path, encoder=...)"
                    )
                self._encoder = _loaded(record.spec)
            return _same(snapshot, self._encoder)  # each time: another process may have built the index anew


@dataclass(frozen=True, slots=True)
class IndexRetriever:
    """One mode of an index, as a Retriever."""

    index: Index
    mode: Mode = "auto"
    fusion: Fusion | None = None

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking of at most ``k`` candidates for each query."""
        return self.index.search(queries, k, mode=self.mode, fusion=self.fusion)

    def refresh(self) -> bool:
        """Take up what others have written to the index; whether there was something."""
        return self.index.refresh()

    def rank(self, query: Query, ids: Iterable[str]) -> Ranking:
        """Given documents of the index, all of them, ordered as ``search`` would."""
        return self.index.rank(query, ids, mode=self.mode, fusion=self.fusion)


def _loaded(spec: str | Path) -> Encoder:
    from tamis.score import load_encoder

    return load_encoder(spec)


def _lasting(spec: str | Path) -> str:
    from tamis.score.load import lasting

    return lasting(spec)


def _same(snapshot: Snapshot, encoder: Encoder) -> Encoder:
    """The encoder, if it made the index."""
    record = snapshot.manifest.encoder
    if record is None:
        raise IndexMismatchError(
            f"{snapshot.folder}: has no vectors, so an encoder is of no use: open it without one, or build it again"
        )
    if encoder.fingerprint != record.fingerprint:
        raise IndexMismatchError(
            f"{snapshot.folder}: its vectors were made by encoder {record.spec or 'object'!r} "
            f"({record.fingerprint}), this one is {encoder.fingerprint}: open it with that encoder, or build it again"
        )
    return encoder


def _positions(snapshot: Snapshot, ids: Iterable[str]) -> Positions:
    """Where documents stand, ascending, each once."""
    wanted = list(ids)
    for doc_id in wanted:
        if not isinstance(doc_id, str):
            raise InputError(f"a document id is a str, got {type(doc_id).__name__} {doc_id!r:.80}")
    found = snapshot.corpus.find(wanted)
    if (absent := np.flatnonzero(found < 0)).size:
        raise InputError(f"document id {wanted[int(absent[0])]!r} is not in the index")
    return np.unique(found)


def _mode(snapshot: Snapshot, mode: Mode) -> Mode:
    if mode not in MODES:
        raise InputError(f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
    if snapshot.manifest.encoder is not None:
        return "hybrid" if mode == "auto" else mode
    if mode in ("dense", "hybrid"):
        raise InputError(f'{snapshot.folder}: was built with encoder=None, so mode {mode!r} is impossible: use "bm25"')
    return "bm25"


def _count(k: int) -> int:
    try:
        count = operator.index(k)
    except TypeError:
        raise InputError(f"k must be a whole number of at least 1, got {k!r}") from None
    if count < 1:
        raise InputError(f"k must be at least 1, got {count}")
    return count
