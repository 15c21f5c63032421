"""Feedback in files, as servers before tamis had stores kept it: an event a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tamis.errors import DataError, InputError
from tamis.observe.events import Event
from tamis.observe.store.rows import named

FIELDS = ("kind", "event", "request", "document", "query", "position", "value", "user")
NAMES = {"event", "request", "document", "query", "user"}


def read_feedback(path: str | Path) -> Iterator[Event]:
    """The events of a file, in the order of their arrival; those that were sent twice come twice, under one name.

    Lines that a crash cut in two were never acknowledged, and what has no value where its kind needs one says nothing:
    both are passed over.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        with Path(path).open("rb") as lines:
            for line in lines:
                if (event := _read(line)) is not None:
                    yield event
    except OSError as error:
        raise DataError(error.strerror or str(error), path=path) from error


def _read(line: bytes) -> Event | None:
    try:
        found = json.loads(line)
        return _event(found) if isinstance(found, dict) else None
    except (ValueError, TypeError, KeyError, InputError):
        return None


def _event(found: Mapping[str, Any]) -> Event:
    """An event of a line.

    >>> _event({"kind": "click", "event": "e1", "document": "a", "at": "1970-01-01T00:00:07+00:00"}).at
    7.0
    """
    known = {name: found[name] for name in FIELDS if found.get(name) is not None}
    for name in NAMES & known.keys():
        named(known[name], name)
    return Event(**known, at=datetime.fromisoformat(found["at"]).timestamp())
