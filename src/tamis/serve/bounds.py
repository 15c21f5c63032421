"""What one request may ask for, and the middleware that lets no larger body in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tamis.errors import InputError
from tamis.serve.lib import JSONResponse
from tamis.serve.problems import TOO_LARGE, told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may ask.

    Attributes:
        body: bytes.
        documents: how many.
        seconds: until work on it must have begun.
    """

    body: int = 16_000_000
    documents: int = 10_000
    seconds: float = 60.0

    def __post_init__(self) -> None:
        """Refuse bounds within which nothing can be asked."""
        for name in ("body", "documents", "seconds"):
            if not getattr(self, name) > 0:
                raise InputError(f"bounds.{name}: expected a number above 0, got {getattr(self, name)}")


USUAL = Bounds()


class Within:
    """Lets no body in that is larger than it may be, whether its length was said before or not.

    Args:
        most: bytes.
        aside: what tells the paths that have bounds of their own.
    """

    def __init__(self, app: ASGIApp, most: int, aside: Callable[[str], bool] = lambda path: False) -> None:
        self._app, self._most, self._aside = app, most, aside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._aside(scope["path"]):
            await self._app(scope, receive, send)
            return
        first, read = await self._whole(receive)
        if read > self._most:
            message = f"the body is larger than {self._most:,} bytes: send fewer documents at once"
            await JSONResponse(told(message, TOO_LARGE, scope["path"]), TOO_LARGE.status)(scope, receive, send)
            return

        async def again() -> Message:
            return first.pop(0) if first else await receive()

        await self._app(scope, again, send)

    async def _whole(self, receive: Receive) -> tuple[list[Message], int]:
        """The body's messages, as far as it is small enough, and its bytes."""
        found: list[Message] = []
        read = 0
        while True:
            message = await receive()
            found.append(message)
            read += len(message.get("body", b""))
            if read > self._most or not message.get("more_body"):
                return found, read
