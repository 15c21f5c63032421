"""What rows gain by scoring, and the file it is written to."""

from __future__ import annotations

import csv
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import numpy as np

from tamis.core import Floats
from tamis.data.formulas import guarded
from tamis.scoring.lines import Line

ENDINGS = (".csv", ".jsonl")
MARK = "\ufeff"  # without it, Excel takes a CSV file for one in the machine's old encoding

Gained: TypeAlias = dict[str, Any]
Cell: TypeAlias = str | int | float


def gained(lines: Sequence[Line], scores: Floats) -> list[Gained]:
    """The columns that each row gains: score and rank among its query's rows, or those of its list."""
    parts = np.split(scores, np.cumsum([len(line.pairs) for line in lines])[:-1])
    peers: dict[str, list[float]] = {}
    for line, part in zip(lines, parts, strict=True):
        if not line.many:
            peers.setdefault(line.pairs[0][0].text, []).append(float(part[0]))
    for own in peers.values():
        own.sort()
    return [_found(line, part, peers) for line, part in zip(lines, parts, strict=True)]


def _found(line: Line, part: Floats, peers: Mapping[str, list[float]]) -> Gained:
    if line.many:
        return {"scores": part.tolist(), "ranking": np.argsort(-part, kind="stable").tolist()}
    score, own = float(part[0]), peers[line.pairs[0][0].text]
    return {"score": score, "rank": 1 + len(own) - bisect_right(own, score)}


def write_jsonl(out: IO[str], lines: Sequence[Line], gains: Sequence[Gained]) -> None:
    """Each row with what it gained, as one JSON object a line."""
    for line, gain in zip(lines, gains, strict=True):
        row = {**line.row.values, **gain}
        text = json.dumps(row, ensure_ascii=False)
        out.write((text if _is_whole(text) else json.dumps(row)) + "\n")


@dataclass(frozen=True, slots=True)
class UnixLines:
    r"""Takes rows that end in ``\r\n``, and ends them in ``\n``.

    A csv writer quotes a cell for the characters of its line end: with ``\n`` alone, a lone ``\r`` in a cell is written
    bare, and no reader takes it for a part of the cell.
    """

    out: IO[str]

    def write(self, row: str) -> int:
        """One row."""
        return self.out.write(row.removesuffix("\r\n") + "\n")


def write_csv(out: IO[str], lines: Sequence[Line], gains: Sequence[Gained], spreadsheet: bool = False) -> int:
    """Each row with what it gained, as a table; how many cells were kept from being run as formulas.

    Args:
        out: the file.
        lines: the rows.
        gains: what each gained.
        spreadsheet: for people with spreadsheets: a byte order mark, every text in quotation marks (where a
            spreadsheet parts cells at semicolons, none begins inside a text), and no text that is run as a formula.
    """
    table = csv.writer(UnixLines(out))
    if spreadsheet:
        out.write(MARK)
        table = csv.writer(UnixLines(out), quoting=csv.QUOTE_NONNUMERIC)
    guards = 0
    for cells in _table(lines, gains):
        safe = [guarded(cell) if spreadsheet and isinstance(cell, str) else cell for cell in cells]
        guards += sum(cell is not own for cell, own in zip(safe, cells, strict=True))
        table.writerow(safe)
    return guards


def _table(lines: Sequence[Line], gains: Sequence[Gained]) -> Iterator[list[Cell]]:
    """The header and the rows of a table that has a column for everything that some row holds."""
    both = zip(lines, gains, strict=True)
    columns = dict.fromkeys(column for line, gain in both for column in (*line.row.values, *gain))
    yield [_cell(column) for column in columns]
    for line, gain in zip(lines, gains, strict=True):
        row = {**line.row.values, **gain}
        yield [_cell(row.get(column)) for column in columns]


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if _is_whole(text) else text.encode("utf-8", "replace").decode()


def _is_whole(text: str) -> bool:
    """Whether a text can be written: JSON's escapes can make half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
