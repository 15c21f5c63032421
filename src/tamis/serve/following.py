"""An index that others write to, followed while the server runs: what they added is found some seconds later."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from tamis.errors import TamisError
from tamis.serve.service import Service

_log = logging.getLogger("tamis")
IDLE = 1.0  # seconds between two looks whether there is something to follow by now


@runtime_checkable
class Refreshing(Protocol):
    """Takes up what others have written; whether there was something."""

    def refresh(self) -> bool: ...


@contextlib.asynccontextmanager
async def following(service: Service) -> AsyncIterator[None]:
    """While the block runs, the service's index is looked at as often as it was told."""
    task = asyncio.create_task(_follow(service))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(service: Service) -> None:
    wrong = ""
    while True:
        recall = service.recall
        await asyncio.sleep(recall.every if recall and recall.every else IDLE)
        if recall is None or not recall.every or not isinstance(recall.retriever, Refreshing):
            continue
        try:
            if await asyncio.to_thread(recall.retriever.refresh):
                _log.info("the index was written to: what is new is found from now on")
            wrong = ""
        except TamisError as error:  # it goes on with what it has, and says so once
            if str(error) != wrong:
                _log.error("the index cannot be taken up as it is now, and is searched as it was: %s", error)
            wrong = str(error)
