"""Observe: whether what was decided still holds, told by scores, by what users do, and by tests."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tamis.observe.events import KINDS, Decided, Event, EventKind, Placed, Session

if TYPE_CHECKING:
    from tamis.observe.options import WatchOptions
    from tamis.observe.status import PolicyLine, Status
    from tamis.observe.trial import Trial
    from tamis.observe.watch import Watch

__all__ = [
    "KINDS",
    "Decided",
    "Event",
    "EventKind",
    "Placed",
    "PolicyLine",
    "Session",
    "Status",
    "Trial",
    "Watch",
    "WatchOptions",
]

# What stands on the store needs SQLAlchemy, which an install without a server has not.
_LATER = {
    "PolicyLine": "status",
    "Status": "status",
    "Trial": "trial",
    "Watch": "watch",
    "WatchOptions": "options",
}


def __getattr__(name: str) -> Any:
    """What stands on the store, when it is asked for."""
    if name in _LATER:
        return getattr(import_module(f"tamis.observe.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
