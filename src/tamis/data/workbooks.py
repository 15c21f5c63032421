"""Excel workbooks (.xlsx): known by content, the rows of their first sheet."""

from __future__ import annotations

import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO, Any, cast

from tamis.data.measured import DAMAGES, measured
from tamis.data.open import Source, name_of, open_file
from tamis.data.rows import Row
from tamis.errors import DataError
from tamis.extras import require

ZIP = b"PK\x03\x04"
KEPT_IN_MEMORY = 1 << 25  # bytes of a workbook from a pipe; what is longer goes to a temporary file
EXACT = 2**53  # floats from here on are no longer every integer


def is_workbook(source: Source) -> bool:
    """Whether a file or stream is an Excel workbook, by its first bytes and what the zip file lists.

    Raises:
        DataError: it begins as a zip file does, and is damaged.

    >>> import io
    >>> is_workbook(io.BytesIO(b"query,document"))
    False
    """
    if _head(source) != ZIP:
        return False
    if not _seekable(source):
        return True  # a pipe is looked into once it has been copied
    with _opened(source) as stream, _archive(stream, name_of(source)) as archive:
        return _is_listed(archive)


def workbook_rows(source: Source) -> Iterator[Row]:
    """The rows of a workbook's first worksheet, below the first row that is not blank, which names the columns.

    Numbers, strings and bools stay what they are; a whole number is an int, a date ISO text, a blank cell or one that
    shows an error None. A column without a name is called by its letter (``column D``) where it holds something.
    ``line`` is the row's number in the sheet.

    Raises:
        DataError: the workbook is damaged, has no filled cell, names a column twice, or is too large unpacked.
        MissingExtraError: the package that reads workbooks is not installed.
    """
    path = name_of(source)
    with _opened(source) as stream:
        rows = _filled(stream, path)
        try:
            header, cells = next(rows)
        except StopIteration:
            raise DataError("the first sheet is empty: put a header row and the rows there", path=path) from None
        names = {at: str(cell).strip() for at, cell in cells.items()}
        named = [name for name in names.values() if name]
        if twice := next((name for name in named if named.count(name) > 1), None):
            raise DataError("the column stands twice in the header", path=path, line=header, field=twice)
        for line, cells in rows:
            values = {name: cells.get(at) for at, name in names.items() if name}
            rest = {f"column {letters(at)}": cell for at, cell in cells.items() if not names.get(at)}
            yield Row(path, line, {**values, **rest})


def letters(at: int) -> str:
    """What a spreadsheet calls a column, counted from 0.

    >>> [letters(at) for at in (0, 25, 26, 16383)]
    ['A', 'Z', 'AA', 'XFD']
    """
    at, last = divmod(at, 26)
    return (letters(at - 1) if at else "") + chr(ord("A") + last)


def _filled(stream: IO[bytes], path: str) -> Iterator[tuple[int, dict[int, Any]]]:
    """Each row that is not blank: its number in the sheet, and its filled cells by column."""
    with _archive(stream, path) as archive:
        if not _is_listed(archive):
            raise DataError("this is a zip file and no Excel workbook: unpack it", path=path)
        calamine = require("python_calamine")
        with measured(archive, path) as safe:
            try:
                sheet = _first_sheet(calamine, calamine.load_workbook(safe))
            except calamine.CalamineError as error:
                raise DataError(f"damaged Excel workbook ({error}): save it anew", path=path) from error
    start = sheet.start[1] if sheet.start else 0
    for line, row in enumerate(sheet.iter_rows(), 1):
        if cells := {at: cell for at, cell in enumerate(map(_value, row), start) if cell is not None}:
            yield line, cells


def _first_sheet(calamine: Any, workbook: Any) -> Any:
    """The first worksheet that is shown; charts and macros are sheets, too."""
    sheets: Sequence[Any] = workbook.sheets_metadata
    work = [at for at, sheet in enumerate(sheets) if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    shown = [at for at in work if sheets[at].visible == calamine.SheetVisibleEnum.Visible]
    if not work:
        raise calamine.CalamineError("it has no worksheet")
    return workbook.get_sheet_by_index((shown or work)[0])


def _value(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)  # a workbook knows floats only
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return None if cell == "" else cell


def _is_listed(archive: zipfile.ZipFile) -> bool:
    return any(name.startswith("xl/") and name.endswith(".xml") for name in archive.namelist())


@contextmanager
def _archive(stream: IO[bytes], path: str) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGES as error:
        raise DataError(f"damaged zip or Excel file ({error}): save or copy it anew", path=path) from error
    with archive:
        yield archive


def _stream(source: Source) -> IO[bytes] | None:
    """The open byte stream that a source is; None for a path or a stream of text."""
    if source == "-":
        source = cast(IO[bytes], getattr(sys.stdin, "buffer", sys.stdin))
    is_bytes = not isinstance(source, (str, Path)) and not hasattr(source, "encoding")
    return cast(IO[bytes], source) if is_bytes else None


def _head(source: Source) -> bytes:
    """The first four bytes, which are still there to be read; nothing where they could not be put back."""
    stream = _stream(source)
    if stream is None:
        if isinstance(source, (str, Path)) and source != "-" and Path(source).is_file():
            with _opened(source) as file:
                return file.read(4)
        return b""
    if hasattr(stream, "peek"):
        return bytes(stream.peek(4)[:4])
    if not _seekable(source):
        return b""
    place = stream.tell()
    head = stream.read(4)
    stream.seek(place)
    return head


def _seekable(source: Source) -> bool:
    stream = _stream(source)
    return stream is None or stream.seekable()


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes]]:
    """A source as a stream that can be read anywhere; one that was given stands where it stood."""
    stream = _stream(source)
    if stream is None:
        with open_file(Path(cast("str | Path", source))) as file:
            yield file
    elif stream.seekable():
        place = stream.tell()
        yield stream
        stream.seek(place)
    else:
        with tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY) as copy:
            shutil.copyfileobj(stream, copy)
            yield copy
