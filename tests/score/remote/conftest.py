"""A real HTTP server on loopback whose answers a test scripts, and which remembers what it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Sent:
    """One request as it arrived."""

    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class Server:
    """Where the server listens, what it was sent, and how many requests it had at hand at once."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bodies(self) -> list[Any]:
        return [sent.body for sent in self.sent]

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


class Drips(tuple):
    """A body that is sent in parts, slowly."""


class Silent(ThreadingHTTPServer):
    """Clients that hang up are what some tests are about."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts a server; ``answer(sent, n)`` gives a body, ``(status, body)`` or ``(status, body, headers)``.

    A body of bytes goes out as it is; any other as JSON. An answer that raises ConnectionError drops the connection.
    """
    running: list[Silent] = []

    def start(answer: Callable[[Sent, int], Any]) -> Server:
        server = Server()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                sent = Sent(self.path, json.loads(data), {k.lower(): v for k, v in self.headers.items()})
                with server.lock:
                    number = len(server.sent)
                    server.sent.append(sent)
                    server.busy += 1
                    server.busiest = max(server.busiest, server.busy)
                try:
                    self.reply(answer(sent, number))
                except ConnectionError:
                    self.close_connection = True
                finally:
                    with server.lock:
                        server.busy -= 1

            def reply(self, given):
                status, body, headers = (*given, {})[:3] if isinstance(given, tuple) else (200, given, {})
                parts = list(body) if isinstance(body, Drips) else []
                data = b"".join(parts) if parts else body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for part in parts or [data]:
                    self.wfile.write(part)
                    time.sleep(0.03 if parts else 0)
                self.close_connection = int(headers["Content-Length"]) != len(data)

            def log_message(self, *_):
                pass

        running.append(Silent(("127.0.0.1", 0), Handler))
        server.url = f"http://127.0.0.1:{running[-1].server_address[1]}"
        threading.Thread(target=running[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server

    start.drips = Drips
    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    """No key of whoever runs the tests gets into them."""
    monkeypatch.delenv("TAMIS_API_KEY", raising=False)
