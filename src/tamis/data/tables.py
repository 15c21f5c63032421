"""The rows of CSV and TSV files, and of any file whose form its content tells: JSON and workbooks, too."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from tamis.data.open import Source, name_of, read_lines
from tamis.data.rows import Refused, Row, json_rows, peeked, refuse
from tamis.data.workbooks import is_workbook, workbook_rows
from tamis.errors import DataError

Record: TypeAlias = tuple[int, list[str]]  # line on which it begins, cells

FIELD_LIMIT = 2**31 - 1  # characters in a cell; the csv module's own limit of 131,072 is below a long document
LONGEST_RECORD = 10_000  # lines that one quoted TSV record may span before the quote is taken for a stray one

_json = re.compile(r"\s*(?:\{|\[\s*(?:\{|$))")


def read_rows(source: Source, refused: Refused | None = None) -> Iterator[Row]:
    r"""The rows of a JSONL file, a CSV or TSV file with a header line, a workbook (.xlsx) or a JSON array; by content.

    Of a workbook the first sheet is read. All but arrays and workbooks are streamed. Values of JSON and of workbooks
    keep their types, ``NaN``, infinities and blank cells read as null; values of CSV and TSV are strings. Blank lines
    are skipped. Lines count from 1.

    Args:
        source: a file or stream.
        refused: is told of each row that cannot be read, and the rows after it are read on.

    Raises:
        DataError: malformed JSON, a line or element that is no object, or a row with another number of cells than the
            header; with ``refused``, only what makes the whole file unreadable.
        MissingExtraError: a workbook, and the package that reads these is not installed.

    >>> import io
    >>> [row.values for row in read_rows(io.StringIO('{"id": 1}\n'))]
    [{'id': 1}]
    >>> [row.values for row in read_rows(io.StringIO("id,text\n1,a\n"))]
    [{'id': '1', 'text': 'a'}]
    """
    if is_workbook(source):
        yield from workbook_rows(source)
        return
    first, lines = peeked(read_lines(source))
    rows = json_rows if is_json(first) else table_rows
    yield from rows(lines, name_of(source), refused)


def is_json(line: str) -> bool:
    """Whether a file that begins with this line holds JSON: an object, or an array of objects.

    >>> is_json('{"id": 1}'), is_json("[1] Smith, On Sieves")
    (True, False)
    """
    return _json.match(line) is not None


def header_of(line: str) -> list[str]:
    """The column names that a table's first line gives."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter_of(line)), [])]
    except csv.Error:
        return []


def delimiter_of(header: str) -> str:
    """Tab, comma or semicolon: the first that the header line holds.

    >>> delimiter_of("id,title,text")
    ','
    """
    return next((mark for mark in "\t,;" if mark in header), ",")


def table_rows(lines: Iterator[str], path: str, refused: Refused | None = None) -> Iterator[Row]:
    """The rows of CSV or TSV lines, the first of which is the header."""
    first, lines = peeked(lines)
    records = table_records(lines, delimiter_of(first), path, refused)
    line, columns = next(records, (1, []))
    columns = [column.strip() for column in columns]
    if twice := next((c for c in columns if columns.count(c) > 1), None):
        raise DataError("the column stands twice in the header", path=path, line=line, field=twice)
    for line, cells in records:
        if len(cells) != len(columns):
            what = (
                f"expected {len(columns)} cells ({', '.join(columns):.80}), got {len(cells)}: quote cells that hold "
                "the separator or a line break"
            )
            refuse(DataError(what, path=path, line=line), refused)
            continue
        yield Row(path, line, dict(zip(columns, cells, strict=True)))


def table_records(lines: Iterator[str], delimiter: str, path: str, refused: Refused | None = None) -> Iterator[Record]:
    """The records of a table, the header among them; blank lines are skipped."""
    if csv.field_size_limit() < FIELD_LIMIT:
        csv.field_size_limit(FIELD_LIMIT)  # one setting for the whole process; raising it harms nobody
    records = _tab_records(lines) if delimiter == "\t" else _quoted_records(lines, delimiter, path, refused)
    return (record for record in records if any(record[1]))


def _quoted_records(lines: Iterator[str], delimiter: str, path: str, refused: Refused | None) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            advice = ' (a " inside a quoted cell is written "")' if re.search("delimiter|end", str(error)) else ""
            refuse(DataError(f"malformed CSV: {error}{advice}", path=path, line=begin), refused)
        else:
            yield begin, cells


def _tab_records(lines: Iterator[str]) -> Iterator[Record]:
    """TSV as it is met: some writers quote cells as CSV does, others write a quotation mark as it stands."""
    width = 0
    ahead: deque[str] = deque()
    begin = 1
    while (line := ahead.popleft() if ahead else next(lines, "")) != "":
        cells = line.rstrip("\r\n").split("\t")
        width = width or len(cells)
        quoted, more = (_quoted(line, width), 0) if '"' in line else (cells, 0)
        if quoted is None:
            quoted, more = _continued(line, width, ahead, lines)
        yield begin, quoted or cells
        begin += 1 + more


def _continued(line: str, width: int, ahead: deque[str], lines: Iterator[str]) -> tuple[list[str] | None, int]:
    """The cells of a record whose quoted cell goes on in the next lines, and how many; none where the mark is stray.

    It is stray where a line of full width follows before the cell is closed. Lines looked at in vain go to ``ahead``.
    """
    more: list[str] = []
    while len(more) < LONGEST_RECORD and (following := ahead.popleft() if ahead else next(lines, "")):
        more.append(following)
        if '"' in following and (quoted := _quoted(line + "".join(more), width)):
            return quoted, len(more)
        if following.count("\t") + 1 == width:
            break
    ahead.extendleft(reversed(more))
    return None, 0


def _quoted(text: str, width: int) -> list[str] | None:
    """The cells of one record that is quoted as in CSV, or None where it is not."""
    try:
        records = list(csv.reader([text], delimiter="\t", strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 and len(records[0]) == width else None
