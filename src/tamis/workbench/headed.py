"""The beginning of each page, set before any script runs: its language, and no word of other sites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tamis.workbench.words import LANGUAGES, Language

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CODES = {"en": "en-US", "zh": "zh-CN"}
_social = re.compile(rb'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>')  # names pictures of other sites


class Headed:
    """Puts the language into pages as they are sent: Gradio's own words follow it, whatever the browser speaks.

    Gradio asks the browser for its language before any script that an application may add to a page.

    Args:
        app: gives the pages.
        path: where they stand; a page's own path is the language below it.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._pages: dict[str, Language] = {f"{path}/{language}/": language for language in LANGUAGES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = self._pages.get(scope.get("path", ""))
        if language is None or scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        found: list[Message] = []

        async def kept(message: Message) -> None:
            found.append(message)

        await self._app({**scope, "headers": plain}, receive, kept)
        start, body = found[0], b"".join(message.get("body", b"") for message in found[1:])
        if b"text/html" in dict(start["headers"]).get(b"content-type", b""):
            body = headed(body, language)
        size = (b"content-length", str(len(body)).encode())
        await send({**start, "headers": [*(h for h in start["headers"] if h[0] != b"content-length"), size]})
        await send({"type": "http.response.body", "body": body})


def headed(page: bytes, language: Language) -> bytes:
    """A page with its language said first.

    >>> headed(b'<html lang="en"><head><title>t</title>', "zh")[:29]
    b'<html lang="zh-CN"><head><scr'
    """
    code = CODES[language]
    script = (
        f"<script>Object.defineProperty(navigator,'language',{{get:()=>'{code}'}});"
        f"Object.defineProperty(navigator,'languages',{{get:()=>['{code}']}});</script>"
    )
    page = _social.sub(b"", page).replace(b'lang="en"', f'lang="{code}"'.encode(), 1)
    return page.replace(b"<head>", f"<head>{script}".encode(), 1)
