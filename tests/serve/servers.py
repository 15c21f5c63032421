"""Servers for tests: a scorer that can be held, an application on a free port, and ``tamis serve`` as a process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import httpx
import numpy as np
import uvicorn

from tamis.observe.options import WatchOptions
from tamis.observe.watch import Watch
from tamis.serve.app import Settings, application
from tamis.serve.models import Models
from tamis.serve.observing import Observing
from tamis.serve.policies import Policies
from tamis.serve.served import Served
from tamis.serve.service import Service

ASKED = {"query": "drum sieve", "documents": ["a hat", "a drum", "a drum sieve"]}


class Overlap:
    """A scorer whose logit is twice the number of words shared, less one; it waits while ``go`` is cleared."""

    name = "overlap"

    def __init__(self, version=1):
        self.seen, self.go, self.fingerprint = [], threading.Event(), f"overlap:{version}"
        self.go.set()

    def score(self, pairs):
        assert self.go.wait(60)
        self.seen += pairs
        shared = [len(set(query.text.split()) & set(document.text.split())) for query, document in pairs]
        return np.array(shared, dtype=np.float64) * 2 - 1


def alone(scorer, **parts):
    """A service of one model."""
    return Service(Models({"overlap": Served(scorer)}, {"mine": "overlap"}), **parts)


def observed(where, known=None, active="", scorer=None, **options):
    """A service of one model that keeps what it decides, with policies of which one was configured to decide."""
    service = alone(scorer or Overlap(), policies=Policies(known or {}, active))
    watch = Watch.open(where, WatchOptions(**options))
    service.observing = Observing(watch, service.policies, reread=0.05)
    service.observing.begin(service.policies.asked, active)
    return service


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(service, settings=None, **more):
    """A client of a server that runs on a free port of this machine."""
    app = application(service, settings or Settings(), **more)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20) as client:
            while not server.started:
                time.sleep(0.01)
            yield client
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@contextlib.contextmanager
def process(*arguments, **environ):
    """``tamis serve`` with these arguments, ready, and a client of it; killed at the end where it still runs."""
    port = free_port()
    page = [] if "--workbench" in arguments else ["--no-workbench"]  # which takes seconds to load
    command = [sys.executable, "-m", "tamis", "serve", *page, "--port", str(port), *map(str, arguments)]
    started = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.PIPE, text=True)
    lines = []
    reading = threading.Thread(target=lambda: lines.extend(started.stderr))
    reading.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(600):
                assert started.poll() is None, "".join(lines)
                with contextlib.suppress(httpx.TransportError):
                    if client.get("/ready").status_code == 200:
                        break
                time.sleep(0.05)
            yield started, client, lines
    finally:
        started.kill()
        started.wait(60)
        reading.join(60)
        started.stderr.close()
