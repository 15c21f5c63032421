"""The application: paths, what they need, and how its life begins and ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tamis import __version__
from tamis.errors import TamisError
from tamis.serve import exchange
from tamis.serve.access import Access, parsed
from tamis.serve.bounds import Within
from tamis.serve.draining import Leaving
from tamis.serve.following import following
from tamis.serve.gauges import Gauges
from tamis.serve.journal import Journal, Noted
from tamis.serve.keys import Keys
from tamis.serve.lib import CORSMiddleware, HTTPException, RedirectResponse, RequestValidationError, fastapi
from tamis.serve.problems import FORBIDDEN
from tamis.serve.routes import ask, feedback, observe, policies, rerank, rewrite, search, watch
from tamis.serve.service import Service

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROOTS = ("/", "/favicon.ico", "/manifest.json")  # what browsers ask for at the root leads to the face

_log = logging.getLogger("tamis")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server treats those who ask.

    Attributes:
        keys: who may ask; without keys everybody.
        owners: names of the keys' holders who may exchange policies and models; without keys everybody.
        rate: how often a holder may ask, such as ``"600/minute"``; empty is no limit.
        hosts: names by which the server may be called; empty is any.
        origins: pages of other sites that may ask from a browser; none by default.
    """

    keys: Keys = field(default_factory=lambda: Keys({}))
    owners: tuple[str, ...] = ()
    rate: str = ""
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a rate that is none before anything is served."""
        parsed(self.rate)


class Face(Protocol):
    """Pages beside the API, with a door and bounds of their own.

    Attributes:
        path: where they stand, such as ``"/workbench"``; ``/`` leads there.
    """

    path: str

    def life(self) -> AbstractAsyncContextManager[None]:
        """What stands around the time in which the face is asked."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application."""
        ...


def application(
    service: Service,
    settings: Settings = Settings(),
    *,
    reload: policies.Reload | None = None,
    face: Face | None = None,
) -> fastapi.FastAPI:
    """A server.

    Args:
        service: what it can do.
        settings: how it treats those who ask.
        reload: reads its configuration again, and says what it exchanged.
        face: pages; None for none.
    """
    journal = Journal(service)
    if service.observing:
        journal.registry.register(Gauges(service.observing))
    reload = reload and one_by_one(reload)

    @contextlib.asynccontextmanager
    async def life(app: fastapi.FastAPI) -> AsyncIterator[None]:
        watched = service.observing.life() if service.observing else contextlib.nullcontext()
        async with watched, following(service), face.life() if face else contextlib.nullcontext():
            app.state.ready = True
            with on_hangup(reload):
                yield
            app.state.ready = False
        await service.close()

    app = fastapi.FastAPI(
        title="tamis", version=__version__, lifespan=life,
        docs_url=None, redoc_url=None,  # their pages load scripts from another site
    )  # fmt: skip
    app.state.ready = False

    def aside(path: str) -> bool:
        return face is not None and (path in ROOTS or f"{path}/".startswith(f"{face.path}/"))

    app.add_middleware(Within, most=service.bounds.body, aside=aside)
    app.add_middleware(
        Access, keys=settings.keys, rate=settings.rate, hosts=settings.hosts, origins=settings.origins, aside=aside
    )
    if settings.origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Noted, journal=journal, aside=aside)
    app.add_middleware(Leaving)
    app.add_exception_handler(TamisError, exchange.refused)
    app.add_exception_handler(RequestValidationError, exchange.invalid)
    app.add_exception_handler(HTTPException, exchange.other)
    app.add_exception_handler(Exception, exchange.failed)
    for router in (
        rerank.router(service, journal),
        search.router(service),
        ask.router(service),
        rewrite.router(service),
        feedback.router(service),
        observe.router(service, owner(settings)),
        policies.router(service, owner(settings), reload),
        watch.router(service, journal),
    ):
        app.include_router(router)
    if face:
        for place in ROOTS:
            app.add_api_route(place, leading_to(f"{face.path}{place}"), include_in_schema=False)
        app.mount(face.path, face)
    return app


def leading_to(place: str) -> Callable[[], RedirectResponse]:
    """What sends whoever asks to another place of this server."""
    return lambda: RedirectResponse(place)


def owner(settings: Settings) -> Callable[[fastapi.Request], None]:
    """What refuses requests of those who may not exchange anything: with keys, all holders but the owners."""

    def check(request: fastapi.Request) -> None:
        if settings.keys and request.state.holder not in settings.owners:
            raise HTTPException(
                FORBIDDEN.status, "this key may not exchange models or policies: see owners in tamis.toml"
            )

    return check


def one_by_one(reload: policies.Reload) -> policies.Reload:
    """The same, each beginning when the one before has ended, so that the newest file is read last."""
    lock = asyncio.Lock()

    async def alone() -> list[str]:
        async with lock:
            return await reload()

    return alone


@contextlib.contextmanager
def on_hangup(reload: policies.Reload | None) -> Iterator[None]:
    """While the block runs, SIGHUP has the configuration read again; a mistake in it is logged and changes nothing."""
    loop, signals = asyncio.get_running_loop(), getattr(signal, "SIGHUP", None)
    tasks: set[asyncio.Task[None]] = set()

    async def read_again() -> None:
        assert reload is not None
        try:
            _log.warning("configuration read again: %s", ", ".join(await reload()) or "nothing has changed")
        except TamisError as error:
            _log.error("configuration not exchanged: %s", error)

    def heard() -> None:
        tasks.add(task := loop.create_task(read_again()))
        task.add_done_callback(tasks.discard)

    if reload is None or signals is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signals, heard)
    try:
        yield
    finally:
        loop.remove_signal_handler(signals)
