"""SQLite's log moved into its file beside the writers, so that none of them waits for it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

EVERY = 200  # transactions of this process between two moves: some megabytes of log, with eight processes


class Checkpoints:
    """Counts transactions, and now and then has the log's pages moved in a thread.

    By itself SQLite moves them in the transaction that finds the log long, which then syncs two files more while all
    others wait: with eight writers that is the whole tail of their waiting. A passive checkpoint waits for nobody, and
    nobody for it.

    Args:
        path: the database's file.
        every: transactions between two moves.
    """

    def __init__(self, path: Path, every: int = EVERY) -> None:
        self._path, self._every = path, every
        self._count = 0
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def written(self) -> None:
        """Count a transaction that was written."""
        with self._guard:
            self._count += 1
            if self._count < self._every or (self._thread is not None and self._thread.is_alive()):
                return
            self._count = 0
            self._thread = threading.Thread(target=self._move, name="tamis-observe-checkpoint", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for a move that is under way."""
        with self._guard:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _move(self) -> None:
        # Where another process is at it, or the file is gone, the next one will do; nothing is lost in the log.
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
