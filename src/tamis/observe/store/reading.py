"""Reading a store: decisions, events, both together, and their figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.observe.events import Decided, Event, Session
from tamis.observe.store.database import Database
from tamis.observe.store.lib import sa
from tamis.observe.store.rows import Row, decided_of, event_of
from tamis.observe.store.schema import DECISIONS, EVENTS

TOGETHER = 500  # rows read at once; each such read is a transaction of its own, so that a long walk stops no writer


@dataclass(frozen=True, slots=True)
class Which:
    """Which decisions are meant; what is None is not asked for.

    Attributes:
        since: seconds since 1970, from which on.
        until: before which.
        policy: digest; empty for decisions without a policy.
        arm: of the traffic; empty for what all others get.
        segment: such as a language; empty for those without one.
    """

    since: float | None = None
    until: float | None = None
    policy: str | None = None
    arm: str | None = None
    segment: str | None = None

    def narrowed(self, found: sa.Select[Any]) -> sa.Select[Any]:
        """A question about decisions, asked of these only."""
        found = _during(found, DECISIONS, self.since, self.until)
        for name in ("policy", "arm", "segment"):
            if (value := getattr(self, name)) is not None:
                found = found.where(DECISIONS.c[name] == value)
        return found


ALL = Which()


@dataclass(frozen=True, slots=True)
class Count:
    """Figures of the decisions of one model, policy and arm.

    Attributes:
        model, policy, arm: whose.
        decisions: how many.
        empty: of them, how many showed nothing.
        accepted: candidates that were shown, of all of them.
        candidates: candidates of all of them.
        expected: mean over decisions of the mean probability of what was shown; None where none had one.
    """

    model: str
    policy: str
    arm: str
    decisions: int
    empty: int
    accepted: int
    candidates: int
    expected: float | None


class Reading:
    """Questions to a store; all times are seconds since 1970, from ``since`` on and before ``until``.

    Args:
        database: the store's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def decisions(self, which: Which, limit: int | None = None, newest: bool = False) -> Iterator[Decided]:
        """Decisions in the order of time; with ``newest`` from the last one back."""
        found = which.narrowed(sa.select(DECISIONS))
        return map(decided_of, self._walked(found, (DECISIONS.c.at, DECISIONS.c.id), limit, newest))

    def events(
        self, since: float | None, until: float | None, kind: str | None, limit: int | None, newest: bool
    ) -> Iterator[Event]:
        """Events in the order of time; with ``newest`` from the last one back."""
        found = _during(sa.select(EVENTS), EVENTS, since, until)
        if kind is not None:
            found = found.where(EVENTS.c.kind == kind)
        return map(event_of, self._walked(found, (EVENTS.c.at, EVENTS.c.event), limit, newest))

    def sessions(self, which: Which, limit: int | None = None, newest: bool = False) -> Iterator[Session]:
        """Decisions with all events of their requests, whenever those happened or came in."""
        decisions = self.decisions(which, limit, newest)
        while some := [*islice(decisions, TOGETHER)]:
            of = self._events_of([decided.request for decided in some])
            yield from (Session(decided, tuple(of.get(decided.request, ()))) for decided in some)

    def counts(self, which: Which) -> list[Count]:
        """Figures by model, policy and arm, worked out by the database."""
        c, whose = DECISIONS.c, (DECISIONS.c.model, DECISIONS.c.policy, DECISIONS.c.arm)
        figures = (
            sa.func.count(),
            sa.func.sum(sa.case((c.accepted == 0, 1), else_=0)),
            sa.func.sum(c.accepted),
            sa.func.sum(c.candidates),
            sa.func.avg(c.expected),
        )
        found = which.narrowed(sa.select(*whose, *figures)).group_by(*whose).order_by(*whose)
        with self._database.reading() as connection:
            return [
                Count(model, policy, arm, decisions, int(empty), int(accepted), int(candidates), expected)
                for model, policy, arm, decisions, empty, accepted, candidates, expected in connection.execute(found)
            ]

    def best(self, which: Which, limit: int) -> NDArray[np.float64]:
        """Best raw scores of the newest decisions that had candidates, the newest first; shape ``[at most limit]``."""
        found = which.narrowed(sa.select(DECISIONS.c.best)).where(DECISIONS.c.best.is_not(None))
        newest = found.order_by(DECISIONS.c.at.desc(), DECISIONS.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return np.fromiter(connection.scalars(newest), dtype=np.float64)

    def events_by_kind(self, since: float | None, until: float | None) -> dict[str, int]:
        """How many events of each kind there are."""
        found = _during(sa.select(EVENTS.c.kind, sa.func.count()), EVENTS, since, until)
        with self._database.reading() as connection:
            grouped = connection.execute(found.group_by(EVENTS.c.kind).order_by(EVENTS.c.kind))
            return {kind: count for kind, count in grouped}

    def _events_of(self, requests: Sequence[str]) -> dict[str, list[Event]]:
        found = sa.select(EVENTS).where(EVENTS.c.request.in_(requests)).order_by(EVENTS.c.at, EVENTS.c.event)
        of: dict[str, list[Event]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(found).mappings():
                of.setdefault(row["request"], []).append(event_of(dict(row)))
        return of

    def _walked(
        self, found: sa.Select[Any], order: tuple[sa.Column[Any], sa.Column[Any]], limit: int | None, newest: bool
    ) -> Iterator[Row]:
        """Rows in an order, some at a time, each time from where the last ones ended."""
        left = limit
        found = found.order_by(*(column.desc() if newest else column for column in order))
        place: tuple[Any, ...] | None = None
        while left is None or left > 0:
            count = TOGETHER if left is None else min(TOGETHER, left)
            rows = self._next(found.limit(count), order, place, newest)
            yield from rows
            if len(rows) < count:
                return
            left = None if left is None else left - count
            place = tuple(rows[-1][column.name] for column in order)

    def _next(
        self,
        found: sa.Select[Any],
        order: tuple[sa.Column[Any], sa.Column[Any]],
        place: tuple[Any, ...] | None,
        newest: bool,
    ) -> list[Mapping[str, Any]]:
        if place is not None:
            here, there = sa.tuple_(*order), sa.tuple_(*place)
            found = found.where(here < there if newest else here > there)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(found).mappings()]


def _during(found: sa.Select[Any], table: sa.Table, since: float | None, until: float | None) -> sa.Select[Any]:
    if since is not None:
        found = found.where(table.c.at >= since)
    return found if until is None else found.where(table.c.at < until)
