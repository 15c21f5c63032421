"""What is kept of requests: a line of log and a few numbers each, never a text or a key."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tamis.serve.lib import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, prometheus, structlog
from tamis.serve.seconds import EDGES as SECONDS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tamis.serve.queue import Queue
    from tamis.serve.service import Service

HEADER = b"x-request-id"
FAILED = 500
LONGEST = 64  # characters of a request's id that are kept as the client sent it


class Queues:
    """What waits for each model and what is worked on, asked of the queues when Prometheus asks.

    Queues of models are called ``model:NAME``, those of the index and of the encoder ``index`` and ``encoder``.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Any]:
        """Gauges of each model's tokens; of each queue, histograms of waiting and of work, and what was worked on."""
        for state in ("waiting", "running"):
            gauge = GaugeMetricFamily(f"tamis_{state}_tokens", f"Tokens {state}.", labels=["model"])
            for name, served in self._service.models.served.items():
                gauge.add_metric([name], getattr(served.queue, state))
            yield gauge
        waits = HistogramMetricFamily("tamis_queue_seconds", "From arrival until work began.", labels=["queue"])
        works = HistogramMetricFamily("tamis_work_seconds", "Work on one batch.", labels=["queue"])
        worked = CounterMetricFamily("tamis_worked_tokens", "Tokens (of the index: queries) done.", labels=["queue"])
        for name, queue in self._queues():
            waits.add_metric([name], queue.waits.buckets(), queue.waits.total)
            works.add_metric([name], queue.works.buckets(), queue.works.total)
            worked.add_metric([name], queue.worked)
        yield from (waits, works, worked)
        # Asked from the loop's own thread: of this process's work, what one thread has to do, whatever the models do.
        yield CounterMetricFamily("tamis_loop_cpu_seconds", "Processor time of the loop.", value=time.thread_time())

    def _queues(self) -> Iterator[tuple[str, Queue[Any, Any]]]:
        for name, served in self._service.models.served.items():
            yield f"model:{name}", served.queue
        for name, part in (("index", self._service.recall), ("encoder", self._service.embedding)):
            if part is not None:
                yield name, part.queue


class Journal:
    """Numbers for Prometheus, and lines of JSON on stderr."""

    def __init__(self, service: Service) -> None:
        self.registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "tamis_requests", "Requests answered.", ["path", "status"], registry=self.registry
        )
        self._seconds = prometheus.Histogram(
            "tamis_request_seconds", "From the request to the end of its answer.", ["path"], buckets=SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.pairs = prometheus.Counter("tamis_pairs", "Pairs scored.", ["model"], registry=self.registry)
        self.registry.register(Queues(service))
        prometheus.ProcessCollector(registry=self.registry)  # memory, processor time, open files
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[structlog.processors.TimeStamper("iso", utc=True), structlog.processors.JSONRenderer()],
        )

    def metrics(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        found: bytes = prometheus.generate_latest(self.registry)
        return found

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Keep what came of a request."""
        route = scope.get("route")
        path = getattr(route, "path", "other")  # the pattern, not what was typed: there are only so many
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        state: dict[str, Any] = scope.get("state", {})
        line = {"id": state.get("id"), "method": scope["method"], "path": path, "status": status}
        self._log.msg("request", **line, ms=round(seconds * 1e3, 1), holder=state.get("holder", ""))


class Noted:
    """Gives every request an id, which its answer carries, and keeps a journal of what came of it.

    Args:
        journal: what is kept.
        aside: what tells the paths of pages, which ask for so much that only their failures are kept.
    """

    def __init__(self, app: ASGIApp, journal: Journal, aside: Callable[[str], bool] = lambda path: False) -> None:
        self._app, self._journal, self._aside = app, journal, aside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = dict(scope["headers"]).get(HEADER, b"").decode("latin-1")
        name = given if 0 < len(given) <= LONGEST and given.isascii() and given.isprintable() else uuid.uuid4().hex
        scope.setdefault("state", {})["id"] = name
        began, status = time.perf_counter(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, name.encode())]
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            if status >= FAILED or not self._aside(scope["path"]):
                self._journal.note(scope, status, time.perf_counter() - began)
