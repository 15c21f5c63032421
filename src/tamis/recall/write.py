"""How an index changes: documents are added or deleted, always as one new generation."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tamis.core import Document, Encoder, Progress
from tamis.errors import InputError, StorageError
from tamis.recall import merge
from tamis.recall.corpus import Corpus
from tamis.recall.documents import Positions, Source, blocks, id_bytes, stream
from tamis.recall.manifest import MANIFEST, Manifest, SegmentRecord
from tamis.recall.postings import digests
from tamis.recall.segment import Segment
from tamis.recall.snapshot import Snapshot
from tamis.recall.store import Transaction, holds_only_leftovers, next_generation, sweep, writing
from tamis.recall.writer import Indexer, without

BLOCK = 512  # documents read and encoded at once
CHARACTERS = 4_000_000  # characters at which a block is cut short
RUN = 131_072  # documents after which a new segment begins
TOKENS = 1 << 23  # tokens after which one does
AT_ONCE = 16_384  # documents that a write merges by itself; more are left to ``merge``


@contextmanager
def new_folder(path: str | Path | None, replace: bool, resume: bool) -> Iterator[Path]:
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
            _make_room(folder, replace, resume)
            yield folder
    except BaseException:
        if path is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_room(folder: Path, replace: bool, resume: bool) -> None:
    """Refuse a folder that holds something else; remove what a build that did not finish left there."""
    if (folder / MANIFEST).exists():
        if not replace:
            raise InputError(f"{folder}: holds an index already: Index.open it and add, or build with replace=True")
    elif not holds_only_leftovers(folder):
        raise InputError(f"{folder}: is neither empty nor an index: choose another path")
    elif not resume:
        sweep(folder, None)


def add(snapshot: Snapshot, documents: Source, encoder: Encoder | None, progress: Progress | None) -> Manifest:
    """Write documents as new segments of the index.

    Raises:
        InputError: an item is no document, or an id is there already; nothing is written.
        StorageError: the disk refused; the index is what it was.
    """
    manifest, folder = snapshot.manifest, snapshot.folder
    with Transaction(folder, next_generation(folder)) as files:
        runs = Runs(files, encoder, manifest.added, Fresh(snapshot.corpus), progress)
        new = list(runs.write(documents))
        grown = replace(manifest, added=manifest.added + runs.done, segments=(*manifest.segments, *new))
        return commit(files, grown, manifest)


def delete(snapshot: Snapshot, positions: Positions) -> Manifest:
    """Write the index without some documents.

    Raises:
        StorageError: the disk refused; the index is what it was.
    """
    manifest, corpus = snapshot.manifest, snapshot.corpus
    segments = list(manifest.segments)
    with Transaction(snapshot.folder, next_generation(snapshot.folder)) as files:
        for number, _, rows in corpus.split(positions):
            segments[number] = without(corpus.segments[number], rows, files, f"d{number}_")
        return commit(files, replace(manifest, segments=tuple(segments)), manifest)


def commit(files: Transaction, manifest: Manifest, before: Manifest) -> Manifest:
    """Do the small merges that are due, and make it the index."""
    manifest = replace(manifest, segments=tuple(record for record in manifest.segments if record.live))
    number = 0
    while chosen := merge.due(manifest.segments, AT_ONCE):
        files.close_files()
        record = merge.joined([Segment(files.folder, own) for own in chosen], files, manifest, f"m{number}_")
        manifest = replace(manifest, segments=merge.exchanged(manifest.segments, chosen, record))
        number += 1
    segments = tuple(merge.graphed(record, files, manifest, manifest.documents) for record in manifest.segments)
    return files.commit(replace(manifest, generation=files.generation, segments=segments), kept=before.files)


@dataclass(slots=True)
class Runs:
    """Writes a stream of documents as segments, each small enough to be counted in memory.

    Attributes:
        files: where they are written.
        encoder: makes the vectors, if any.
        added: how many documents came before; names the next one that has no id.
        fresh: refuses ids that came before.
        progress: called with (documents done, documents in all or None).
        done: documents written so far, or read again after an interruption.
        number: segments written so far.
    """

    files: Transaction
    encoder: Encoder | None
    added: int
    fresh: Fresh
    progress: Progress | None
    done: int = 0
    number: int = 0

    def write(self, documents: Source) -> Iterator[SegmentRecord]:
        """Write all documents; a segment is given when it is whole.

        Raises:
            InputError: an item is no document, or an id came before.
        """
        total = len(documents) if isinstance(documents, Sized) else None
        return self.write_some(blocks(stream(documents, self.added), BLOCK, CHARACTERS), total)

    def write_some(self, parts: Iterable[Sequence[Document]], total: int | None) -> Iterator[SegmentRecord]:
        """The same for documents in blocks."""
        indexer: Indexer | None = None
        for block in parts:
            self.fresh.check(block)
            indexer = indexer or Indexer(self.files, self.encoder, f"s{self.number}_")
            indexer.write(block)
            self.done += len(block)
            if self.progress:
                self.progress(self.done, total)
            if indexer.tokens >= TOKENS or indexer.written.documents >= RUN:
                yield self._finished(indexer)
                indexer = None
        if indexer is not None:
            yield self._finished(indexer)

    def _finished(self, indexer: Indexer) -> SegmentRecord:
        record = indexer.finish()
        self.files.close_files()
        self.fresh.wrote(Segment(self.files.folder, record))
        self.number += 1
        return record


@dataclass(slots=True)
class Fresh:
    """Checks that ids are new, to the index and among themselves; those of written segments are asked on the disk."""

    corpus: Corpus
    _seen: set[str] = field(default_factory=set)
    _written: list[Segment] = field(default_factory=list)

    def check(self, documents: Sequence[Document]) -> None:
        """Remember the documents' ids.

        Raises:
            InputError: an id came before.
        """
        names = [document.id for document in documents]
        wanted = [id_bytes(name) for name in names]
        hashes = digests(wanted)
        there = self.corpus.look_up(wanted, hashes)
        earlier = Corpus(self._written).look_up(wanted, hashes)
        for at, name in enumerate(names):
            if name in self._seen or earlier[at] >= 0:
                raise InputError(f"document id {name!r} stands twice among the documents: ids must be unique")
            if there[at] >= 0:
                raise InputError(f"document id {name!r} is in the index already: delete([{name!r}]) first, then add")
            self._seen.add(name)

    def wrote(self, segment: Segment) -> None:
        """A segment with the ids so far is on the disk."""
        self._written.append(segment)
        self._seen.clear()


def none_yet() -> Fresh:
    """For an index without documents."""
    return Fresh(Corpus(()))
