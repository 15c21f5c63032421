"""The tables of the store, the same in SQLite and in PostgreSQL; ``migrations`` makes them."""

from __future__ import annotations

from tamis.observe.store.lib import sa

METADATA = sa.MetaData()
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up by itself for INTEGER only

DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
    sa.Column("request", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("scorer", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),  # "user" is a word of SQL
    sa.Column("segment", sa.Text, nullable=False),
    sa.Column("none_relevant", sa.Double),
    sa.Column("items", sa.JSON, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
    sa.Column("best", sa.Double),
    sa.Column("expected", sa.Double),
    sa.Column("candidates", sa.Integer, nullable=False, server_default="0"),
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("event", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("position", sa.Integer),
    sa.Column("value", sa.Double),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("received", sa.Double, nullable=False),
)

LEDGER = sa.Table(
    "ledger",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),  # canonical JSON as it was digested, which a JSON type may rewrite
    sa.Column("parent", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
)

POLICIES = sa.Table(
    "policies",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)

BASELINES = sa.Table(
    "baselines",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
    sa.Column("policy", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)

META = sa.Table(
    "meta",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
