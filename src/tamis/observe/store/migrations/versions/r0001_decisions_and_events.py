"""Decisions and events, and what the store notes of itself."""

from __future__ import annotations

from tamis.observe.store.lib import op, sa

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "decisions",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("request", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.Double, nullable=False, index=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("model", "scorer", "policy", "arm", "query", "who", "segment")
        ),
        sa.Column("none_relevant", sa.Double),
        sa.Column("items", sa.JSON, nullable=False),
        sa.Column("accepted", sa.Integer, nullable=False),
        sa.Column("best", sa.Double),
        sa.Column("expected", sa.Double),
    )
    op.create_table(
        "events",
        sa.Column("event", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False, index=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("value", sa.Double),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
