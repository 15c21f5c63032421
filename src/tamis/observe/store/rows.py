"""Decisions and events as rows of the tables, and back."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from tamis.errors import InputError
from tamis.observe.events import Decided, Event, Placed
from tamis.observe.store.privacy import Veil

Row = Mapping[str, Any]


LONGEST = 500  # characters of a name that is looked up: PostgreSQL's index takes 2,700 bytes
LONG = 10_000  # characters of a document's name, which nothing is looked up by
LAST = 2**31 - 1


def named(name: Any, field: str, longest: int = LONGEST) -> str:
    r"""A name that databases can keep as it is.

    Raises:
        InputError: no text, a text with a NUL or half a character, or a very long one.

    >>> named("d1\x00", "document")
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: document: expected a name without NUL and half characters, got 'd1\x00'
    """
    if isinstance(name, str) and "\x00" not in name and (name.isascii() or not _halved(name)):
        if len(name) > longest:
            raise InputError(f"{field}: expected a name of at most {longest} characters, got {len(name)}")
        return name
    raise InputError(f"{field}: expected a name without NUL and half characters, got {name!r:.80}")


def _halved(name: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in name)


def decision_row(decided: Decided, veil: Veil) -> dict[str, Any]:
    """The row of a decision.

    Raises:
        InputError: a name that cannot be kept, or a number that is not finite.
    """
    if not decided.request:
        raise InputError("a decision needs its request's id, so that it counts once and events find it")
    row: dict[str, Any] = {
        field: named(getattr(decided, field), field)
        for field in ("request", "model", "scorer", "policy", "arm", "segment")
    }
    for item in decided.items:
        named(item.document, "document", LONG)
        _finite(item.score, "score"), _finite(item.probability, "probability"), _finite(item.propensity, "propensity")
    return {
        **row,
        "at": _finite(decided.at, "at"),
        "query": veil.text(decided.query),
        "who": veil.user(decided.user),
        "none_relevant": _finite(decided.none_relevant, "none_relevant"),
        "items": [[*item.as_json()[:-1], veil.text(item.text)] for item in decided.items],
        "accepted": decided.accepted,
        "best": decided.best,
        "expected": decided.expected,
        "candidates": len(decided.items),
    }


def event_row(event: Event, veil: Veil) -> dict[str, Any]:
    """The row of an event.

    Raises:
        InputError: a name that cannot be kept.
    """
    if event.position is not None and event.position > LAST:
        raise InputError(f"position: expected at most {LAST}, got {event.position}")
    row: dict[str, Any] = {field: named(getattr(event, field), field) for field in ("event", "request")}
    return {
        **row,
        "document": named(event.document, "document", LONG),
        "kind": event.kind,
        "query": veil.text(event.query),
        "position": event.position,
        "value": event.value,
        "who": veil.user(event.user),
        "at": event.at,
        "received": time.time(),
    }


def decided_of(row: Row) -> Decided:
    """The decision of a row, with hashes where texts and the user stood."""
    names = ("request", "at", "model", "scorer", "policy", "arm", "query", "none_relevant", "segment")
    items = tuple(Placed.from_json(item) for item in row["items"])
    return Decided(**{name: row[name] for name in names}, user=row["who"], items=items)


def event_of(row: Row) -> Event:
    """The event of a row, with hashes where a query and the user stood."""
    names = ("kind", "event", "request", "document", "query", "position", "value", "at")
    return Event(**{name: row[name] for name in names}, user=row["who"])


def _finite(value: float | None, field: str) -> float | None:
    if value is None or math.isfinite(value):
        return value
    raise InputError(f"{field}: expected a finite number, got {value}")
