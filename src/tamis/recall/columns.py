"""Documents' fields by field: each value once, and a number a document; what filters are held against."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document
from tamis.filters import Condition, Filter
from tamis.recall.documents import Ragged
from tamis.recall.postings import Rows

ABSENT = -1  # the code of a document that lacks the field
_ODD = b"[]"  # stands for a value that is no scalar, which no condition admits


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a segment's documents.

    Attributes:
        names: the fields.
        codes: which of its field's values each document has, shape ``(fields, documents)``; -1 where it has none.
        values: every field's values as JSON, one field after the other.
        start: where each field's values begin, shape ``(fields + 1,)``.
    """

    names: tuple[str, ...]
    codes: Rows
    values: Ragged[np.uint8]
    start: Sequence[int]

    def admitted(self, only: Filter) -> NDArray[np.bool_]:
        """Which documents a filter admits, shape ``(documents,)``."""
        found = np.ones(self.codes.shape[1], dtype=bool)
        for condition in only.conditions:
            found &= self._holds(condition)
        return found

    def _holds(self, condition: Condition) -> NDArray[np.bool_]:
        if condition.field not in self.names:
            return np.full(self.codes.shape[1], condition.admits({}))
        at = self.names.index(condition.field)
        told = [condition.admits({condition.field: json.loads(value)}) for value in self._values(at)]
        holds: NDArray[np.bool_] = np.array([*told, condition.admits({})])[self.codes[at]]  # the last is what -1 takes
        return holds

    def _values(self, at: int) -> Iterator[bytes]:
        return (self.values[place].tobytes() for place in range(self.start[at], self.start[at + 1]))

    def coded(self, at: int, rows: NDArray[np.integer[Any]], to: Column) -> None:
        """Write some documents' values of a field to the end of another column."""
        values = list(self._values(at))
        codes = self.codes[at][rows]
        used = np.unique(codes[codes >= 0])
        renamed = np.full(len(values) + 1, ABSENT, dtype=np.int32)
        renamed[used] = [to.code(values[code]) for code in used.tolist()]
        to.codes.frombytes(renamed[codes].tobytes())


@dataclass(slots=True)
class Column:
    """One field in the making: its values so far, and each document's."""

    known: dict[bytes, int] = field(default_factory=dict)
    codes: array[int] = field(default_factory=lambda: array("i"))

    def code(self, value: bytes) -> int:
        """The number of a value, given as JSON."""
        return self.known.setdefault(value, len(self.known))


@dataclass(slots=True)
class ColumnsWriter:
    """Collects the fields of documents as they come."""

    documents: int = 0
    columns: dict[str, Column] = field(default_factory=dict)

    def append(self, documents: Sequence[Document]) -> None:
        """Add the documents' fields."""
        for document in documents:
            for name, value in document.fields.items():
                column = self.column(name)
                column.codes.append(column.code(_written(value)))
            self._next(1)

    def copy(self, source: Columns, rows: NDArray[np.integer[Any]]) -> None:
        """Add the fields of some documents of a segment."""
        for at, name in enumerate(source.names):
            source.coded(at, rows, self.column(name))
        self._next(len(rows))

    def column(self, name: str) -> Column:
        """The column of a field; documents that came before lack it."""
        if name not in self.columns:
            self.columns[name] = Column(codes=array("i", [ABSENT]) * self.documents)
        return self.columns[name]

    def _next(self, count: int) -> None:
        self.documents += count
        for column in self.columns.values():
            column.codes.extend([ABSENT] * (self.documents - len(column.codes)))

    def finish(self) -> Columns:
        """The columns; fields by name."""
        named = dict(sorted(self.columns.items()))
        values = [value for column in named.values() for value in column.known]
        codes = [np.frombuffer(column.codes, dtype=np.int32) for column in named.values()]
        sizes = np.cumsum([0, *map(len, values)])
        starts = np.cumsum([0, *(len(column.known) for column in named.values())]).tolist()
        together = np.frombuffer(b"".join(values), dtype=np.uint8)
        shape = (len(named), self.documents)
        return Columns(tuple(named), np.array(codes, np.int32).reshape(shape), Ragged(together, sizes), starts)


def _written(value: Any) -> bytes:
    return json.dumps(value).encode() if value is None or isinstance(value, (str, int, float, bool)) else _ODD


def blank(documents: int) -> Columns:
    """The columns of documents without fields."""
    return ColumnsWriter(documents).finish()


def described(columns: Columns) -> Mapping[str, Any]:
    """What is not an array, as JSON values."""
    return {"names": list(columns.names), "start": list(columns.start)}
