"""The store: decisions, what users did with them, policies and the ledger, in one database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tamis.observe.events import Decided, Event, EventKind, Session
from tamis.observe.store.database import Database
from tamis.observe.store.ledger import NOTHING, Entry, Ledger
from tamis.observe.store.lib import sa
from tamis.observe.store.migrate import migrate
from tamis.observe.store.privacy import Veil, unveil
from tamis.observe.store.reading import ALL, Count, Reading, Which
from tamis.observe.store.retention import Cleaned, clean
from tamis.observe.store.rows import Row, decision_row, event_row
from tamis.observe.store.schema import DECISIONS, EVENTS
from tamis.observe.store.shelf import Shelf

COUNTED = {"preserve_rowcount": True}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of decisions and events that were given.

    Attributes:
        new: how many are now kept.
        known: how many were there already, by their names.
    """

    new: int
    known: int


class Store:
    """Decisions and feedback in an SQLite file or a PostgreSQL database; threads may share it.

    Processes open their own, also those that were forked.

    Args:
        database: where it lies.
        veil: what is kept of texts and of users.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Store.open(Path(folder.name) / "kept.db") as store:
    ...     store.add([Decided("r1", at=1.0)], [Event("click", "e1", request="r1", document="a")])
    ...     store.add(events=[Event("click", "e1", request="r1", document="a")])
    ...     store.append("propose", actor="ann", subject="p1").id
    Added(new=2, known=0)
    Added(new=0, known=1)
    1
    >>> folder.cleanup()
    """

    def __init__(self, database: Database, veil: Veil) -> None:
        self.database = database
        self.veil = veil
        self._ledger, self._shelf, self._reading = Ledger(database), Shelf(database), Reading(database)

    @classmethod
    def open(cls, where: str | Path, *, texts: bool = False, key: str | bytes | None = None) -> Self:
        """Open a store, made where there is none; one that an older tamis made is brought forward.

        Args:
            where: the path of an SQLite file, or ``postgresql://user:password@host/database``.
            texts: keep texts of queries and documents; hashes of them otherwise. Names of users are always hashed.
            key: of the hashes; see ``unveil`` for where it comes from otherwise.

        Raises:
            InputError: no place that can be a store, or too short a key.
            StoreError: a newer tamis made it, it holds something else, or it was begun with another key.
            StorageError: it cannot be reached.
        """
        database = Database(where)
        try:
            migrate(database)
            return cls(database, unveil(database, key, texts))
        except BaseException:
            database.close()
            raise

    def add(self, decisions: Iterable[Decided] = (), events: Iterable[Event] = ()) -> Added:
        """Keep decisions and events: all or none of them, on the disk when this returns.

        What is there already under the same name (a decision's request, an event's ``event``) is passed over.

        Raises:
            InputError: one of them cannot be kept; none is.
            StorageError: the database refused them; none is kept.
        """
        return self.add_rows([decision_row(d, self.veil) for d in decisions], [event_row(e, self.veil) for e in events])

    def add_rows(self, decisions: list[dict[str, Any]], events: list[dict[str, Any]]) -> Added:
        """As ``add``, for rows that ``decision_row`` and ``event_row`` have made."""
        if not decisions and not events:
            return Added(0, 0)
        with self.database.writing() as connection:
            return self.put(connection, decisions, events)

    def put(self, connection: sa.Connection, decisions: list[dict[str, Any]], events: list[dict[str, Any]]) -> Added:
        """As ``add_rows``, inside a transaction that writes."""
        new = 0
        for table, rows in ((DECISIONS, decisions), (EVENTS, events)):
            if rows:
                insert = self.database.insert(table).on_conflict_do_nothing()
                new += connection.execute(insert, _ordered(rows), execution_options=COUNTED).rowcount
        return Added(new, len(decisions) + len(events) - new)

    def decisions(self, which: Which = ALL, *, limit: int | None = None, newest: bool = False) -> Iterator[Decided]:
        """Decisions in the order of time, read in pieces.

        Args:
            which: of what time, policy, arm or segment; all otherwise.
            limit: at most so many.
            newest: from the last one back.
        """
        return self._reading.decisions(which, limit, newest)

    def events(
        self,
        *,
        since: float | None = None,
        until: float | None = None,
        kind: EventKind | None = None,
        limit: int | None = None,
        newest: bool = False,
    ) -> Iterator[Event]:
        """Events in the order of time, read in pieces.

        Args:
            since: seconds since 1970, from which on.
            until: before which.
            kind: of one kind.
            limit: at most so many.
            newest: from the last one back.
        """
        return self._reading.events(since, until, kind, limit, newest)

    def sessions(self, which: Which = ALL, *, limit: int | None = None, newest: bool = False) -> Iterator[Session]:
        """Decisions with all events of their requests, whenever those came in; arguments as of ``decisions``."""
        return self._reading.sessions(which, limit, newest)

    def counts(self, which: Which = ALL) -> list[Count]:
        """Figures by model, policy and arm, worked out by the database."""
        return self._reading.counts(which)

    def best(self, limit: int = 1_000, which: Which = ALL) -> NDArray[np.float64]:
        """Best raw scores of the newest decisions that had candidates, the newest first."""
        return self._reading.best(which, limit)

    def histogram(
        self, bins: int | NDArray[np.float64] = 20, limit: int = 1_000, which: Which = ALL
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """How the best scores of the newest decisions lie: counts ``[bins]`` and edges ``[bins + 1]``."""
        counts, edges = np.histogram(self.best(limit, which), bins)
        return counts.astype(np.int64), edges.astype(np.float64)

    def events_by_kind(self, since: float | None = None, until: float | None = None) -> dict[str, int]:
        """How many events of each kind there are."""
        return self._reading.events_by_kind(since, until)

    def clean(self, *, before: float) -> Cleaned:
        """Delete decisions and events that are older than a time, never a row of the ledger; see ``retention``."""
        return clean(self.database, before)

    def append(
        self,
        act: str,
        *,
        actor: str,
        subject: str,
        policy: str = "",
        details: Mapping[str, Any] = NOTHING,
        expected: int | None = None,
    ) -> Entry:
        """Add a row to the ledger; see ``Ledger.append``."""
        return self._ledger.append(act, actor=actor, subject=subject, policy=policy, details=details, expected=expected)

    def entries(self, after: int = 0) -> list[Entry]:
        """The ledger's rows whose id is greater than ``after``."""
        return self._ledger.entries(after)

    def head(self) -> Entry | None:
        """The ledger's newest row."""
        return self._ledger.head()

    def verify(self) -> int:
        """Work out the ledger's chain anew; see ``Ledger.verify``."""
        return self._ledger.verify()

    def keep_policy(self, content: Mapping[str, Any], name: str) -> str:
        """Keep a policy's content; returns its digest."""
        return self._shelf.keep_policy(content, name)

    def policy_content(self, digest: str) -> dict[str, Any]:
        """A policy's content by its digest; see ``Shelf.policy_content``."""
        return self._shelf.policy_content(digest)

    def policies(self) -> dict[str, str]:
        """Names of the policies that are kept, by their digests."""
        return self._shelf.policies()

    def keep_baseline(self, policy: str, content: Mapping[str, Any]) -> None:
        """Keep what a policy's figures were when it began."""
        self._shelf.keep_baseline(policy, content)

    def baseline(self, policy: str) -> dict[str, Any] | None:
        """The newest baseline of a policy; None where there is none."""
        return self._shelf.baseline(policy)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def __enter__(self) -> Self:
        """The store, which the end of the block closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _ordered(rows: list[dict[str, Any]]) -> list[Row]:
    """Rows by their names, so that writers of PostgreSQL that add the same ones never wait for each other in a ring."""
    name = "event" if "event" in rows[0] else "request"
    return sorted(rows, key=lambda row: row[name])
