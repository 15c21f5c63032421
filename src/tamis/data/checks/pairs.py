"""The rows of training data as columns of numbers, so that half a million pairs are checked in seconds."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.data.checks.report import Place
from tamis.data.examples import Placed
from tamis.data.split import document_key, query_key

Numbers: TypeAlias = NDArray[np.int64]
Values: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

EXCERPT = 40  # characters of a text that a place shows


def _ints() -> array[int]:
    return array("q")


def _floats() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Rows:
    """Rows as they are read, one after the other.

    Attributes:
        paths, lines: where each row stands; -1 is no line.
        repeats: for each row, the first row that says exactly the same (itself mostly).
        spellings: queries with their instructions as they are spelled, numbered.
        documents: texts, numbered.
        row, query, document, label, score: of each pair; the label and the score are NaN where there is none.
        without_documents: rows that have none.
    """

    paths: list[str] = field(default_factory=list)
    lines: array[int] = field(default_factory=_ints)
    repeats: array[int] = field(default_factory=_ints)
    spellings: dict[tuple[str, str], int] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    row: array[int] = field(default_factory=_ints)
    query: array[int] = field(default_factory=_ints)
    document: array[int] = field(default_factory=_ints)
    label: array[float] = field(default_factory=_floats)
    score: array[float] = field(default_factory=_floats)
    without_documents: list[int] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)

    def add(self, placed: Placed) -> None:
        """Take in one row."""
        example, at = placed.example, len(self.paths)
        self.paths.append(placed.path)
        self.lines.append(-1 if placed.line is None else placed.line)
        # Two rows of half a million have one 64-bit hash by chance about once in a hundred million files.
        self.repeats.append(self._seen.setdefault(hash(example), at))
        query = self.spellings.setdefault((example.query, example.instruction), len(self.spellings))
        if not example.documents:
            self.without_documents.append(at)
        for place, text in enumerate(example.documents):
            self.row.append(at)
            self.query.append(query)
            self.document.append(self.documents.setdefault(text, len(self.documents)))
            self.label.append(example.labels[place] if example.labels else math.nan)
            self.score.append(example.scores[place] if example.scores else math.nan)


def excerpt(text: str) -> str:
    """The beginning of a text in quotation marks.

    >>> excerpt("a tamis is a sieve with a flat mesh, for flour")
    "'a tamis is a sieve with a flat mesh, for…'"
    """
    return repr(text if len(text) <= EXCERPT else text[:EXCERPT] + "…")


class Pairs:
    """All pairs of query and document with what is said of them, as columns.

    Attributes:
        rows: where they come from.
        spelled: each query as it is spelled, with its instruction.
        texts: each document.
        row, query, document, label, score: of each pair; ``query`` is the number of its spelling.
        spelling_key: the number of each spelling's query.
        key: the number of each pair's query, the same for all its spellings.
        group: for each pair, the number of its query and document among all such pairs.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.spelled = list(rows.spellings)
        self.texts = list(rows.documents)
        self.row, self.query, self.document = (
            np.array(column, dtype=np.int64) for column in (rows.row, rows.query, rows.document)
        )
        self.label, self.score = (np.array(column, dtype=np.float64) for column in (rows.label, rows.score))
        numbers: dict[tuple[str, str], int] = {}
        keys = [numbers.setdefault((query_key(query), told), len(numbers)) for query, told in self.spelled]
        self.keys = list(numbers)
        self.spelling_key = np.array(keys, dtype=np.int64)
        self.key = self.spelling_key[self.query]
        code = self.key * max(1, len(self.texts)) + self.document
        _, self.first, self.group = np.unique(code, return_index=True, return_inverse=True)

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def document_keys(self) -> Numbers:
        """A number for each document, the same for copies that differ in case and white space only."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(document_key(t), len(numbers)) for t in self.texts], dtype=np.int64)

    @cached_property
    def top(self) -> Values:
        """The highest label of each query and document; NaN where there is none."""
        return self.extreme(self.label, np.fmax)

    @cached_property
    def low(self) -> Values:
        """The lowest label of each query and document; NaN where there is none."""
        return self.extreme(self.label, np.fmin)

    def extreme(self, values: Values, of: np.ufunc) -> Values:
        """The extreme value of each group, NaN left out; shape ``(groups,)``."""
        found = np.full(len(self.first), np.nan)
        of.at(found, self.group, values)
        return found

    def members(self, group: int) -> Numbers:
        """The pairs of a query and document, in the order in which they stand."""
        return np.flatnonzero(self.group == group)

    def place(self, row: int, what: str) -> Place:
        """A place at a row."""
        line = self.rows.lines[row]
        return Place(self.rows.paths[row], None if line < 0 else line, what)

    def where(self, row: int, beside: int) -> str:
        """How a message refers to a row from another one: by its line, with the file where that is another."""
        place = self.place(row, "")
        path = "" if place.path == self.rows.paths[beside] else f"{place.path}, "
        return f"{path}line {place.line}" if place.line is not None else place.path

    def quoted(self, pair: int) -> str:
        """The query and the document of a pair for messages."""
        query, document = self.spelled[self.query[pair]][0], self.texts[self.document[pair]]
        return f"query {excerpt(query)}, document {excerpt(document)}"

    def first_rows(self, queries: Sequence[int]) -> Iterator[tuple[int, int]]:
        """For some queries (by key), each with the row that mentions it first."""
        at, firsts = np.unique(self.key, return_index=True)
        places = dict(zip(at.tolist(), firsts.tolist(), strict=True))
        return ((query, int(self.row[places[query]])) for query in queries)
