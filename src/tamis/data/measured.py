"""A workbook measured before it is read: a file of kilobytes can unpack to more than a machine holds."""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from tamis.errors import DataError

UNPACKED = 1 << 29  # bytes of the parts together, and of the text that cells show
CELLS = 20_000_000  # in the rectangle that a sheet's filled cells span: that many are kept, blank ones among them
ROWS, COLUMNS = 1 << 20, 1 << 14  # as Excel has it
KEPT_IN_MEMORY = 1 << 25  # bytes; more goes to a temporary file
BLOCK = 1 << 16
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)

_address = re.compile(r"([A-Za-z]{1,3})([1-9][0-9]{0,9})")


@dataclass(slots=True)
class Part:
    """What one part of a workbook will be in memory, found as its XML goes by.

    Attributes:
        rows, columns: the first and the last that hold something; counted from 0.
        shown: numbers of the shared strings that cells show.
        lengths: bytes of each shared string, where this part holds these.
    """

    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    shown: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    _row: int = 0
    _column: int = 0
    _cell: tuple[int, int] = (0, 0)
    _kind: str = ""
    _size: int = -1
    _number: str | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        name = name.rpartition(":")[2]
        if name == "row" and "r" in attributes:
            self._row = _place(f"A{attributes['r']}")[0]
        elif name == "c":
            self._kind = attributes.get("t", "")
            self._cell = self._row, self._column
            if "r" in attributes:  # the next cell without one stands beside it, in the row that began last
                self._cell = _place(attributes["r"])
                self._column = self._cell[1]
        elif name in ("v", "is"):
            self.rows = _widened(self.rows, self._cell[0])
            self.columns = _widened(self.columns, self._cell[1])
            self._number = "" if name == "v" and self._kind == "s" else None
        elif name == "si":
            self._size = 0

    def end(self, name: str) -> None:
        """An element closes."""
        name = name.rpartition(":")[2]
        if name == "row":
            self._row, self._column = self._row + 1, 0
        elif name == "c":
            self._column += 1
        elif name == "si":
            self.lengths.append(self._size)
            self._size = -1
        elif name == "v" and self._number is not None:
            number = self._number.strip()
            self.shown.append(int(number) if number.isdecimal() else -1)
            self._number = None

    def text(self, text: str) -> None:
        """Text stands between elements."""
        if self._size >= 0:
            self._size += len(text.encode("utf-8", "replace"))
        elif self._number is not None:
            self._number = (self._number + text)[:18]  # more digits are no number of a string that is there

    def fault(self) -> str:
        """Why a sheet of this size is not read; empty where it is."""
        if not self.rows:
            return ""
        if self.rows[1] >= ROWS:
            return f"row {self.rows[1] + 1} is filled, a sheet has {ROWS:,} rows"
        cells = (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)
        return f"its cells span a rectangle of {cells:,}, at most {CELLS:,} are read" if cells > CELLS else ""


@contextmanager
def measured(archive: zipfile.ZipFile, path: str) -> Iterator[IO[bytes]]:
    """A workbook's XML parts, each unpacked and counted, as a workbook that holds no more than was counted.

    The sizes that a zip file states may be lies, and a reader that trusts them is caught. So what goes to the reader
    is written here, byte by byte as it was counted. Two bombs are small even unpacked: two cells in far corners, and
    one long string that a million cells show.

    Raises:
        DataError: a part is damaged or has a password, or the workbook is larger than the bounds.
    """
    _bounded(sum(info.file_size for info in archive.infolist()), path)
    with tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as safe:
        try:
            parts = _copied(archive, safe, path)
        except expat.ExpatError as error:
            raise DataError(f"damaged Excel workbook ({error}): save it anew", path=path) from error
        except DataError:
            raise
        except DAMAGES as error:
            raise DataError(f"damaged or protected Excel workbook ({error}): save it anew", path=path) from error
        if fault := next((fault for part in parts if (fault := part.fault())), ""):
            raise DataError(f"the workbook is too large: {fault}", path=path)
        lengths = np.concatenate([_numbers(part.lengths) for part in parts])
        for shown in (_numbers(part.shown) for part in parts):
            known = shown[(shown >= 0) & (shown < len(lengths))]
            _bounded(int(lengths[known].sum()), path)
        safe.seek(0)
        yield safe


def _copied(archive: zipfile.ZipFile, safe: IO[bytes], path: str) -> list[Part]:
    """The parts that hold text, written on; what is known of each."""
    parts, total = [], 0
    with zipfile.ZipFile(safe, "w") as out:
        for name in dict.fromkeys(archive.namelist()):
            if not name.endswith((".xml", ".rels")):
                continue  # pictures, macros: nothing that rows are read from
            part, parser = Part(), expat.ParserCreate()
            parser.buffer_text = True
            parser.StartElementHandler, parser.EndElementHandler = part.begin, part.end
            parser.CharacterDataHandler = part.text
            with archive.open(name) as packed, out.open(name, "w") as copy:
                while block := packed.read(BLOCK):
                    total += len(block)
                    _bounded(total, path)
                    parser.Parse(block)
                    copy.write(block)
                parser.Parse(b"", True)
            parts.append(part)
    return parts


def _bounded(size: int, path: str) -> None:
    if size > UNPACKED:
        raise DataError(
            f"the workbook is too large: {size >> 20:,} MB unpacked, at most {UNPACKED >> 20:,} are read: split it, "
            "or save the sheet as CSV",
            path=path,
        )


def _widened(span: list[int], at: int) -> list[int]:
    return [min(span[0], at), max(span[1], at)] if span else [at, at]


def _numbers(held: array[int]) -> NDArray[np.int64]:
    return np.array(memoryview(held), dtype=np.int64)


def _place(address: str) -> tuple[int, int]:
    """Row and column of a cell, counted from 0; a reader may make any number of an address that is none."""
    found = _address.fullmatch(address)
    row, column = int(found[2]) if found else 0, 0
    for letter in found[1].upper() if found else "":
        column = 26 * column + ord(letter) - ord("A") + 1
    if not (0 < row <= ROWS and 0 < column <= COLUMNS):
        raise ValueError(f"{address:.40} is no cell")
    return row - 1, column - 1
