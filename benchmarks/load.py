"""Requests to a server from another process: bytes that are ready, connections that stay open, answers checked.

The client shares two cores with the server, so it does as little as it can: it makes no request while the clock runs
and reads no answer beyond its head, unless it is asked to check all.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

HEAD = "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
SLOW = 300.0  # seconds after which an answer has not come


@dataclass(slots=True)
class Outcome:
    """What came of many requests.

    Attributes:
        seconds: from the first request to the last answer.
        waits: seconds of each answered request.
        statuses: how many answers of each status; 0 stands for none.
        wrong: answers of another order than expected.
        refusals: seconds of each request that was refused.
    """

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: int = 0
    refusals: list[float] = field(default_factory=list)

    def share(self, percent: float) -> float:
        """Seconds within which so many percent of the answered requests were answered."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a client asks: bodies in turn, from so many connections, for so long or so often.

    Attributes:
        port, path: where.
        bodies: as JSON values.
        orders: the order of the documents that each body's answer must have; none is checked without.
        connections: how many ask at once.
        seconds, requests: when it ends.
        pause: seconds that a connection waits after a refusal.
    """

    port: int
    path: str
    bodies: Sequence[object]
    orders: Sequence[Sequence[int]] = ()
    connections: int = 16
    seconds: float = float("inf")
    requests: float = float("inf")
    pause: float = 0.0


def asked(asking: Asking) -> Outcome:
    """What came of asking, from a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_asked, (asking,))


def _asked(asking: Asking) -> Outcome:
    return asyncio.run(_all(asking))


async def _all(asking: Asking) -> Outcome:
    ready = []
    for body in asking.bodies:
        data = json.dumps(body).encode()
        head = HEAD.format(path=asking.path, host=f"127.0.0.1:{asking.port}", length=len(data))
        ready.append(head.encode() + data)
    outcome, begun, began = Outcome(), 0, time.perf_counter()

    async def connection() -> None:
        nonlocal begun
        reader, writer = await asyncio.open_connection("127.0.0.1", asking.port, limit=2**24)
        while begun < asking.requests and time.perf_counter() - began < asking.seconds:
            number, begun = begun, begun + 1
            at = number % len(ready)
            start = time.perf_counter()
            writer.write(ready[at])
            try:
                status, body = await asyncio.wait_for(_answer(reader), SLOW)
            except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
                outcome.statuses[0] = outcome.statuses.get(0, 0) + 1
                return
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
            waited = time.perf_counter() - start
            if status == 200:
                outcome.waits.append(waited)
                outcome.wrong += bool(asking.orders) and _order(body) != asking.orders[at]
            else:
                outcome.refusals.append(waited)
                await asyncio.sleep(asking.pause)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(asking.connections)))
    outcome.seconds = time.perf_counter() - began
    return outcome


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


def _order(body: bytes) -> list[int]:
    found = json.loads(body)
    return [row["index"] for row in (found["results"] if isinstance(found, dict) else found)]


@contextmanager
def process(
    command: Sequence[str], port: int, ready: str = "/health", **environ: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A server as a process, once it answers; ended with the block."""
    started = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if started.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with {started.returncode}")
            try:
                with urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield started
    finally:
        started.terminate()
        started.wait(60)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def memory(pid: int) -> float:
    """Megabytes that a process holds."""
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1000


def tamis_serve(port: int, *arguments: str) -> list[str]:
    """The command of ``tamis serve``."""
    return [sys.executable, "-m", "tamis", "serve", "--port", str(port), *arguments]


def pairs_a_second(run: Callable[[], int], seconds: float) -> float:
    """How fast something scores that says how many pairs it scored."""
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        done += run()
    return done / (time.perf_counter() - began)
