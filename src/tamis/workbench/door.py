"""The door of the pages: who comes in, who is asked for a key, and what every page says about itself."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tamis.serve.lib import HTMLResponse, JSONResponse, RedirectResponse, Response
from tamis.workbench.visitors import COOKIE, Visitors
from tamis.workbench.words import Language, preferred, said, web

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGIN, LOGOUT = "/login", "/logout"
LONGEST = 10_000  # bytes of the form in which a key is sent
PAUSE = 0.5  # seconds after a key that nobody holds

# Whatever a page holds, a browser asks nobody but this server, and no other site can frame it.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
}


class Door:
    """Lets visitors in: with keys those who have shown one, without keys everybody, with a cookie of their own.

    Args:
        app: the pages; they find the ``Visitor`` in the scope's state.
        visitors: who is known.
        path: where the pages stand.
    """

    def __init__(self, app: ASGIApp, visitors: Visitors, path: str) -> None:
        self._app, self._visitors, self._path = app, visitors, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the pages use no sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        place = scope["path"].removeprefix(scope.get("root_path", ""))
        visitor, cookie = self._visitors.known(headers.get("cookie", "")), None
        if not _own(headers):
            answer: ASGIApp = _refused("a page of another site asks")
        elif place == LOGIN:
            answer = await self._login(scope, receive, headers)
        elif place == LOGOUT:
            answer = self._logout()
        elif visitor is None and self._visitors.keys:
            answer = self._asked(scope, headers)
        else:
            answer = self._app
            if visitor is None:
                made = self._visitors.cookie() or ""
                visitor, cookie = self._visitors.known(f"{COOKIE}={made}"), self._set(scope, made)
            scope.setdefault("state", {})["visitor"] = visitor
        await answer(scope, receive, _with_headers(send, cookie))

    async def _login(self, scope: Scope, receive: Receive, headers: dict[str, str]) -> Response:
        """The page that asks for a key, or what comes of one."""
        language = preferred(headers)
        if not self._visitors.keys:
            return RedirectResponse(f"{self._path}/", 303)
        if scope["method"] != "POST":
            return login_page(self._path, language)
        key = parse_qs(await _body(receive)).get("key", [""])[0].strip()
        made = self._visitors.cookie(key)
        if made is None:
            await asyncio.sleep(PAUSE)
            return login_page(self._path, language, wrong=True)
        return RedirectResponse(f"{self._path}/", 303, {"set-cookie": self._set(scope, made)})

    def _logout(self) -> Response:
        return RedirectResponse(f"{self._path}/", 303, {"set-cookie": f"{COOKIE}=; Path={self._path}; Max-Age=0"})

    def _asked(self, scope: Scope, headers: dict[str, str]) -> Response:
        """What somebody without a key is told: people the page that asks for one, programs a status."""
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"{self._path}{LOGIN}", 303)
        return JSONResponse({"detail": "no key was shown: open the page again"}, HTTPStatus.UNAUTHORIZED)

    def _set(self, scope: Scope, value: str) -> str:
        # Lax, not strict: whoever follows a link to the page is still the visitor they were.
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        seconds = self._visitors.seconds
        return f"{COOKIE}={value}; Path={self._path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def login_page(path: str, language: Language, *, wrong: bool = False) -> HTMLResponse:
    """The page that asks for a key."""
    words = {name: said(f"door.{name}", language) for name in ("title", "lead", "key", "enter")}
    filled = web("login.html").replace("{{lang}}", "zh-CN" if language == "zh" else "en").replace("{{path}}", path)
    filled = filled.replace("{{wrong}}", said("door.wrong", language) if wrong else "")
    for name, word in words.items():
        filled = filled.replace("{{" + name + "}}", word)
    status = HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK
    return HTMLResponse(filled, status, {name.decode(): value.decode() for name, value in HEADERS.items()})


def _own(headers: dict[str, str]) -> bool:
    """Whether a request is none of a page of another site: those name theirs."""
    origin = headers.get("origin", "")
    return not origin or origin.partition("//")[2] == headers.get("host", "")


def _refused(message: str) -> Response:
    return JSONResponse({"detail": message}, HTTPStatus.FORBIDDEN)


async def _body(receive: Receive) -> str:
    """A small body as text; of a larger one what fits."""
    found, more = b"", True
    while more and len(found) < LONGEST:
        message = await receive()
        found += message.get("body", b"")
        more = message.get("more_body", False)
    return found[:LONGEST].decode("utf-8", errors="replace")


def _with_headers(send: Send, cookie: str | None) -> Send:
    """Sends as before, with the headers of every page; those that a page sets itself stay."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message["headers"]}
            more = [(name, value) for name, value in HEADERS.items() if name not in given]
            if cookie:
                more.append((b"set-cookie", cookie.encode()))
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return sending
