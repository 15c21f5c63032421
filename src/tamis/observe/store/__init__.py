"""The store of decisions and feedback, on SQLite or PostgreSQL (``tamis[store]``)."""

from tamis.observe.store.ledger import Entry
from tamis.observe.store.store import Added, Store

__all__ = ["Added", "Entry", "Store"]
