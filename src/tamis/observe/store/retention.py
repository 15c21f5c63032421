"""Retention: what is older than it may be is taken away, and its place in the file overwritten."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.observe.store.database import Database
from tamis.observe.store.lib import sa
from tamis.observe.store.schema import DECISIONS, EVENTS

TOGETHER = 5_000  # rows deleted at once: others write in between


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many decisions and events were taken away."""

    decisions: int
    events: int


def clean(database: Database, before: float) -> Cleaned:
    """Delete decisions made, and events that happened or came in, before a time; never a row of the ledger.

    The clock of an event is its sender's; so what came in before the time goes also where it says that it is younger.

    Args:
        database: the store's.
        before: seconds since 1970.
    """
    decisions = _deleted(database, DECISIONS.c.id, DECISIONS.c.at < before)
    events = _deleted(database, EVENTS.c.event, sa.or_(EVENTS.c.at < before, EVENTS.c.received < before))
    database.tidy()
    return Cleaned(decisions, events)


def _deleted(database: Database, name: sa.Column[object], old: sa.ColumnElement[bool]) -> int:
    some = sa.delete(name.table).where(name.in_(sa.select(name).where(old).limit(TOGETHER)))
    total = 0
    while True:
        with database.writing() as connection:
            count = connection.execute(some).rowcount
        total += count
        if count < TOGETHER:
            return total
