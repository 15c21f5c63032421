"""The rows of a corpus file as they stand, so that a file can be written again with some documents changed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from tamis.core import Document, FieldValue
from tamis.data.collection import ENDINGS
from tamis.data.open import name_of, read_lines
from tamis.data.read import DOCUMENT_IDS
from tamis.data.rows import Row, parse, peeked
from tamis.data.tables import delimiter_of, header_of, is_json, table_records
from tamis.errors import DataError

Encode: TypeAlias = Callable[[Mapping[str, Any], str], str]  # from a row's values and the text it stood as to new text

_plain_name = re.compile(r"\.(?:txt|text)(?:\.gz)?$", re.IGNORECASE)
_table_name = re.compile(r"\.(?:csv|tsv)(?:\.gz)?$", re.IGNORECASE)
_line_end = re.compile(r"\r?\n?$")


@dataclass(frozen=True, slots=True)
class Original:
    """One stretch of a file: a document's row as it stands, or what is no row (a header, blank lines).

    Attributes:
        raw: its text with the line end.
        document: the document, with no character cleaned away; None where the stretch is no row.
        values: the row's values by column.
        encode: makes the row's text from other values.
        lines_only: whether a text must stay on one line.
        columns: all that a row can hold; None where any may be added.
    """

    raw: str
    document: Document | None
    values: Mapping[str, Any]
    encode: Encode
    lines_only: bool = False
    columns: Sequence[str] | None = None

    def can_hold(self, document: Document) -> bool:
        """Whether the form can carry a document.

        A file of one document a line carries no line breaks, a table no field without a column; neither carries a row
        that is blank, since blank lines are no documents.
        """
        if self.lines_only:
            return "\n" not in document.text and bool(document.text.strip())
        if self.columns is None:
            return True
        values = self._with(document)
        return set(values) <= set(self.columns) and any(values.values())

    def changed(self, document: Document) -> Original:
        """The stretch with another title and text of its document."""
        if self.document is None or (document.title, document.text) == (self.document.title, self.document.text):
            return self
        values = self._with(document)
        return replace(self, raw=self.encode(values, self.raw), document=document, values=values)

    def _with(self, document: Document) -> dict[str, Any]:
        """The row's values with this document's title and text."""
        new = {"title": document.title, "text": document.text}
        return {**self.values, **{field: value for field, value in new.items() if value or field in self.values}}


def corpus_file(path: str | Path) -> Path:
    """The file of a corpus: the path, or in a folder its ``corpus.jsonl`` (or .csv, .tsv; .gz).

    Raises:
        DataError: a folder without one.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    found = next((path / f"corpus{ending}" for ending in ENDINGS if (path / f"corpus{ending}").exists()), None)
    if found is None:
        raise DataError(f"expected a file, or a folder with corpus{ENDINGS[0]}", path=path)
    return found


def is_plain(name: str) -> bool:
    """Whether a file of this name holds one document a line, whatever its first line looks like.

    >>> is_plain("corpus.txt.gz"), is_plain("corpus.jsonl")
    (True, False)
    """
    return _plain_name.search(name) is not None


def read_originals(path: str | Path) -> Iterator[Original]:
    """The stretches of a corpus file; joined, their texts are the file's. Forms are those of ``read_documents``.

    Raises:
        DataError: the file cannot be read, is a JSON array, or a row has no text; with file, line and field.
    """
    first, lines = peeked(read_lines(path))
    name = name_of(path)
    if not is_plain(name):
        if first.lstrip().startswith("[") and is_json(first):
            raise DataError(
                "expected one JSON object a line, got a JSON array: write its objects a line each", path=path
            )
        if is_json(first):
            return _json_lines(lines, name)
        if _table_name.search(name) or "text" in header_of(first):
            return _table(lines, delimiter_of(first), name)
    return _plain_lines(lines)


def _json_lines(lines: Iterator[str], path: str) -> Iterator[Original]:
    at = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            yield Original(line, None, {}, _as_json)
            continue
        values = parse(line, path, number)
        if not isinstance(values, dict):
            raise DataError(f"expected a JSON object, got {values!r:.60}", path=path, line=number)
        yield Original(line, _document(Row(path, number, values), str(at)), values, _as_json)
        at += 1


def _as_json(values: Mapping[str, Any], raw: str) -> str:
    """JSON in the style of the row it takes the place of."""
    end = _line_end.search(raw)
    separators = (", ", ": ") if '": ' in raw else (",", ":")
    return as_line(values, separators, ascii_only=raw.isascii() and "\\u" in raw) + (end.group() if end else "")


def as_line(value: Any, separators: tuple[str, str] = (", ", ": "), *, ascii_only: bool = False) -> str:
    """JSON on one line; half characters, which UTF-8 cannot carry, are written as escapes."""
    text = json.dumps(value, ensure_ascii=ascii_only, separators=separators)
    return json.dumps(value, separators=separators) if _halves.search(text) else text


_halves = re.compile("[\ud800-\udfff]")


def _table(lines: Iterator[str], delimiter: str, path: str) -> Iterator[Original]:
    seen: deque[str] = deque()
    taken = 1  # the line on which the text in ``seen`` begins

    def tapped() -> Iterator[str]:
        for line in lines:
            seen.append(line)
            yield line

    def upto(begin: int | None) -> str:
        nonlocal taken
        many = len(seen) if begin is None else begin - taken
        taken += many
        return "".join(seen.popleft() for _ in range(many))

    def encode(values: Mapping[str, Any], raw: str) -> str:
        out = io.StringIO()
        end = _line_end.search(raw)
        terminator = end.group() if end else ""
        csv.writer(out, delimiter=delimiter, lineterminator=terminator).writerow(values[c] for c in columns)
        return out.getvalue()

    columns: list[str] = []
    before: Row | None = None
    at = 0
    for begin, cells in table_records(tapped(), delimiter, path):
        if raw := upto(begin):
            yield _of_table(raw, before, at, encode=encode, columns=columns)
            at += before is not None
        if not columns:
            columns = _columns(cells, path, begin)
            continue
        if len(cells) != len(columns):
            raise DataError(f"expected {len(columns)} cells, got {len(cells)}", path=path, line=begin)
        before = Row(path, begin, dict(zip(columns, cells, strict=True)))
    if raw := upto(None):
        yield _of_table(raw, before, at, encode=encode, columns=columns)


def _columns(cells: Sequence[str], path: str, line: int) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if twice := next((column for column in columns if columns.count(column) > 1), None):
        raise DataError("the column stands twice in the header", path=path, line=line, field=twice)
    return columns


def _of_table(raw: str, row: Row | None, at: int, *, encode: Encode, columns: Sequence[str]) -> Original:
    if row is None:
        return Original(raw, None, {}, encode)
    return Original(raw, _document(row, str(at)), row.values, encode, columns=columns)


def _plain_lines(lines: Iterator[str]) -> Iterator[Original]:
    def encode(values: Mapping[str, Any], raw: str) -> str:
        end = _line_end.search(raw)
        return str(values["text"]) + (end.group() if end else "")

    for at, line in enumerate(lines):
        text = _line_end.sub("", line)
        document = Document(str(at), text) if text.strip() else None
        yield Original(line, document, {"text": text}, encode, lines_only=True)


def _document(row: Row, position: str) -> Document:
    ids = [field for field in DOCUMENT_IDS if field in row]
    title = _string(row, "title", "")
    text = _string(row, "text", "" if title else None)
    rest: dict[str, FieldValue] = {
        k: v
        for k, v in row.values.items()
        if k not in ("text", "title", *ids[:1]) and isinstance(v, (str, int, float, bool))
    }
    return Document(row.name(ids[0]) if ids else position, text, title, rest)


def _string(row: Row, field: str, default: str | None) -> str:
    if default is not None and field not in row:
        return default
    value = row.get(field)
    if not isinstance(value, str):
        raise row.error(f"expected a string, got {value!r:.60}", field)
    return value
