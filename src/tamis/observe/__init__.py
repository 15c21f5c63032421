"""Observe: whether what was decided still holds, told by scores, by what users do, and by tests."""

from tamis.observe.events import KINDS, Decided, Event, EventKind, Placed, Session

__all__ = ["KINDS", "Decided", "Event", "EventKind", "Placed", "Session"]
