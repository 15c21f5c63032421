"""Blocks: the ranges of rows that are scored one by one, each into a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tamis.errors import InputError

Kind: TypeAlias = Literal["jsonl", "table", "parquet"]

ROWS = 4096  # of a block: what a worker that dies has to do again
BYTES = 4 << 20  # of text: rows that list a hundred documents are as much work as a hundred rows


@dataclass(frozen=True, slots=True)
class Size:
    """How large a block is: it ends where it has so many rows, or so many bytes of text; a row is never cut.

    >>> Size(rows=0)
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: a block must have at least 1 row and 1 byte, got 0 and 4194304
    """

    rows: int = ROWS
    bytes: int = BYTES

    def __post_init__(self) -> None:
        """Refuse blocks without rows."""
        if min(self.rows, self.bytes) < 1:
            raise InputError(f"a block must have at least 1 row and 1 byte, got {self.rows} and {self.bytes}")

    def is_full(self, rows: int, size: int) -> bool:
        """Whether a block of so many rows and bytes takes no further row."""
        return rows >= self.rows or size >= self.bytes


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of rows, and what is needed to read any part of it.

    Attributes:
        name: below what was given; what messages and the manifest call it.
        path: where it is.
        kind: how its rows are written.
        bytes: its size.
        sha256: digest of its bytes.
        modified: when it was last written, in nanoseconds; where that is another, the digest tells.
        read: where its rows are read: the file itself, or UTF-8 text that was unpacked from it.
        header: lines that stand before the rows of every part: a table's column names.
    """

    name: str
    path: str
    kind: Kind
    bytes: int
    sha256: str
    modified: int
    read: str
    header: str = ""

    def as_json(self) -> dict[str, Any]:
        """The file as JSON values, without the places, which may be others tomorrow."""
        kept = ("name", "kind", "bytes", "sha256", "modified", "header")
        return {**{name: getattr(self, name) for name in kept}, "unpacked": self.read != self.path}

    @classmethod
    def of(cls, values: Mapping[str, Any], path: Path, unpacked: Path) -> InputFile:
        """The file of such values, at a path where it has the same bytes, and where its text is if it was unpacked."""
        rest = {**values, "modified": path.stat().st_mtime_ns}
        return cls(path=str(path), read=str(unpacked if rest.pop("unpacked") else path), **rest)


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of one file, which no other block has.

    Attributes:
        number: its place among all blocks of the run, from 0; its part has this number.
        file: the place of its file among the run's files.
        first: line (of Parquet: row) of the file on which it begins, from 1.
        rows: how many; of JSONL lines, the blank ones included.
        start: byte at which it begins in what is read; of Parquet, the row in its group.
        end: byte, or row, past its last.
        group: row group of a Parquet file.
    """

    number: int
    file: int
    first: int
    rows: int
    start: int
    end: int
    group: int = 0

    def as_json(self) -> dict[str, int]:
        """The block as JSON values."""
        return asdict(self)


Range: TypeAlias = tuple[int, int, int, int, int]  # first, rows, start, end, group of a block without its number


def numbered(ranges: Mapping[int, Iterable[Range]]) -> Iterator[Block]:
    """The blocks of all files, by the place of the file, in order.

    >>> [block.number for block in numbered({0: [(1, 5, 0, 90, 0), (6, 2, 90, 120, 0)], 1: [(1, 1, 0, 9, 0)]})]
    [0, 1, 2]
    """
    number = 0
    for file, found in ranges.items():
        for first, rows, start, end, group in found:
            yield Block(number, file, first, rows, start, end, group)
            number += 1
