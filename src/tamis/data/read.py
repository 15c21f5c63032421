"""Documents and queries from files: plain lines, JSONL, CSV, TSV or Excel workbooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tamis.core import Document, FieldValue, Query
from tamis.data.open import Source, name_of, read_lines
from tamis.data.rows import Row, as_text, json_rows, peeked
from tamis.data.tables import header_of, is_json, table_rows
from tamis.data.workbooks import is_workbook, workbook_rows
from tamis.errors import DataError
from tamis.text import clean

DOCUMENT_IDS = ("id", "_id", "doc_id")
QUERY_IDS = ("id", "_id", "query_id", "qid")
QUERY_TEXTS = ("text", "query", "question")

_plain_name = re.compile(r"\.(?:txt|text)(?:\.gz)?$", re.IGNORECASE)
_table_name = re.compile(r"\.(?:csv|tsv)(?:\.gz)?$", re.IGNORECASE)


def read_documents(source: Source) -> Iterator[Document]:
    r"""The documents of a file, of standard input (``-``) or of an open stream, one at a time.

    JSONL and tables (CSV, TSV, .xlsx) have ``text`` and mostly ``id`` and ``title``; other columns become the
    document's fields (strings in CSV and TSV, nested values as JSON text). Other files hold one document a line. A
    document without an id is named by its position from 0: its row's, or its line's, so that blank lines count.

    Raises:
        DataError: the file cannot be read, a row has no text, or two rows have one id; with file, line and field.

    >>> import io
    >>> list(read_documents(io.StringIO('{"id": "d1", "text": "a sieve", "year": 1900}')))
    [Document(id='d1', text='a sieve', title='', fields={'year': 1900})]
    >>> [doc.id for doc in read_documents(io.StringIO("a sieve\n\na tamis\n"))]
    ['0', '2']
    """
    places: dict[str, int] = {}
    for at, row in enumerate(_document_rows(source)):
        doc = _document(row, str(at))
        if (first := places.setdefault(doc.id, row.line)) != row.line:
            raise row.error(f"document id {doc.id!r} stands twice, on lines {first} and {row.line}", "id")
        yield doc


def read_queries(source: Source) -> list[Query]:
    r"""The queries of a file, in its order.

    JSONL and tables have ``text`` (or ``query``, ``question``) and mostly ``id``; ``instruction``, ``source`` and
    ``history`` are read where they are. TSV without a header holds id and text. Other files hold one query a line.

    Raises:
        DataError: the file cannot be read, a query is blank, or two have one id; with file, line and field.

    >>> import io
    >>> read_queries(io.StringIO("q1\twhy sieve twice?\n"))[0].id
    'q1'
    """
    places: dict[str, int] = {}
    queries = []
    for at, row in enumerate(_query_rows(source)):
        query = _query(row, str(at))
        if (first := places.setdefault(query.id, row.line)) != row.line:
            raise row.error(f"query id {query.id!r} stands twice, on lines {first} and {row.line}", "id")
        queries.append(query)
    return queries


def _document_rows(source: Source) -> Iterator[Row]:
    if is_workbook(source):
        return workbook_rows(source)
    first, lines = peeked(read_lines(source))
    name = name_of(source)
    if _plain_name.search(name):
        return _plain_rows(lines, name)
    if is_json(first):
        return json_rows(lines, name)
    if _table_name.search(name) or _is_header(header_of(first), {"text"}):
        return table_rows(lines, name)
    return _plain_rows(lines, name)


def _query_rows(source: Source) -> Iterator[Row]:
    if is_workbook(source):
        return workbook_rows(source)
    first, lines = peeked(read_lines(source))
    name = name_of(source)
    if is_json(first):
        return json_rows(lines, name)
    if _is_header(header_of(first), set(QUERY_TEXTS)):
        return table_rows(lines, name)
    if first.count("\t") == 1:
        return _pair_rows(lines, name)
    return (table_rows if _table_name.search(name) else _plain_rows)(lines, name)


def _is_header(columns: list[str], known: set[str]) -> bool:
    """Whether these are the names of columns, one of them known, and not a line of prose that holds a comma."""
    return not known.isdisjoint(columns) and all(re.fullmatch(r"[\w.-]*", column) for column in columns)


def _plain_rows(lines: Iterable[str], path: str) -> Iterator[Row]:
    for at, line in enumerate(lines):
        if text := clean(line).strip():
            yield Row(path, at + 1, {"id": str(at), "text": text})


def _pair_rows(lines: Iterable[str], path: str) -> Iterator[Row]:
    for at, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        id, tab, text = line.rstrip("\r\n").partition("\t")
        if not tab:
            raise DataError("expected id and text with a tab between them, got no tab", path=path, line=at)
        yield Row(path, at, {"id": id, "text": text})


def _document(row: Row, position: str) -> Document:
    ids = [field for field in DOCUMENT_IDS if field in row]
    title = row.text("title", "")
    text = row.text("text", "" if title else None)
    rest = {k: _scalar(row, k, v) for k, v in row.values.items() if k not in ("text", "title", *ids[:1])}
    return Document(row.name(ids[0]) if ids else position, text, title, rest)


def _scalar(row: Row, field: str, value: Any) -> FieldValue:
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    return as_text(row, field, value) if isinstance(value, str) else value


def _query(row: Row, position: str) -> Query:
    ids = [field for field in QUERY_IDS if field in row]
    field = next((field for field in QUERY_TEXTS if field in row), "text")
    text = row.text(field)
    if not text.strip():
        raise row.error("the query is blank", field)
    history = tuple(as_text(row, "history", turn) for turn in (row.elements("history") if "history" in row else ()))
    id = row.name(ids[0]) if ids else position
    return Query(text, id, row.text("instruction", ""), row.text("source", ""), history)
