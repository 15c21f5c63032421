"""How a server leaves a set of replicas: it says so, goes on answering for a while, and then takes no more."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

from tamis.serve.lib import uvicorn

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tamis.serve.lib import fastapi


class Draining(uvicorn.Server):
    """A uvicorn server whose end by SIGTERM has two steps: not ready, and after some seconds closed.

    In between it answers whoever asks, and has each answer close its connection: a load balancer that looks at
    ``/ready`` sends nothing more, and one that does not keeps no connection on which a request could be lost when the
    door is shut. A second signal, or SIGINT, shuts it at once.

    Args:
        config: of uvicorn, of the application below.
        app: whose ``state.ready`` is told.
        seconds: between the two steps.
    """

    def __init__(self, config: uvicorn.Config, app: fastapi.FastAPI, seconds: float) -> None:
        super().__init__(config)
        self._app, self._seconds = app, seconds
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to leave."""
        if sig == signal.SIGTERM and self._seconds and self._until is None and self.started:
            self._app.state.ready = False
            self._until = time.monotonic() + self._seconds
            self._left = sig
            return
        self._app.state.ready = False
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Whether to close now."""
        if self._until is not None and time.monotonic() >= self._until and not self.should_exit:
            super().handle_exit(self._left, None)
        return await super().on_tick(counter)


class Leaving:
    """While the server leaves, each answer closes its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not getattr(state(scope), "ready", True):
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing if scope["type"] == "http" else send)


def state(scope: Scope) -> Any:
    """The application's state; None where it is not known yet."""
    return scope["app"].state if "app" in scope else None
