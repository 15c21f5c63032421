"""A new index from a stream of documents, in bounded memory; one that is interrupted can go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from dataclasses import replace
from itertools import chain
from pathlib import Path

from tamis.core import Document, Encoder, Progress
from tamis.errors import IndexStoreError, InputError
from tamis.recall import merge, write
from tamis.recall.documents import Source, blocks, id_text, stream
from tamis.recall.manifest import MANIFEST, Manifest, SegmentRecord, read_manifest
from tamis.recall.segment import Segment
from tamis.recall.store import BUILDING, Transaction, check, next_generation, sweep


def build(
    folder: Path,
    blank: Manifest,
    documents: Source,
    encoder: Encoder | None,
    progress: Progress | None,
    resume: bool,
) -> Manifest:
    """Write an index: segments of bounded size, each a point to go on from, then all of them as few large ones.

    Raises:
        InputError: an item is no document, an id stands twice, or what is read is not what the interrupted build read.
        StorageError: the disk refused.
    """
    earlier = _interrupted(folder, blank) if resume else None
    if earlier is None:
        sweep(folder, read_manifest(folder) if (folder / MANIFEST).exists() else None)
    manifest = earlier or replace(blank, generation=next_generation(folder))
    with Transaction(folder, manifest.generation, written=manifest.files) as files:
        manifest = _read(files, manifest, documents, encoder, progress)
        return _finish(files, manifest, progress)


def _interrupted(folder: Path, blank: Manifest) -> Manifest | None:
    """What an interrupted build had written, or None where there was none.

    Raises:
        InputError: it was told otherwise than this one.
        IndexCorruptError: its files are not those that were written.
    """
    if not (folder / BUILDING).exists():
        return None
    manifest = read_manifest(folder, BUILDING)
    if _told(manifest) != _told(blank):
        raise InputError(
            f"{folder}: the interrupted build had other settings ({_told(manifest)}, now {_told(blank)}): "
            "give the same ones, or build without resume"
        )
    try:
        check(folder, manifest, digests=True)
    except FileNotFoundError as error:
        raise IndexStoreError(
            f"{folder}: {error.filename} of the interrupted build is missing: build without resume"
        ) from error
    kept = read_manifest(folder).files if (folder / MANIFEST).exists() else {}
    for path in folder.iterdir():  # what was being written when it was interrupted
        if path.name.startswith(f"g{manifest.generation:08d}-") and path.name not in {*manifest.files, *kept}:
            path.unlink()
    return manifest


def _told(manifest: Manifest) -> tuple[object, ...]:
    return (manifest.encoder, manifest.segmenter, manifest.ann, manifest.bm25)


def _read(
    files: Transaction, manifest: Manifest, documents: Source, encoder: Encoder | None, progress: Progress | None
) -> Manifest:
    """Write all documents, with a checkpoint after each full segment."""
    runs = write.Runs(files, encoder, 0, write.none_yet(), progress, done=manifest.added, number=len(manifest.segments))
    total = len(documents) if isinstance(documents, Sized) else None
    given = stream(documents, 0)
    for record in manifest.segments:
        segment = Segment(files.folder, record)
        _passed(segment, given)
        runs.fresh.wrote(segment)
    for record in runs.write_some(blocks(given, write.BLOCK, write.CHARACTERS), total):
        manifest = replace(manifest, segments=(*manifest.segments, record), added=manifest.added + record.documents)
        if record.documents >= write.RUN or record.length >= write.TOKENS:
            files.checkpoint(manifest)
    return manifest


def _passed(segment: Segment, given: Iterator[Document]) -> None:
    """Read again what a segment holds.

    Raises:
        InputError: another document comes than came then.
    """
    for row in range(len(segment)):
        document, kept = next(given, None), id_text(segment.id(row))
        if document is None or document.id != kept:
            got = "no more documents" if document is None else f"document {document.id!r:.80}"
            raise InputError(
                f"the interrupted build read document {kept!r:.80} where {got} came now: "
                "give the same documents, or build without resume"
            )


def _finish(files: Transaction, manifest: Manifest, progress: Progress | None) -> Manifest:
    """Make few large segments of many small ones, give them their graphs, and make it the index."""
    if len(manifest.segments) > 1:
        files.checkpoint(manifest)
    made = [
        part[0] if len(part) == 1 else merge.joined(_open(files, part), files, manifest, f"j{number}_")
        for number, part in enumerate(_parts(manifest.segments))
    ]
    if len(made) < len(manifest.segments):
        files.checkpoint(replace(manifest, segments=tuple(made)))
    for at, record in enumerate(made):
        made[at] = merge.graphed(record, files, manifest, manifest.documents, progress)
        if at + 1 < len(made):
            files.checkpoint(replace(manifest, segments=tuple(made)))
    return files.commit(replace(manifest, segments=tuple(made)), kept={})


def _open(files: Transaction, records: Sequence[SegmentRecord]) -> list[Segment]:
    return [Segment(files.folder, record) for record in records]


def _parts(segments: Sequence[SegmentRecord]) -> list[list[SegmentRecord]]:
    """Neighbours that become one segment."""
    parts: list[list[SegmentRecord]] = []
    for record in segments:
        if parts and sum(own.documents for own in chain(parts[-1], [record])) <= merge.LARGEST:
            parts[-1].append(record)
        else:
            parts.append([record])
    return parts
