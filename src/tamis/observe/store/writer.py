"""Writing from one process: what comes in while the disk works goes together in the next transaction."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from tamis.errors import BusyError, ClosingError, InputError
from tamis.observe.events import Decided, Event
from tamis.observe.store.rows import decision_row, event_row
from tamis.observe.store.store import Store


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how much goes together.

    Attributes:
        waiting: decisions and events that may wait before more are refused.
        together: of them in one transaction, about.
        linger: seconds that the first one waits for others, at most.
    """

    waiting: int = 100_000
    together: int = 2_000
    linger: float = 0.005

    def __post_init__(self) -> None:
        """Refuse limits that would let nothing through."""
        if self.waiting < 1 or self.together < 1 or not 0 <= self.linger <= 1:
            raise InputError(
                "expected waiting and together of at least 1 and linger within [0, 1], got "
                f"{self.waiting}, {self.together} and {self.linger}"
            )


USUAL = Limits()
Rows: TypeAlias = tuple[list[dict[str, Any]], list[dict[str, Any]]]
Waiting: TypeAlias = tuple[Rows, Future[None]]


class Writer:
    """Commits in groups, from a thread of its own: one sync of the disk for all that came in meanwhile.

    Args:
        store: where to; it stays open.
        limits: how much may wait and go together.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Store.open(folder.name + "/kept.db") as store, Writer(store) as writer:
    ...     writer.add(Event("click", "e1", request="r1", document="a")).result()
    ...     store.events_by_kind()
    {'click': 1}
    >>> folder.cleanup()
    """

    def __init__(self, store: Store, limits: Limits = USUAL) -> None:
        self._store, self._limits = store, limits
        self._waiting: deque[Waiting] = deque()
        self._size = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="tamis-observe-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many decisions and events are not yet taken up."""
        return self._size

    def add(self, *items: Decided | Event) -> Future[None]:
        """Hand over decisions and events; all or none of these are kept.

        Returns:
            Done when they are on the disk; raises ``StorageError`` where the database refused them.

        Raises:
            InputError: one of them cannot be kept.
            BusyError: too many are waiting.
            ClosingError: the writer is closed.
        """
        veil, done = self._store.veil, Future[None]()
        rows = (
            [decision_row(item, veil) for item in items if isinstance(item, Decided)],
            [event_row(item, veil) for item in items if isinstance(item, Event)],
        )
        with self._changed:
            if self._closing:
                raise ClosingError("the writer of decisions and feedback is closed")
            if self._size + len(items) > self._limits.waiting and self._size:
                raise BusyError(f"{self._size} decisions and events wait to be written: try again later")
            self._waiting.append((rows, done))
            before, self._size = self._size, self._size + len(items)
            # The thread sleeps until there is something, and then until there is much: woken for these two only.
            if not before or before < self._limits.together <= self._size:
                self._changed.notify()
        return done

    def close(self) -> None:
        """Write what waits, and take no more."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        """The writer, which the end of the block closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        while self._wanted():
            taken: list[Waiting] = []
            try:
                with self._store.database.writing() as connection:
                    taken = self._taken()  # now that it is our turn: what came while others wrote goes along
                    decisions = [row for (some, _), _ in taken for row in some]
                    events = [row for (_, some), _ in taken for row in some]
                    self._store.put(connection, decisions, events)
            except Exception as error:
                for _, done in taken or self._taken():
                    done.set_exception(error)
            else:
                for _, done in taken:
                    done.set_result(None)

    def _wanted(self) -> bool:
        """Wait until there is something to write, and a little for more; false when all is written and closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            self._changed.wait_for(lambda: self._size >= self._limits.together or self._closing, self._limits.linger)
            return bool(self._waiting)

    def _taken(self) -> list[Waiting]:
        """What goes together, less what its caller has cancelled."""
        taken, count = list[Waiting](), 0
        with self._changed:
            while self._waiting and count < self._limits.together:
                rows, done = self._waiting.popleft()
                count += len(rows[0]) + len(rows[1])
                if done.set_running_or_notify_cancel():
                    taken.append((rows, done))
            self._size -= count
        return taken
