"""What is said to PostgreSQL: statements over a table's name, filters with values as parameters only."""

from __future__ import annotations

import json
from typing import Any

from tamis.extras import require
from tamis.filters import AnyOf, Between, Condition, Not, Value
from tamis.recall.engines.engine import Ask

MOST_COUNT = 16383  # the largest position that a tsvector holds
SIGNS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
# Beyond what HNSW keeps, it goes on searching until enough rows pass the filter, nearest first.
SEARCH_SETTINGS = "SET LOCAL hnsw.ef_search = {wide}; SET LOCAL hnsw.iterative_scan = strict_order"

CREATE = (
    """CREATE TABLE {docs} (
        id text COLLATE "C" PRIMARY KEY,
        told text NOT NULL,
        fields jsonb NOT NULL,
        words tsvector NOT NULL,
        length integer NOT NULL
    )""",
    "CREATE INDEX ON {docs} USING gin (words)",
    "CREATE INDEX ON {docs} USING gin (fields jsonb_path_ops)",
    'CREATE TABLE {tokens} (token text COLLATE "C" PRIMARY KEY, documents bigint NOT NULL)',
    "CREATE TABLE {made} (made jsonb NOT NULL, documents bigint NOT NULL, tokens bigint NOT NULL)",
)
VECTORS = (
    "ALTER TABLE {docs} ADD COLUMN vector halfvec({dimension})",
    "CREATE INDEX ON {docs} USING hnsw (vector halfvec_ip_ops)",
)
# Both keep the counts: of the documents that each token stands in, of all documents, of all their tokens.
FORGET = """
    WITH gone AS (DELETE FROM {docs} WHERE id = ANY(%(ids)s) RETURNING words, length),
    counted AS (SELECT lexeme, count(*) AS documents FROM gone, unnest(words) GROUP BY lexeme),
    fewer AS (
        UPDATE {tokens} t SET documents = t.documents - c.documents FROM counted c WHERE t.token = c.lexeme
    )
    UPDATE {made} SET documents = documents - g.n, tokens = tokens - g.length
    FROM (SELECT count(*) AS n, coalesce(sum(length), 0) AS length FROM gone) g
"""
COUNT_IN = """
    WITH came AS (SELECT words, length FROM {docs} WHERE id = ANY(%(ids)s)),
    counted AS (SELECT lexeme, count(*) AS documents FROM came, unnest(words) GROUP BY lexeme),
    more AS (
        INSERT INTO {tokens} AS t SELECT lexeme, documents FROM counted
        ON CONFLICT (token) DO UPDATE SET documents = t.documents + excluded.documents
    )
    UPDATE {made} SET documents = documents + c.n, tokens = tokens + c.length
    FROM (SELECT count(*) AS n, coalesce(sum(length), 0) AS length FROM came) c
"""
# A lexeme's position is its count in the document.
WORDS = """
    SELECT d.id, s.score, {told}
    FROM {docs} d, LATERAL (
        SELECT sum(q.weight * u.positions[1] / (u.positions[1] + %(fixed)s + %(relative)s * d.length)
                   ORDER BY q.token COLLATE "C") AS score
        FROM unnest(d.words) u
        JOIN unnest(%(tokens)s::text[], %(weights)s::float8[]) AS q(token, weight) ON q.token = u.lexeme
    ) s
    WHERE d.words @@ %(any)s::tsquery AND {where}
    ORDER BY s.score DESC, d.id
    LIMIT %(k)s
"""
NEAR = """
    SELECT d.id, -(d.vector <#> %(vector)s::halfvec), {told}
    FROM {docs} d
    WHERE {where}
    ORDER BY {order}
    LIMIT %(k)s
"""
NEAREST, EXACTLY = "d.vector <#> %(vector)s::halfvec", "2 DESC, d.id"  # HNSW knows the first; the second is all rows'


class Statements:
    """The statements over one table.

    Attributes:
        table: its name.
    """

    def __init__(self, table: str) -> None:
        sql = require("psycopg").sql
        self.table, self._sql = table, sql
        self._names = {
            "docs": sql.Identifier(table),
            "tokens": sql.Identifier(f"{table}_tokens"),
            "made": sql.Identifier(f"{table}_made"),
        }
        self.there = "SELECT to_regclass(quote_ident(%s)) IS NOT NULL"
        self.lock = self._over("SELECT FROM {made} FOR UPDATE")  # writers queue: the counts are everybody's
        self.forget, self.count_in = self._over(FORGET), self._over(COUNT_IN)
        self.made = self._over("SELECT made FROM {made}")
        self.record = self._over("INSERT INTO {made} VALUES (%s, 0, 0)")
        self.sizes = self._over("SELECT documents, tokens FROM {made}")
        self.frequencies = self._over("SELECT token, documents FROM {tokens} WHERE token = ANY(%s)")
        self.get = self._over("SELECT id, told FROM {docs} WHERE id = ANY(%s)")

    def create(self, dimension: int | None) -> list[Any]:
        """What makes the tables; with vectors of a dimension, or without."""
        if dimension is None:
            return [self._over(statement) for statement in CREATE]
        width = self._sql.Literal(dimension)
        vectors = [self._over(statement, dimension=width) for statement in VECTORS]
        return ["CREATE EXTENSION IF NOT EXISTS vector", *map(self._over, CREATE), *vectors]

    def copy(self, vectors: bool) -> Any:
        """What rows are streamed in by."""
        columns = "id, told, fields, words, length" + (", vector" if vectors else "")
        return self._over(f"COPY {{docs}} ({columns}) FROM STDIN")

    def words(self, where: Any, documents: bool) -> Any:
        """The best by BM25; without ``documents``, only their ids and scores."""
        return self._over(WORDS, where=where, told=self._sql.SQL("d.told" if documents else "NULL"))

    def near(self, where: Any, documents: bool, exact: bool) -> Any:
        """The best by the inner product, through HNSW or ``exact``."""
        order = self._sql.SQL(EXACTLY if exact else NEAREST)
        return self._over(NEAR, where=where, told=self._sql.SQL("d.told" if documents else "NULL"), order=order)

    def where(self, ask: Ask) -> tuple[Any, dict[str, Any]]:
        """The condition on rows, and its parameters by name."""
        values: dict[str, Any] = {}
        parts = [] if ask.where is None else [_condition(one, values) for one in ask.where.conditions]
        if ask.ids is not None:
            parts.append(f"d.id = ANY({_given(list(ask.ids), values)})")
        return self._sql.SQL(" AND ".join(f"({part})" for part in parts) or "TRUE"), values

    def _over(self, statement: str, **parts: Any) -> Any:
        return self._sql.SQL(statement).format(**self._names, **parts)


def _condition(condition: Condition, values: dict[str, Any]) -> str:
    """SQL of one condition; a field that is missing makes it NULL, which is not true."""
    if isinstance(condition, Not):
        return f"({_condition(condition.condition, values)}) IS NOT TRUE"
    if isinstance(condition, AnyOf):
        return " OR ".join(_is(condition.field, value, values) for value in condition.values) or "FALSE"
    return _between(condition, values)


def _is(field: str, value: Value, values: dict[str, Any]) -> str:
    if value is None:
        name = _given(field, values)
        return f"d.fields -> {name}::text IS NULL OR d.fields -> {name}::text = 'null'"
    # Containment is what the index knows; it takes 1 and 1.0 for one, and tells true from both.
    return f"d.fields @> {_given(json.dumps({field: value}), values)}::jsonb"


def _between(condition: Between, values: dict[str, Any]) -> str:
    name = _given(condition.field, values)
    kind = "string" if condition.of_texts else "number"
    parts = [f"jsonb_typeof(d.fields -> {name}::text) = '{kind}'"]
    for sign, bound in condition.bounds.items():
        if condition.of_texts:  # by code points, which is how UTF-8's bytes sort
            parts.append(f'(d.fields ->> {name}::text) COLLATE "C" {SIGNS[sign]} {_given(bound, values)}::text')
        else:
            parts.append(f"d.fields -> {name}::text {SIGNS[sign]} {_given(json.dumps(bound), values)}::jsonb")
    return " AND ".join(parts)


def _given(value: Any, values: dict[str, Any]) -> str:
    """A parameter of its own for a value."""
    name = f"where{len(values)}"
    values[name] = value
    return f"%({name})s"
