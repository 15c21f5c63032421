"""PostgreSQL with pgvector: documents as rows, words by its full-text index, vectors by HNSW."""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tamis.core import Document, Vectors
from tamis.errors import IndexStoreError, InputError, RemoteError
from tamis.extras import require
from tamis.recall.bm25 import Parameters
from tamis.recall.engines import postgres_sql as text
from tamis.recall.engines.address import Address
from tamis.recall.engines.engine import Ask, Hit, Made, Row, absent

CONNECT = 10  # seconds to reach a server, where the URL says nothing else
SEARCHED, MOST_SEARCHED = 400, 1000  # candidates that HNSW keeps at least, and as many as pgvector allows
LONGEST_NAME = 50  # bytes of a table's name, which gets endings of ours and may have 63

Given = TypeVar("Given")


class Postgres:
    """Three tables: documents, how many documents each token stands in, and what made them all.

    The ``tsvector`` of a document holds our tokens, each with its count in the place of a position: PostgreSQL's index
    finds the rows that share a token, and BM25 is computed from what stands in them, since ``ts_rank`` knows neither
    how rare a token is nor how long the others are. Counts are kept with each write, in one transaction with the rows.
    Vectors are ``halfvec`` (16 bits a number). Connections are opened as threads need them and kept.
    """

    most = 100_000

    def __init__(self, connections: Connections, table: str, name: str) -> None:
        self._connections, self.name = connections, name
        self._sql = text.Statements(table)
        self._parameters = Parameters()
        self.made = Made.read(self._metadata(), name)

    @classmethod
    def open(cls, where: Address) -> Postgres:
        """The tables of an address.

        Raises:
            IndexStoreError: there are none, or tamis did not make them.
            RemoteError: the server failed or refused.
            MissingExtraError: psycopg is not installed.
        """
        return cls(*_connected(where))

    @classmethod
    def create(cls, where: Address, made: Made) -> Postgres:
        """New, empty tables.

        Raises:
            IndexStoreError: there are tables of this name, or the database has no pgvector.
            RemoteError: the server failed or refused.
            MissingExtraError: psycopg is not installed.
        """
        connections, table, name = _connected(where)
        sql, dimension = text.Statements(table), made.encoder.dimension if made.encoder else None

        def make(connection: Any) -> None:
            if connection.execute(sql.there, [table]).fetchone()[0]:
                raise IndexStoreError(f"{name} is there already: add to it, or name another")
            for statement in sql.create(dimension):
                connection.execute(statement)
            connection.execute(sql.record, [json.dumps(made.as_json())])

        try:
            connections.run(make)
        except RemoteError:
            connections.close()
            raise
        return cls(connections, table, name)

    def put(self, rows: Sequence[Row]) -> None:
        """Write documents, in the place of those that have their ids; all of them or none."""
        ids = [row.document.id for row in rows]

        def write(connection: Any) -> None:
            connection.execute(self._sql.lock)
            connection.execute(self._sql.forget, {"ids": ids})
            with connection.cursor() as cursor, cursor.copy(self._sql.copy(self.made.encoder is not None)) as copy:
                for row in rows:
                    copy.write_row(_cells(row))
            connection.execute(self._sql.count_in, {"ids": ids})

        self._connections.run(write)

    def drop(self, ids: Sequence[str]) -> None:
        """Delete the documents of some ids; all of them or none."""

        def write(connection: Any) -> None:
            connection.execute(self._sql.lock)
            connection.execute(self._sql.forget, {"ids": list(ids)})

        self._connections.run(write)

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of some ids, those that there are."""
        rows = self._connections.run(lambda c: c.execute(self._sql.get, [list(ids)]).fetchall())
        return {doc_id: _document(doc_id, told) for doc_id, told in rows}

    def count(self) -> int:
        """How many documents there are."""
        return int(self._connections.run(lambda c: c.execute(self._sql.sizes).fetchone())[0])

    def words(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by BM25."""

        def read(connection: Any) -> list[list[Hit]]:
            documents, tokens = connection.execute(self._sql.sizes).fetchone()
            mean = max(tokens / documents, 1.0) if documents else 1.0
            return [self._matched(connection, ask, k, documents, mean) for ask in asks]

        return self._connections.run(read)

    def near(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by the cosine, through HNSW; through all rows where a filter leaves HNSW short of them."""
        wide = min(max(4 * k, SEARCHED), MOST_SEARCHED)

        def read(connection: Any) -> list[list[Hit]]:
            connection.execute(text.SEARCH_SETTINGS.format(wide=wide))
            found = [self._nearest(connection, ask, k, exact=ask.ids is not None) for ask in asks]
            for at, ask in enumerate(asks):
                if len(found[at]) < k and ask.ids is None:
                    found[at] = self._nearest(connection, ask, k, exact=True)
            return found

        return self._connections.run(read)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _matched(self, connection: Any, ask: Ask, k: int, documents: int, mean: float) -> list[Hit]:
        counted = dict(connection.execute(self._sql.frequencies, [list(ask.tokens)]).fetchall())
        # Sorted, so that sums of the same numbers are the same to the last bit.
        known = sorted(token for token in ask.tokens if counted.get(token))
        if not known:
            return []
        weights = [ask.tokens[t] * math.log(1 + (documents - counted[t] + 0.5) / (counted[t] + 0.5)) for t in known]
        where, values = self._sql.where(ask)
        p = self._parameters
        given = {
            **values,
            "tokens": known,
            "weights": weights,
            "any": " | ".join(map(lexeme, known)),
            "fixed": p.k1 * (1 - p.b),
            "relative": p.k1 * p.b / mean,
            "k": k,
        }
        return _hits(connection.execute(self._sql.words(where, ask.ids is None), given).fetchall())

    def _nearest(self, connection: Any, ask: Ask, k: int, *, exact: bool) -> list[Hit]:
        if ask.vector is None:
            return []
        where, values = self._sql.where(ask)
        given = {**values, "vector": _half(ask.vector), "k": k}
        return _hits(connection.execute(self._sql.near(where, ask.ids is None, exact), given).fetchall())

    def _metadata(self) -> Any:
        def read(connection: Any) -> Any:
            if not connection.execute(self._sql.there, [self._sql.table]).fetchone()[0]:
                raise absent(self.name)
            if not connection.execute(self._sql.there, [f"{self._sql.table}_made"]).fetchone()[0]:
                return None
            row = connection.execute(self._sql.made).fetchone()
            return row[0] if row else None

        return self._connections.run(read)


class Connections:
    """Connections to one database: taken when a thread needs one, given back, never shared at one time.

    Args:
        uri: the database, with what opens it.
        name: what messages call it.
        secrets: texts that no message may hold.
    """

    def __init__(self, uri: str, name: str, secrets: Sequence[str] = ()) -> None:
        self._uri, self._name, self._secrets = uri, name, secrets
        self._idle: LifoQueue[Any] = LifoQueue()
        weakref.finalize(self, _close, self._idle)

    def run(self, do: Callable[[Any], Given]) -> Given:
        """What ``do`` gives in a transaction; once more where a connection that had been idle is found broken.

        Raises:
            RemoteError: the server failed, refused, or was not reached.
        """
        with self._told():
            try:
                connection, idle = self._idle.get_nowait(), True
            except Empty:
                connection, idle = self._opened(), False
            try:
                return self._done(connection, do)
            except require("psycopg").OperationalError:
                if not (idle and connection.closed):
                    raise
            return self._done(self._opened(), do)

    def close(self) -> None:
        """Close those that are idle."""
        _close(self._idle)

    def _done(self, connection: Any, do: Callable[[Any], Given]) -> Given:
        try:
            with connection.transaction():
                return do(connection)
        finally:
            if not connection.closed:
                self._idle.put(connection)

    def _opened(self) -> Any:
        # Plans are made for each query: one for all of them would not know how selective a filter is.
        return require("psycopg").connect(self._uri, autocommit=True, prepare_threshold=None)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the client as ours, without what a connection is opened with."""
        psycopg = require("psycopg")
        try:
            yield
        except (psycopg.Error, OSError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            for secret in self._secrets:
                said = said.replace(secret, "***")
            raise RemoteError(f"{self._name}: {said}: check the URL and that the server runs", said=said) from None


def _close(idle: LifoQueue[Any]) -> None:
    with suppress(Empty):
        while True:
            idle.get_nowait().close()


def lexeme(token: str) -> str:
    r"""A token as PostgreSQL's text search reads it, whatever stands in it.

    >>> print(lexeme("don't"))
    'don''t'
    """
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


def _cells(row: Row) -> list[Any]:
    """A row of the table as COPY sends it; a document's text is JSON, in which NUL is written as an escape."""
    document = row.document
    told = json.dumps({"title": document.title, "text": document.text, "fields": dict(document.fields)})
    words = " ".join(f"{lexeme(token)}:{min(count, text.MOST_COUNT)}" for token, count in sorted(row.tokens.items()))
    fields = json.dumps(dict(document.fields), ensure_ascii=False)
    return [document.id, told, fields, words, row.length, *([] if row.vector is None else [_half(row.vector)])]


def _half(vector: Vectors) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"


def _document(doc_id: str, told: str) -> Document:
    return Document(doc_id, **json.loads(told))


def _hits(rows: Sequence[tuple[str, float, str | None]]) -> list[Hit]:
    return [Hit(doc_id, float(score), _document(doc_id, told) if told else None) for doc_id, score, told in rows]


def _connected(where: Address) -> tuple[Connections, str, str]:
    """Connections, the table, and what messages call it."""
    psycopg = require("psycopg")
    table = where.options.get("table", "documents")
    if not table or len(table.encode()) > LONGEST_NAME or not table.isprintable():
        raise InputError(f"PostgreSQL can have no table {table!r:.60}: expected such as postgresql://host/db?table=law")
    parts = urlsplit(where.url)
    rest = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "table"])
    uri = urlunsplit(("postgresql", parts.netloc, parts.path, rest, ""))
    try:
        told = psycopg.conninfo.conninfo_to_dict(uri)
    except psycopg.ProgrammingError:
        # The message could repeat a password that was not %-encoded.
        raise InputError(
            "the postgresql: URL cannot be read: check its options, and %-encode what is special"
        ) from None
    secrets = tuple(str(told[name]) for name in ("password", "sslpassword", "user") if told.get(name))
    server = told.get("host") or "this machine"
    name = f"PostgreSQL table {table!r} of database {told.get('dbname') or told.get('user') or ''!r} on {server}"
    return Connections(psycopg.conninfo.make_conninfo(uri, **_patient(told)), name, secrets), table, name


def _patient(told: Mapping[str, Any]) -> dict[str, int]:
    return {} if "connect_timeout" in told else {"connect_timeout": CONNECT}
