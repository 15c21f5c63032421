"""SQLite's log is moved into its file beside the writers."""

from __future__ import annotations

import sqlite3
import threading

from tamis.observe import Event
from tamis.observe.store import Store
from tamis.observe.store.checkpoints import EVERY, Checkpoints


def events(start, count):
    return [Event("click", f"e{at}", request="r", document="d", at=1.0) for at in range(start, start + count)]


def test_the_log_is_moved_and_no_writer_does_it_by_itself(tmp_path):
    path = tmp_path / "kept.db"
    with Store.open(path) as store:
        assert path.stat().st_size < 100_000
        with store.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
        for at in range(EVERY):
            store.add(events=events(at * 20, 20))
        store.database._checkpoints.close()
        assert path.stat().st_size > 100_000  # before, all of it stood in the log
        # A move leaves out what is written meanwhile: the file alone is whole after one beside which nobody writes.
        store.database._checkpoints._move()
        (tmp_path / "alone.db").write_bytes(path.read_bytes())
        with sqlite3.connect(tmp_path / "alone.db") as alone:
            (moved,) = alone.execute("SELECT count(*) FROM events").fetchone()
        assert moved == EVERY * 20
        store.add(events=events(10**6, 1))
        assert store.events_by_kind() == {"click": EVERY * 20 + 1}


def test_one_move_at_a_time_and_the_end_waits_for_it(tmp_path):
    path = tmp_path / "kept.db"
    sqlite3.connect(path).close()
    begun, go = threading.Event(), threading.Event()
    checkpoints = Checkpoints(path, every=1)
    checkpoints._move = lambda: (begun.set(), go.wait(10))
    checkpoints.written()
    assert begun.wait(10)
    first = checkpoints._thread
    checkpoints.written()
    assert checkpoints._thread is first
    go.set()
    checkpoints.close()
    assert not first.is_alive()


def test_a_file_that_cannot_be_reached_hurts_nobody(tmp_path):
    checkpoints = Checkpoints(tmp_path / "gone" / "kept.db", every=1)
    checkpoints.written()
    checkpoints.close()
