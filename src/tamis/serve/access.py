"""Who may ask, and how often: the middleware that asks for keys."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeAlias

from tamis.errors import InputError
from tamis.serve.keys import Keys, presented
from tamis.serve.lib import JSONResponse, limits
from tamis.serve.problems import BUSY, ELSEWHERE, FORBIDDEN, UNKNOWN, told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = frozenset({"/health", "/ready"})  # for those who watch the process; they tell nothing

Aside: TypeAlias = Callable[[str], bool]


def parsed(rate: str) -> limits.RateLimitItem | None:
    """A rate such as ``"600/minute"``; None for no limit.

    Raises:
        InputError: it is none.

    >>> parsed("") is None, str(parsed("600/minute"))
    (True, '600 per 1 minute')
    """
    try:
        return limits.parse(rate) if rate else None
    except ValueError as error:
        raise InputError(f"rate: expected a number and a unit, such as 600/minute, got {rate!r:.60}") from error


class Access:
    """Lets in who has a key, so often as the key's holder may; everybody where there are no keys.

    Args:
        keys: who may ask.
        rate: such as ``"600/minute"``, for each holder (or address, where there are no keys); empty is no limit.
        hosts: names by which it may be called; empty is any. Without keys, a page of another site whose name has come
            to stand for this machine (DNS rebinding) would be let in by its visitor's browser. So would one that sends
            what browsers send without asking first: pages of other hosts may not ask either.
        origins: pages of other hosts that may.
        aside: what tells the paths that have a door of their own; of those only the hosts are looked at here.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys,
        rate: str = "",
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        aside: Aside = lambda path: False,
    ) -> None:
        self._app, self._keys, self._hosts, self._origins, self._aside = app, keys, hosts, origins, aside
        self._rate = parsed(rate)
        self._window = limits.aio.strategies.SlidingWindowCounterRateLimiter(limits.aio.storage.MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = await self._refused(scope) if scope["type"] == "http" and scope["path"] not in OPEN else None
        await (refused or self._app)(scope, receive, send)

    async def _refused(self, scope: Scope) -> JSONResponse | None:
        """What a request is told that is not let in."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if self._hosts and (called := host(headers.get("host", ""))) not in self._hosts:
            message = f"no host {called!r:.80} here: expected {', '.join(sorted(self._hosts))}"
            return JSONResponse(told(message, ELSEWHERE, scope["path"]), ELSEWHERE.status)
        if self._hosts and not self._from_own(headers.get("origin", "")):
            message = "a page of another site asks: see origins in tamis.toml"
            return JSONResponse(told(message, FORBIDDEN, scope["path"]), FORBIDDEN.status)
        if self._aside(scope["path"]):
            return None
        holder = self._keys.holder(presented(headers)) if self._keys else ""
        if holder is None:
            message = "no such key: send Authorization: Bearer KEY"
            return JSONResponse(told(message, UNKNOWN, scope["path"]), UNKNOWN.status)
        scope.setdefault("state", {})["holder"] = holder
        who = holder or (scope.get("client") or ("",))[0]
        if self._rate and not await self._window.hit(self._rate, who):
            ends = (await self._window.get_window_stats(self._rate, who)).reset_time
            seconds = max(1, math.ceil(ends - time.time()))
            message = f"more than {self._rate}: come again in {seconds} s"
            return JSONResponse(told(message, BUSY, scope["path"]), BUSY.status, {"Retry-After": str(seconds)})
        return None

    def _from_own(self, origin: str) -> bool:
        """Whether a page may ask, by its ``Origin``; other clients send none."""
        listed = origin in self._origins or "*" in self._origins
        return not origin or listed or host(origin.partition("//")[2]) in self._hosts


def host(header: str) -> str:
    """The name in a ``Host`` header, without the port.

    >>> host("localhost:8000"), host("[::1]:8000"), host("127.0.0.1"), host("")
    ('localhost', '::1', '127.0.0.1', '')
    """
    name, _, port = header.rpartition(":")
    return (name if name and port.isdecimal() else header).strip("[]").lower()
