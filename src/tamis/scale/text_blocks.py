"""Blocks of JSONL and of tables: found in one pass as ranges of bytes, and read again by these."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tamis.data import Row, atomic_write, read_lines, read_rows
from tamis.data.rows import Refused, json_rows, peeked
from tamis.data.tables import delimiter_of, is_json, table_records, table_rows
from tamis.errors import DataError
from tamis.scale.blocks import Block, InputFile, Kind, Range, Size

MARK = b"\xef\xbb\xbf"
OBJECT = "{}\n"  # stands before the lines of a part of JSONL, whose first line might look like an array's
JSONL: Kind = "jsonl"
TABLE: Kind = "table"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What one pass over a file found: its kind, where it is read, its header, the ranges of its blocks."""

    kind: Kind
    read: Path
    header: str
    ranges: list[Range]


def survey(path: Path, unpacked: Path, size: Size, told: Callable[[int], None] = lambda rows: None) -> Surveyed:
    """Find the blocks of a file of text.

    What is not plain UTF-8 (gzip, UTF-16, GB18030), where no byte can be found without all before it, is written to
    ``unpacked`` first.

    Args:
        path: a JSONL file, or a table with a header line.
        unpacked: where its text goes if need be.
        size: of the blocks.
        told: called with the number of rows of each block.

    Raises:
        DataError: it cannot be read at all, or is one JSON array.
    """
    first, _ = peeked(read_lines(path))
    if first.lstrip("\ufeff \t").startswith("[") and is_json(first):
        raise DataError("expected one JSON object a line, this is an array: write each object on a line", path=path)
    next(read_rows(path, lambda error: None), None)  # refuses a header that has a column twice
    kind = JSONL if is_json(first) or not first.strip() else TABLE
    read = path
    try:
        header, ranges = _ranges(read, kind, size, told)
    except UnicodeDecodeError:
        read = unpacked
        with atomic_write(unpacked) as out:
            out.writelines(read_lines(path))
        header, ranges = _ranges(read, kind, size, told)
    return Surveyed(kind, read, header, ranges)


def rows_of(file: InputFile, block: Block, refused: Refused) -> Iterator[Row]:
    """The rows of a block, as if the whole file had been read; rows that cannot be read are told to ``refused``.

    Raises:
        DataError: the file is not what it was.
    """
    with Path(file.read).open("rb") as stream:
        stream.seek(block.start)
        text = stream.read(block.end - block.start).decode("utf-8")
    head = file.header if file.kind == TABLE else OBJECT
    shift = block.first - 1 - head.count("\n")

    def placed(error: DataError) -> None:
        line = None if error.line is None else error.line + shift
        refused(DataError(error.message, path=file.name, line=line, field=error.field))

    lines = iter([*_lines(head), *_lines(text)])
    found = (table_rows if file.kind == TABLE else json_rows)(lines, file.name, placed)
    if file.kind == JSONL:
        next(found)
    for row in found:
        yield Row(row.path, row.line + shift, row.values)


def _lines(text: str) -> list[str]:
    """A text cut after each line feed, and nowhere else."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


@dataclass(slots=True)
class Counted:
    """The lines of a file as text, and at which byte each begins that is not forgotten yet.

    Attributes:
        stream: the file.
        at: byte at which the next line to be read begins.
        line: number of the first line whose place is kept.
        places: bytes at which it and those after it begin, as far as they were read.
    """

    stream: IO[bytes]
    at: int = 0
    line: int = 1
    places: deque[int] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        """The lines.

        Raises:
            UnicodeDecodeError: the file is not UTF-8.
        """
        for raw in self.stream:
            skipped = len(MARK) if self.at == 0 and raw.startswith(MARK) else 0
            self.places.append(self.at + skipped)
            self.at += len(raw)
            yield raw[skipped:].decode("utf-8")

    def place(self, line: int) -> int:
        """The byte at which a line begins; those of the lines before it are forgotten."""
        while self.line < line and self.places:
            self.places.popleft()
            self.line += 1
        return self.places[0] if self.places else self.at


def _ranges(path: Path, kind: Kind, size: Size, told: Callable[[int], None]) -> tuple[str, list[Range]]:
    """A file's header and the ranges of its blocks."""
    with path.open("rb") as stream:
        lines = Counted(stream)
        if kind == JSONL:
            return "", list(_cut(_line_places(lines), lines, size, told))
        text = iter(lines)
        first, text = peeked(text)
        delimiter = delimiter_of(first)
        records = table_records(text, delimiter, path.name, lambda error: None)
        line, columns = next(records)
        # As many lines as the record itself has: what a reader has looked at beyond it belongs to the rows.
        line += 1 + sum(cell.count("\n") for cell in columns)
        return _header(columns, delimiter), list(_cut(_record_places(records, lines, line), lines, size, told))


def _header(columns: Iterable[str], delimiter: str) -> str:
    """The header's text; before it a blank record that tells the delimiter, which the names alone may not."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow(columns)
    return ("" if delimiter == "\t" else delimiter + "\n") + out.getvalue()


def _line_places(lines: Counted) -> Iterator[tuple[int, int]]:
    """(line, byte) at which each line begins."""
    for number, _ in enumerate(lines, 1):
        yield number, lines.place(number)


def _record_places(records: Iterator[tuple[int, list[str]]], lines: Counted, line: int) -> Iterator[tuple[int, int]]:
    """(line, byte) at which the records begin; the first one where the header ends, with what may stand between."""
    # Where no record can be read, there is perhaps something that cannot be.
    yield line, lines.place(line)
    next(records, None)
    for line, _ in records:
        yield line, lines.place(line)


def _cut(places: Iterator[tuple[int, int]], lines: Counted, size: Size, told: Callable[[int], None]) -> Iterator[Range]:
    """The ranges of blocks of rows that begin at these places."""
    first = start = rows = 0
    for line, place in places:
        if rows and size.is_full(rows, place - start):
            yield first, rows, start, place, 0
            told(rows)
            rows = 0
        if not rows:
            first, start = line, place
        rows += 1
    if rows and lines.at > start:
        yield first, rows, start, lines.at, 0
        told(rows)
