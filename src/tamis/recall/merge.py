"""Merging: many small segments become one, while others read and write the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tamis.core import Progress
from tamis.recall import ann
from tamis.recall.documents import Positions
from tamis.recall.manifest import Manifest, SegmentRecord
from tamis.recall.segment import Segment, mapped
from tamis.recall.snapshot import open_snapshot
from tamis.recall.store import Transaction, merging, next_generation, writing
from tamis.recall.writer import join, moved, without

LIKE = 8  # segments of like size that become one, and how much larger the next size is
SMALLEST = 512  # documents up to which segments are of one size
LARGEST = 2_000_000  # documents of a segment
DELETED = 0.25  # share of deleted documents above which their room is taken back


def due(segments: Sequence[SegmentRecord], most: int = LARGEST) -> tuple[SegmentRecord, ...]:
    """Segments that should become one; none where all is well.

    Each document is copied once a size, so adding many documents little by little costs their logarithm.

    Args:
        segments: those of the index.
        most: documents that the new segment may have.
    """
    sizes = defaultdict(list)
    for record in segments:
        sizes[_size(record)].append(record)
    for size in sorted(sizes):
        if len(sizes[size]) >= LIKE and (chosen := _within(sizes[size], most)):
            return chosen
    sparse = [record for record in segments if record.gone > DELETED * record.documents and record.live <= most]
    return tuple(sparse[:1])


def _size(record: SegmentRecord) -> int:
    return int(np.log(max(record.live, SMALLEST) / SMALLEST) / np.log(LIKE))


def _within(segments: Sequence[SegmentRecord], most: int) -> tuple[SegmentRecord, ...]:
    """As many as may become one, if that is more than one."""
    together = np.cumsum([record.live for record in segments])
    chosen = tuple(segments[: int(np.searchsorted(together, most, side="right"))])
    return chosen if len(chosen) > 1 else ()


def exchanged(
    segments: Sequence[SegmentRecord], old: Sequence[SegmentRecord], new: SegmentRecord
) -> tuple[SegmentRecord, ...]:
    """The segments with ``new`` where the first of ``old`` stood."""
    gone = {record.files["documents"] for record in old}
    at = next(place for place, record in enumerate(segments) if record.files["documents"] in gone)
    kept = [record for record in segments if record.files["documents"] not in gone]
    return tuple([*kept[:at], new, *kept[at:]]) if new.live else tuple(kept)


def graphed(
    record: SegmentRecord, files: Transaction, manifest: Manifest, documents: int, progress: Progress | None = None
) -> SegmentRecord:
    """The segment with a graph, if it is to have one in an index of so many documents."""
    if "vectors" not in record.files or "graph" in record.files or not ann.wanted(manifest.ann, documents, record.live):
        return record
    files.close_files()
    # Named after the vectors, which may be of an earlier generation, where others have their names from.
    name, output = files.output(record.files["vectors"].replace("-", "_").replace("vectors.npy", "graph.faiss"))
    ann.build_graph(mapped(files.folder / record.files["vectors"]), output, progress)
    return replace(record, files={**record.files, "graph": name})


def joined(segments: Sequence[Segment], files: Transaction, manifest: Manifest, prefix: str) -> SegmentRecord:
    """One segment of what several hold, without its graph."""
    encoder = manifest.encoder
    record = join(segments, files, encoder.dimension if encoder else None, prefix)
    files.close_files()
    return record


def merge(folder: Path, progress: Progress | None = None) -> Manifest | None:
    """Do the next merge that is due; None where none is. Writers wait only for its last moment.

    Raises:
        IndexStoreError: another process is merging this index.
        StorageError: the disk refused; the index is what it was.
    """
    with merging(folder):
        snapshot = open_snapshot(folder, digests=False)
        before = snapshot.manifest
        chosen = due(before.segments)
        if not chosen:
            return None
        sources = [segment for segment in snapshot.corpus.segments if segment.record in chosen]
        with Transaction(folder, next_generation(folder), "m") as files:
            record = joined(sources, files, before, "")
            if record.live:
                record = graphed(record, files, before, before.documents, progress)
            files.close_files()
            with writing(folder, wait=True):
                now = open_snapshot(folder, digests=False)
                newest = {segment.record.files["documents"]: segment for segment in now.corpus.segments}
                if any(own.files["documents"] not in newest for own in chosen):
                    return now.manifest  # the index was built anew: what was merged is no longer in it
                late = _deleted_since(sources, [newest[own.files["documents"]] for own in chosen])
                if len(late):
                    record = without(Segment(folder, record), late, files, "late_")
                segments = exchanged(now.manifest.segments, chosen, record)
                whole = replace(now.manifest, generation=next_generation(folder), segments=segments)
                return files.commit(whole, kept=now.manifest.files)


def _deleted_since(then: Sequence[Segment], now: Sequence[Segment]) -> Positions:
    """Rows of the merged segment whose documents were deleted while it was written."""
    found = [np.zeros(0, dtype=np.int64)]
    for segment, new in zip(now, moved(then), strict=True):
        if segment.alive is not None:
            rows = new[~segment.alive]
            found.append(rows[rows >= 0].astype(np.int64))
    return np.concatenate(found)
