"""Locks of files: one holds it, others are told so or wait."""

from __future__ import annotations

import threading

from tamis.data.locks import lock, unlock


def test_a_lock_is_held_by_one_open_file_at_a_time(tmp_path):
    with (tmp_path / "lock").open("w") as one, (tmp_path / "lock").open("w") as other:
        assert lock(one.fileno()) and not lock(other.fileno())
        unlock(one.fileno())
        assert lock(other.fileno()) and not lock(one.fileno())
    with (tmp_path / "lock").open("w") as again:  # closing gave it back
        assert lock(again.fileno())


def test_who_waits_gets_it_when_it_is_given_back(tmp_path):
    with (tmp_path / "lock").open("w") as one, (tmp_path / "lock").open("w") as other:
        assert lock(one.fileno(), wait=True)
        got = threading.Event()
        thread = threading.Thread(target=lambda: lock(other.fileno(), wait=True) and got.set())
        thread.start()
        assert not got.wait(0.05)
        unlock(one.fileno())
        assert got.wait(10)
        thread.join()
