"""The rows of a file as pairs of a query and a document to score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tamis.core import Document, Pair, Query, as_documents
from tamis.data import Row, read_lines, read_rows
from tamis.data.open import name_of
from tamis.data.originals import is_plain
from tamis.data.rows import Refused, peeked, refuse
from tamis.data.tables import header_of, is_json
from tamis.errors import DataError, InputError, NotFoundError
from tamis.text import clean

WANTED = ("query", "document", "documents", "id", "title")


@dataclass(frozen=True, slots=True)
class Line:
    """One input row and the pairs it holds; ``many`` when it lists documents."""

    row: Row
    pairs: list[Pair]
    many: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a file are, and what is asked where no column says it.

    Attributes:
        columns: the file's names by ``query``, ``document``, ``documents``, ``id``, ``title``. The first three are
            called so where nothing is said; ids and titles are read only where they are named.
        query: what is asked of every row; a plain ``.txt`` file then holds a document a line.
        instruction: a task description, for scorers that read one.
        most: documents that a row may list; None for any number.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    instruction: str = ""
    most: int | None = None

    def __post_init__(self) -> None:
        """Refuse names that are not wanted, and a query said twice."""
        if unknown := next((name for name in self.columns if name not in WANTED), None):
            raise NotFoundError(f"no column is called {unknown!r} here: expected {', '.join(WANTED)}")
        if self.query and "query" in self.columns:
            raise InputError("expected a query for all rows, or a column of queries; got both: leave one out")

    def __getitem__(self, wanted: str) -> str:
        """What the file calls a column."""
        return self.columns.get(wanted, wanted)

    def is_many(self, row: Row) -> bool:
        """Whether a row is read as a list of documents."""
        if "document" in self.columns and "documents" not in self.columns:
            return False
        return self["documents"] in row


def lines_of(source: str | Path, layout: Layout, refused: Refused | None = None) -> Iterator[Line]:
    """The rows of a file with their pairs; rows that cannot be used are told to ``refused``, where there is one.

    Raises:
        DataError: a row cannot be used, without ``refused``; or the whole file cannot be.
        InputError: a row lists more documents than it may.
    """
    rows = _plain(source, layout.query) if _is_plain(source, layout) else read_rows(source, refused)
    return lines_from(rows, layout, refused)


def lines_from(rows: Iterable[Row], layout: Layout, refused: Refused | None = None) -> Iterator[Line]:
    """The rows with their pairs; as ``lines_of``, for rows that were read elsewhere."""
    asked: dict[str, Query] = {}  # one object for all rows of a query
    places: dict[tuple[str, str], int] = {}
    for row in rows:
        try:
            line = _line(_asking(row, layout), layout, asked)
            if "id" in layout.columns and not line.many:
                _hold_apart(line, layout, places)
        except DataError as error:
            refuse(error, refused)
        else:
            yield line


def too_many(pairs: int, most: int) -> InputError:
    """The error of a file that holds more pairs than it may."""
    return InputError(f"expected at most {most:,} pairs of a query and a document, got {pairs:,}: give a part of them")


def _is_plain(source: str | Path, layout: Layout) -> bool:
    """Whether each line is a document: a ``.txt`` file that is asked one query."""
    if not is_plain(str(source)):
        return False
    if layout.query:
        return True
    first, _ = peeked(read_lines(source))
    if is_json(first) or layout["query"] in header_of(first):
        return False
    raise DataError("a plain text file holds documents, one a line: say what is asked of them (query)", path=source)


def _plain(source: str | Path, query: str) -> Iterator[Row]:
    for at, line in enumerate(read_lines(source), 1):
        if text := clean(line).strip():
            yield Row(name_of(source), at, {"query": query, "document": text})


def _asking(row: Row, layout: Layout) -> Row:
    """The row with the query that is asked of all."""
    if not layout.query or row.values.get("query") == layout.query:
        return row
    if "query" in row.values:
        raise row.error("the file has queries of its own, and one was given for all rows: leave that out", "query")
    return Row(row.path, row.line, {"query": layout.query, **row.values})


def _line(row: Row, layout: Layout, asked: dict[str, Query]) -> Line:
    text = _text(row, layout["query"], "query")
    query = asked.setdefault(text, Query(text, instruction=layout.instruction))
    if layout.is_many(row):
        column = layout["documents"]
        listed = row.elements(column)
        if layout.most is not None and len(listed) > layout.most:
            raise too_many(len(listed), layout.most)
        try:
            documents = as_documents(listed)
        except InputError as error:
            raise row.error(getattr(error, "message", str(error)), column) from error
        return Line(row, [(query, document) for document in documents], True)
    return Line(row, [(query, _document(row, layout))], False)


def _document(row: Row, layout: Layout) -> Document:
    named = {layout[name] for name in ("query", "document", *layout.columns)}
    fields = {k: v for k, v in row.values.items() if isinstance(v, str | int | float) and k not in named}
    title = row.text(layout["title"], "") if "title" in layout.columns else ""
    column = layout["document"]
    text = row.text(column, "") if title.strip() else _text(row, column, "document")
    return Document(row.name(layout["id"]) if "id" in layout.columns else str(row.line), text, title, fields)


def _text(row: Row, column: str, what: str) -> str:
    """What a row asks or answers, which is not blank; numbers are what spreadsheets make of texts such as 2024."""
    value = row.values.get(column, False)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is None or not (text := row.text(column)).strip():
        raise row.error(f"the {what} is blank", column)
    return text


def _hold_apart(line: Line, layout: Layout, places: dict[tuple[str, str], int]) -> None:
    """Refuse a row whose query has a document of that id already."""
    ((query, document),) = line.pairs
    if (first := places.setdefault((query.text, document.id), line.row.line)) != line.row.line:
        what = f"document id {document.id!r} stands twice for one query, on lines {first} and {line.row.line}"
        raise line.row.error(what, layout["id"])
