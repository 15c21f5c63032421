"""The documents of all segments, numbered through: positions are what search works with."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from tamis.core import Document, Vectors
from tamis.recall.documents import Positions, id_bytes
from tamis.recall.postings import Terms, digests
from tamis.recall.segment import Segment


class Corpus:
    """Segments one after the other; position ``starts[s] + row`` is a row of segment ``s``."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self.starts = np.cumsum([0, *(len(segment) for segment in segments)])

    def __len__(self) -> int:
        """Positions, those of deleted documents included."""
        return int(self.starts[-1])

    def segment_of(self, positions: Positions) -> Positions:
        """The number of each position's segment."""
        return np.searchsorted(self.starts, positions, side="right") - 1

    def split(self, positions: Positions) -> Iterator[tuple[int, Positions, Positions]]:
        """For each segment that holds some of the positions: its number, which of them, and their rows."""
        numbers = self.segment_of(positions)
        for number in np.unique(numbers).tolist():
            here = np.flatnonzero(numbers == number)
            yield number, here, positions[here] - self.starts[number]

    def read(self, positions: Positions) -> list[Document]:
        """Read documents, in this order."""
        found: dict[int, Document] = {}
        for number, here, rows in self.split(positions):
            found.update(zip(here.tolist(), self.segments[number].read(rows.tolist()), strict=True))
        return [found[at] for at in range(len(positions))]

    def find(self, ids: Sequence[str]) -> Positions:
        """The position of each id, shape ``(len(ids),)``; -1 where no document that can be found has it."""
        wanted = [id_bytes(name) for name in ids]
        return self.look_up(wanted, digests(wanted))

    def look_up(self, ids: Sequence[bytes], hashes: Terms) -> Positions:
        """The same for ids as they are sorted; see ``Segment.find``."""
        found = np.full(len(ids), -1, dtype=np.int64)
        for start, segment in zip(self.starts, self.segments, strict=False):
            rows = segment.find(ids, hashes)
            found = np.where(rows >= 0, start + rows, found)
        return found

    def documents(self) -> Iterator[Document]:
        """Every document that can be found, by id."""

        def of(segment: Segment) -> Iterator[tuple[bytes, int, Segment]]:
            return ((segment.id(row), row, segment) for row in segment.in_order.tolist())

        found = heapq.merge(*map(of, self.segments), key=lambda entry: entry[0])
        return (document for _, row, segment in found for document in segment.read([row]))

    def ranks(self, positions: Positions) -> Positions:
        """The order of the positions' ids among themselves."""
        if len(self.segments) == 1:
            return self.segments[0].rank[positions].astype(np.int64)
        ids = [b""] * len(positions)
        for number, here, rows in self.split(positions):
            segment = self.segments[number]
            for at, row in zip(here.tolist(), rows.tolist(), strict=True):
                ids[at] = segment.id(row)
        ranks = np.empty(len(positions), dtype=np.int64)
        ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        return ranks

    def vectors(self, positions: Positions) -> Vectors:
        """Vectors of some documents, shape ``(len(positions), dimension)``."""
        width = next((s.vectors.shape[1] for s in self.segments if s.vectors is not None), 0)
        found = np.empty((len(positions), width), dtype=np.float32)
        for number, here, rows in self.split(positions):
            vectors = self.segments[number].vectors
            assert vectors is not None  # the snapshot refuses dense search where there are no vectors
            found[here] = vectors[rows]
        return found
