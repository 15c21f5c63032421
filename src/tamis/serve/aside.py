"""Threads for what waits on other machines, apart from those in which models work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from tamis.errors import BusyError

Found = TypeVar("Found")

MOST = 64  # answers and rewrites at a time: their threads wait for a language model, and take no processor


class Aside:
    """Work that takes as long as another machine takes, so many at a time.

    Args:
        most: how many; more are refused.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._pool = most, ThreadPoolExecutor(most, "tamis-aside")
        self._under_way: set[Future[Any]] = set()

    def check(self) -> None:
        """Refuse work where no thread is free.

        Raises:
            BusyError: none is; a thread is free again when its work is done, not when its client has gone.
        """
        if len(self._under_way) >= self._most:
            raise BusyError(f"{self._most} answers and rewrites are under way: come again in 1 s")

    def begin(self, work: Callable[..., Found], *given: Any) -> Future[Found]:
        """Work that has been handed to a thread."""
        future = self._pool.submit(work, *given)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    async def run(self, work: Callable[..., Found], *given: Any) -> Found:
        """What comes of work.

        Raises:
            BusyError: no thread is free.
        """
        self.check()
        return await asyncio.wrap_future(self.begin(work, *given))
