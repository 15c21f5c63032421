"""Several processes at one store: they open it at once, write at once, and one that is killed takes nothing along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

WORKERS = Path(__file__).with_name("workers.py")


def run(what, where, count):
    done = subprocess.run([sys.executable, WORKERS, what, where, str(count)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_eight_processes_open_a_store_that_is_not_there(where, opened):
    run("opens", where, 8)
    assert opened().events_by_kind() == {"click": 8}


def test_eight_processes_write_at_once(where, opened):
    run("writes", where, 8)
    store = opened()
    assert store.events_by_kind() == {"click": 1600, "skip": 100}
    assert sum(len(session.events) for session in store.sessions()) == 800  # r0 to r99 of eight
    assert {event.event for event in store.events(kind="click")} == {f"e{n}-{t}" for n in range(8) for t in range(200)}


def test_eight_processes_append_to_one_ledger(where, opened):
    run("appends", where, 8)
    store = opened()
    assert store.verify() == 40
    for number in range(8):
        assert [e.subject for e in store.entries() if e.actor == str(number)] == list("01234")


def test_a_killed_writer_has_lost_nothing_that_it_was_told_is_kept(where, opened):
    opened()
    command = [sys.executable, WORKERS, "streams", where, "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        told = [running.stdout.readline().strip() for _ in range(300)]
        os.killpg(running.pid, signal.SIGKILL)
        told += running.stdout.read().split()
    store = opened()
    kept = {event.event for event in store.events()}
    assert len(told) >= 300 and set(told) <= kept
    for number in "01":  # each one's events are there without a gap
        mine = {int(name.split("-")[1]) for name in kept if name.startswith(f"e{number}-")}
        assert mine == set(range(len(mine)))
