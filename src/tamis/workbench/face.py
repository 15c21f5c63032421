"""The workbench as a part of the server: made beside its start, behind a door, a page a language."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from tamis.errors import InputError
from tamis.jobs import Jobs
from tamis.serve.added import Added
from tamis.serve.keys import Keys
from tamis.serve.lib import Response
from tamis.serve.service import Service
from tamis.workbench.door import Door
from tamis.workbench.options import WorkbenchOptions
from tamis.workbench.visitors import Visitors, kept_secret

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger("tamis")

PATH = "/workbench"
USUAL, NOBODY = WorkbenchOptions(), Keys({})


class Workbench:
    """The pages. Gradio takes seconds to load: the API does not wait for it, who opens a page does.

    Args:
        service: what the server can do.
        added: models and policies beside the configuration, and the folder for what is kept.
        options: how the workbench works.
        keys: who may come in; without keys everybody, each browser with work of its own.
        may_exchange: whether a key's holder may exchange models and policies.

    Raises:
        InputError: the folder cannot be made, or another server uses it.
    """

    path = PATH

    def __init__(
        self,
        service: Service,
        added: Added,
        options: WorkbenchOptions = USUAL,
        *,
        keys: Keys = NOBODY,
        may_exchange: Callable[[str], bool] = lambda holder: True,
    ) -> None:
        self._service, self._added, self._options = service, added, options
        self._keys, self._may_exchange = keys, may_exchange
        self.home = added.folder
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            why = f"{self.home} cannot be made ({error.strerror})"
            raise InputError(
                f"{why}: name a folder under [workbench], or leave the page out: --no-workbench"
            ) from error
        self._jobs = Jobs(self.home / "jobs", threads=options.threads, days=options.days)
        self._door: ASGIApp | None = None
        self._made = asyncio.Event()

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Make the pages beside the start, and end all work with the server."""
        ending = asyncio.Event()
        living = asyncio.create_task(self._live(ending))
        try:
            yield
        finally:
            ending.set()
            await living
            await asyncio.to_thread(self._jobs.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._made.wait()
        door = self._door or Response("the workbench cannot be shown: the server's log says why", 500)
        await door(scope, receive, send)

    async def _live(self, ending: asyncio.Event) -> None:
        """Make the pages, and keep what they run on until the end. One task does both, as Gradio's parts ask."""
        os.environ["GRADIO_TEMP_DIR"] = str(self.home / "uploads")  # where Gradio keeps what is sent
        try:
            app = await asyncio.to_thread(self._pages)
            async with app.router.lifespan_context(app):
                self._door = Door(app, Visitors(self._keys, kept_secret(self.home)), self.path)
                self._made.set()
                await ending.wait()
        except Exception:
            _log.exception("the workbench cannot be shown")
        finally:
            self._made.set()

    def _pages(self) -> Any:
        from tamis.workbench.pages import pages

        return pages(
            self._service, self._jobs, self._added, self._options, path=self.path, may_exchange=self._may_exchange
        )
