"""Click logs: what was shown, where it stood, and whether it was clicked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches

from tamis.data.open import Source
from tamis.data.rows import Row
from tamis.data.tables import read_rows
from tamis.errors import InputError

# What logs call their columns, the first that is there is read.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "query": ("query", "query_text", "query_id", "qid"),
    "document": ("document", "doc", "doc_id", "document_id", "item", "item_id"),
    "position": ("position", "rank", "pos"),
    "clicked": ("clicked", "click", "is_click"),
    "propensity": ("propensity", "examination"),
    "dwell": ("dwell", "dwell_time", "dwell_seconds"),
    "session": ("session", "session_id", "impression_id", "search_id", "request_id"),
}
TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Impression:
    """One document shown for one query.

    Attributes:
        query, document: texts, or ids where the log has no texts.
        position: place in the shown list, from 1.
        clicked: whether it was clicked.
        propensity: probability that it was looked at, in (0, 1]; None where the log does not say. What bandit logs
            call so, the probability that an item was chosen for the place, is another thing.
        dwell: seconds spent on it after the click; None where the log does not say.
        session: the list it was shown in; empty where the log does not say.
    """

    query: str
    document: str
    position: int
    clicked: bool
    propensity: float | None = None
    dwell: float | None = None
    session: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a log calls its columns; an empty name takes the first known one that is there.

    >>> Columns.parsed(["document=sku", "clicked=opened"]).document
    'sku'
    """

    query: str = ""
    document: str = ""
    position: str = ""
    clicked: str = ""
    propensity: str = ""
    dwell: str = ""
    session: str = ""

    @classmethod
    def parsed(cls, said: Sequence[str]) -> Columns:
        """Columns from texts such as ``document=sku``.

        Raises:
            InputError: a text is not of this form, or names no column of a click log.
        """
        known = [one.name for one in fields(cls)]
        found: dict[str, str] = {}
        for text in said:
            name, equals, column = text.partition("=")
            if not equals or not column or name not in known:
                near = get_close_matches(name, known, 1)
                hint = f" Did you mean {near[0]!r}?" if near and name not in known else ""
                raise InputError(f"expected NAME=COLUMN with NAME one of {', '.join(known)}, got {text!r}.{hint}")
            found[name] = column
        return cls(**found)

    def of(self, row: Row) -> dict[str, str]:
        """The row's own name of each column that it has."""
        named = {name: (getattr(self, name),) if getattr(self, name) else KNOWN[name] for name in KNOWN}
        return {name: column for name, known in named.items() if (column := _first(row, known))}


@dataclass(frozen=True, slots=True)
class Log:
    """A click log on disk.

    A row is one impression (``query, document, position, clicked``, perhaps ``session``, ``propensity``, ``dwell``),
    or a list as it was shown (``query``, ``documents``, ``clicked``, perhaps ``propensity`` and ``dwell``, each a list
    of equal length), whose positions are counted from 1.

    Attributes:
        source: a JSONL, CSV or TSV file, gzip allowed.
        columns: what it calls its columns.
    """

    source: Source
    columns: Columns = field(default_factory=Columns)

    def read(self) -> Iterator[Impression]:
        r"""The impressions in the log's order; streamed.

        Raises:
            DataError: a column is missing, or a value is wrong; with file, line and field.

        >>> import io
        >>> [shown.document for shown in Log(io.StringIO("query,doc,rank,click\nq,a,1,0\nq,b,2,1\n")).read()]
        ['a', 'b']
        """
        names: dict[str, str] = {}
        header: tuple[str, ...] = ()
        for row in read_rows(self.source):
            if tuple(row.values) != header:
                header, names = tuple(row.values), self.columns.of(row)
            if "documents" in row and "document" not in names:
                yield from _list(row, names)
            else:
                yield _impression(row, names)


def _first(row: Row, known: Sequence[str]) -> str:
    return next((column for column in known if column in row.values), "")


def _impression(row: Row, names: Mapping[str, str]) -> Impression:
    query, document = (row.name(names.get(name, name)) for name in ("query", "document"))
    place = row.number(names.get("position", "position"))
    if place != int(place) or place < 1:
        raise row.error(f"expected a place in the list, counted from 1, got {place:g}", names["position"])
    propensity = _optional(row, names, "propensity")
    return Impression(
        query,
        document,
        int(place),
        _clicked(row, names.get("clicked", "clicked")),
        None if propensity is None else _probability(row, names["propensity"], propensity),
        _optional(row, names, "dwell"),
        row.name(names["session"]) if names.get("session", "") in row and row.values[names["session"]] != "" else "",
    )


def _list(row: Row, names: Mapping[str, str]) -> Iterator[Impression]:
    documents = row.elements("documents")
    columns: dict[str, list[object]] = {}
    for name in ("clicked", "propensity", "dwell"):
        column = names.get(name, name)
        if column in row or name == "clicked":
            columns[name] = row.elements(column)
            if len(columns[name]) != len(documents):
                raise row.error(f"expected {len(documents)} values, one a document, got {len(columns[name])}", column)
    session = row.name(names["session"]) if names.get("session", "") in row else f"line {row.line}"
    query = row.name(names.get("query", "query"))
    for at, document in enumerate(documents):
        values = {name: listed[at] for name, listed in columns.items()}
        whole = {"query": query, "document": document, "position": at + 1, "session": session, **values}
        yield _impression(Row(row.path, row.line, whole), {name: name for name in whole})


def _optional(row: Row, names: Mapping[str, str], name: str) -> float | None:
    column = names.get(name, "")
    return row.number(column) if column in row and row.values[column] != "" else None


def _probability(row: Row, column: str, value: float) -> float:
    if not 0 < value <= 1:
        raise row.error(f"expected a probability above 0 and at most 1, got {value:g}", column)
    return value


def _clicked(row: Row, column: str) -> bool:
    value = row.get(column)
    if isinstance(value, bool):
        return value
    number = TRUTH.get(value.strip().lower(), math.nan) if isinstance(value, str) else math.nan
    number = row.number(column) if math.isnan(number) else number
    if number not in (0, 1):
        raise row.error(f"expected 0 or 1, got {value!r:.40}", column)
    return bool(number)
