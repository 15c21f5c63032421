"""A segment: documents that were written together, open for reading; some may have been deleted since."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Vectors
from tamis.errors import IndexCorruptError
from tamis.filters import Filter
from tamis.recall.columns import Columns, blank
from tamis.recall.documents import Positions, Ragged
from tamis.recall.manifest import SegmentRecord
from tamis.recall.postings import Postings, Rows, Terms

MASKS = 32  # filters whose documents are remembered
_decoded = json.JSONDecoder().raw_decode  # our own lines: what json.loads tries first takes as long as the rest


class Segment:
    """Arrays mapped from files, so that only what is read is in memory; rows are numbered from 0.

    Attributes:
        record: which files they are.
        vectors: shape ``(documents, dimension)``, or None.
        alive: which documents can be found, shape ``(documents,)``; None where all can.
        gone: tokens of deleted documents, and how many of these hold each.
    """

    def __init__(self, folder: Path, record: SegmentRecord) -> None:
        self.record = record
        self._folder = folder
        self.lines: Ragged[np.uint8] = Ragged(_bytes(self._path("documents")), self._array("documents_start"))
        self.ids: Ragged[np.uint8] = Ragged(self._array("ids"), self._array("ids_start"))
        self.rank: Rows = self._array("ids_rank")
        self._hashes, self._hashed = self._array("ids_hash"), self._array("ids_row")
        self.vectors: Vectors | None = self._array("vectors") if "vectors" in record.files else None
        self.postings = Postings(*(self._array(kind) for kind in ("terms", "terms_start", "rows", "counts", "lengths")))
        self.alive: NDArray[np.bool_] | None = None
        self.gone: tuple[Terms, Rows] = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        if record.gone:
            self.alive = np.ones(record.documents, dtype=bool)
            self.alive[self._array("gone")] = False
            self.gone = self._array("gone_terms"), self._array("gone_counts")
        self.columns = self._columns()  # opened now, as all is: another process may take files away meanwhile
        self._masks: OrderedDict[str, NDArray[np.bool_]] = OrderedDict()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        """Rows, those of deleted documents included."""
        return self.record.documents

    @property
    def graph(self) -> Path | None:
        """The file of the graph over its vectors, if it has one."""
        return self._path("graph") if "graph" in self.record.files else None

    @cached_property
    def live(self) -> Positions:
        """Rows of documents that can be found."""
        return np.arange(len(self)) if self.alive is None else np.flatnonzero(self.alive)

    @cached_property
    def in_order(self) -> Positions:
        """Rows of documents that can be found, by id."""
        order = np.empty(len(self), dtype=np.int64)
        order[self.rank] = np.arange(len(self))
        return order if self.alive is None else order[self.alive[order]]

    def id(self, row: int) -> bytes:
        """A document's id as it is sorted: in UTF-8, which keeps the order of code points."""
        return self.ids[row].tobytes()

    def read(self, rows: Sequence[int]) -> Iterator[Document]:
        """Read documents, in this order."""
        values: Any = self.lines.values
        lines = memoryview(values)
        bounds = zip(self.lines.start[rows].tolist(), self.lines.start[np.add(rows, 1)].tolist(), strict=True)
        for first, last in bounds:
            told, _ = _decoded(str(lines[first:last], "utf-8"))
            yield Document(told["id"], told["text"], told.get("title", ""), told.get("fields", {}))

    def find(self, ids: Sequence[bytes], hashes: Terms) -> Positions:
        """The row of each id, shape ``(len(ids),)``; -1 where no document that can be found has it.

        Args:
            ids: as they are sorted.
            hashes: ``digests(ids)``.
        """
        first = np.searchsorted(self._hashes, hashes)
        last = np.searchsorted(self._hashes, hashes, side="right")
        found = np.full(len(ids), -1, dtype=np.int64)
        for at in np.flatnonzero(last > first).tolist():
            for row in self._hashed[first[at] : last[at]].tolist():
                if (self.alive is None or self.alive[row]) and self.id(row) == ids[at]:
                    found[at] = row
        return found

    def frequencies(self, terms: Terms) -> NDArray[np.int64]:
        """How many documents that can be found hold each token."""
        held = np.array([part.stop - part.start for part in self.postings.places(terms)], dtype=np.int64)
        known, counts = self.gone
        if len(known):
            at = np.minimum(np.searchsorted(known, terms), len(known) - 1)
            held -= np.where(known[at] == terms, counts[at], 0)
        return held

    def admitted(self, only: Filter | None) -> NDArray[np.bool_] | None:
        """Which documents may be found under a filter, shape ``(documents,)``; None where all may."""
        if only is None:
            return self.alive
        name = json.dumps(only.as_json())  # not the filter itself: to Python, 1 is true
        with self._guard:
            if name in self._masks:
                self._masks.move_to_end(name)
                return self._masks[name]
        mask = self.columns.admitted(only)
        mask = mask if self.alive is None else mask & self.alive
        with self._guard:
            self._masks[name] = mask
            while len(self._masks) > MASKS:
                self._masks.popitem(last=False)
        return mask

    def _path(self, kind: str) -> Path:
        return self._folder / self.record.files[kind]

    def _array(self, kind: str) -> NDArray[Any]:
        return mapped(self._path(kind))

    def _columns(self) -> Columns:
        if "columns" not in self.record.files:
            return blank(len(self))
        told = json.loads(self._path("columns").read_bytes())
        values: Ragged[np.uint8] = Ragged(self._array("values"), self._array("values_start"))
        return Columns(tuple(told["names"]), self._array("codes"), values, told["start"])


def mapped(path: Path) -> NDArray[Any]:
    """A ``.npy`` file as a read-only array that is read from disk where it is touched.

    Raises:
        IndexCorruptError: the file is no such array.
    """
    try:
        # A plain array over the mapping: np.memmap runs Python code at every slice, a third of a rebuild's time.
        loaded: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError as error:
        raise IndexCorruptError(
            f"{path}: is not the array that was written ({error}): restore the folder from a copy, or build it again"
        ) from error
    return loaded


def _bytes(path: Path) -> NDArray[np.uint8]:
    if not path.stat().st_size:  # an empty file cannot be mapped
        return np.zeros(0, dtype=np.uint8)
    return np.asarray(np.memmap(path, mode="r", dtype=np.uint8))
