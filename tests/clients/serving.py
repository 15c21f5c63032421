"""A real ``tamis serve``: a process of its own on a free port of this machine, stopped at the end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

KEY = "the-key-of-the-client-tests"
RATE = "1/4 second"  # slower than any client tries again by itself, so that Retry-After can be seen to be read
PATIENCE = 180.0  # seconds until a server is given up


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, without a slash at the end, and the key it asks for."""

    url: str
    key: str


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    """A server that takes requests; ``options`` are of ``tamis serve``.

    Raises:
        RuntimeError: it ended, or did not become ready; says what it wrote.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tamis", "serve", "--no-workbench", "--port", str(port), *options]
    alone = {"TAMIS_THREADS": "1", "OMP_NUM_THREADS": "1", **os.environ, "TAMIS_API_KEYS": f"tests={KEY}"}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=alone, stdout=said, stderr=said)
        try:
            if not ready(f"http://127.0.0.1:{port}", process):
                said.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not become ready; it wrote:\n{said.read()[-3000:]}")
            yield Server(f"http://127.0.0.1:{port}", KEY)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether a server takes requests: waits until it does, ends, or takes too long."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), direct.open(f"{url}/ready", timeout=5):
            return True
        time.sleep(0.1)
    return False
