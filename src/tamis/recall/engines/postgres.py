"""PostgreSQL with pgvector: documents as rows, words by its full-text index, vectors by HNSW."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

from tamis.core import Document, Vectors
from tamis.errors import IndexStoreError, RemoteError
from tamis.recall.bm25 import Parameters
from tamis.recall.engines import postgres_sql as text
from tamis.recall.engines.address import Address
from tamis.recall.engines.connections import Connections, connected
from tamis.recall.engines.engine import Ask, Hit, Made, Row, absent

SEARCHED, MOST_SEARCHED = 400, 1000  # candidates that HNSW keeps at least, and as many as pgvector allows
ENOUGH = 4  # times as many rows as are wanted are scored before it is told which tokens cannot matter


class Postgres:
    """Three tables: documents, how many documents each token stands in, and what made them all.

    The ``tsvector`` of a document holds our tokens, each with its count in the place of a position: PostgreSQL's index
    finds the rows that share a token, and BM25 is computed from what stands in them, since ``ts_rank`` knows neither
    how rare a token is nor how long the others are; rows that hold only tokens which cannot matter are left out.
    Counts are kept with each write, in one transaction with the rows. Vectors are ``halfvec`` (16 bits a number).
    Connections are opened as threads need them and kept.
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
        return cls(*connected(where))

    @classmethod
    def create(cls, where: Address, made: Made) -> Postgres:
        """New, empty tables.

        Raises:
            IndexStoreError: there are tables of this name, or the database has no pgvector.
            RemoteError: the server failed or refused.
            MissingExtraError: psycopg is not installed.
        """
        connections, table, name = connected(where)
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
        rarity = {t: math.log(1 + (documents - n + 0.5) / (n + 0.5)) for t, n in counted.items() if n}
        weights = {token: ask.tokens[token] * idf for token, idf in rarity.items()}
        known = sorted(weights, key=lambda token: (-weights[token], token))
        where, values = self._sql.where(ask)
        p, statement = self._parameters, self._sql.words(where, ask.ids is None)
        norm = {"fixed": p.k1 * (1 - p.b), "relative": p.k1 * p.b / mean}
        given = {**values, **norm, "tokens": known, "weights": [weights[token] for token in known], "k": k}

        def search(first: int) -> list[Hit]:
            """Rows that hold one of the first tokens, scored by all of them."""
            asked = {**given, "any": " | ".join(map(lexeme, known[:first]))}
            return _hits(connection.execute(statement, asked).fetchall())

        if not known or ask.ids is not None:
            return search(len(known)) if known else []
        rows = itertools.accumulate(counted[token] for token in known)
        first = next((n for n, count in enumerate(rows, 1) if count >= ENOUGH * k), len(known))
        hits = search(first)
        needed = essential(given["weights"], hits[k - 1].score if len(hits) >= k else 0.0)
        return hits if needed <= first else search(needed)

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


def essential(weights: Sequence[float], least: float) -> int:
    """How many of the heaviest tokens a row must hold one of to reach a score (MaxScore, Turtle and Flood 1995).

    A token adds less than its weight, so rows that hold none but the others stay below.

    >>> essential([5.0, 2.0, 1.0, 0.5], 1.6), essential([5.0, 2.0], 0.0)
    (2, 2)
    """
    rest = 0.0
    for at in range(len(weights) - 1, -1, -1):
        rest += weights[at]
        if rest * (1 + 1e-9) >= least:
            return at + 1
    return 0


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
