"""The store of decisions and feedback, on SQLite or PostgreSQL (``tamis[store]``)."""

from tamis.observe.store.export import export
from tamis.observe.store.feedback import read_feedback
from tamis.observe.store.ledger import Entry
from tamis.observe.store.reading import Count, Which
from tamis.observe.store.retention import Cleaned
from tamis.observe.store.store import Added, Store
from tamis.observe.store.writer import Limits, Writer

__all__ = ["Added", "Cleaned", "Count", "Entry", "Limits", "Store", "Which", "Writer", "export", "read_feedback"]
