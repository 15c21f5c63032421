"""What waits for a model: requests are worked on together, the urgent first, and no more are let in than fit."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tamis.errors import BusyError, ClosingError, InputError, OvertimeError

Item = TypeVar("Item")
Done = TypeVar("Done")

PACE = 0.2  # of the newest batch in the mean pace
BYTES_A_TOKEN = 4  # about: English has more, Chinese fewer


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how much is worked on at once, in tokens by ``cost``.

    Attributes:
        waiting: tokens that may wait before requests are refused; a request that finds nobody before it is let in.
        together: tokens worked on at once; a larger request is worked on by itself.
        beside: how many such batches at a time. One is enough where the model itself uses all processors, and answers
            come sooner; with two, one is read while another is computed elsewhere, as on a GPU.
    """

    waiting: int = 400_000
    together: int = 4_096
    beside: int = 1

    def __post_init__(self) -> None:
        """Refuse a queue that would let nothing through."""
        for name in ("waiting", "together", "beside"):
            if getattr(self, name) < 1:
                raise InputError(f"queue.{name}: expected at least 1, got {getattr(self, name)}")


USUAL = Limits()


@dataclass(order=True, slots=True)
class Job(Generic[Item, Done]):
    """A request in the queue; the smallest comes first."""

    priority: int
    number: int
    items: Sequence[Item] = field(compare=False)
    cost: int = field(compare=False)
    deadline: float = field(compare=False)
    done: asyncio.Future[Sequence[Done]] = field(compare=False)


class Queue(Generic[Item, Done]):
    """Works on the items of many requests together, so that a model's batches are full.

    What one request gets does not depend on the others: each gets the results of its own items, in their order, and
    when work on several fails, each is tried by itself. A request whose caller has gone is not worked on.

    Args:
        work: gives one result an item, in the items' order; called from ``limits.beside`` threads.
        cost: about how many tokens an item is.
        limits: how much may wait and go together.
        alone: work on each request by itself, for work in which items depend on their companions.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Done]],
        cost: Callable[[Item], int],
        limits: Limits = USUAL,
        *,
        alone: bool = False,
    ) -> None:
        self._work, self._cost, self._limits, self._alone = work, cost, limits, alone
        self._jobs: list[Job[Item, Done]] = []
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(limits.beside, "tamis-queue")
        self._workers: set[asyncio.Task[None]] = set()
        self._closing = False
        self._pace = 0.0  # seconds a token
        self.waiting = 0  # tokens in the queue
        self.running = 0  # tokens being worked on

    async def submit(self, items: Sequence[Item], *, priority: int = 0, within: float = float("inf")) -> Sequence[Done]:
        """The items' results, in their order.

        Args:
            items: what is worked on; none give none.
            priority: smaller ones come first; equal ones in the order of their arrival.
            within: seconds after which work is not begun any more.

        Raises:
            BusyError: too much is waiting; says after how many seconds to come again.
            OvertimeError: the time ran out before work began.
            ClosingError: the queue takes no more.
        """
        if not items:
            return []
        if self._closing:
            raise ClosingError("the server is stopping and takes no more requests: ask another one")
        cost = sum(map(self._cost, items))
        if self.waiting + cost > self._limits.waiting:
            self._forget()
        if self.waiting and self.waiting + cost > self._limits.waiting:
            seconds = max(1, round(self.waiting * self._pace))
            raise BusyError(f"too many requests are waiting: come again in {seconds} s", seconds=seconds)
        loop = asyncio.get_running_loop()
        job = Job[Item, Done](
            priority, next(self._numbers), items, cost, time.monotonic() + within, loop.create_future()
        )
        heapq.heappush(self._jobs, job)
        self.waiting += cost
        if len(self._workers) < self._limits.beside:
            self._workers.add(loop.create_task(self._run()))
        return await job.done

    async def close(self) -> None:
        """Take no more, and return when all that was let in is done."""
        self._closing = True
        while self._workers:
            await asyncio.wait([*self._workers])
        self._pool.shutdown()

    def _forget(self) -> None:
        """Take out those whose caller has gone."""
        self._jobs = [job for job in self._jobs if not job.done.done()]
        heapq.heapify(self._jobs)
        self.waiting = sum(job.cost for job in self._jobs)

    async def _run(self) -> None:
        """Work until nothing waits."""
        me = asyncio.current_task()
        assert me is not None
        try:
            while self._jobs:
                if jobs := self._next():
                    await self._together(jobs)
        finally:  # at once, not by a callback: who comes in between would wait for a worker that has gone
            self._workers.discard(me)

    def _next(self) -> list[Job[Item, Done]]:
        """The jobs to work on together; those that nobody waits for, or that come too late, are taken out."""
        found, cost, now = list[Job[Item, Done]](), 0, time.monotonic()
        while self._jobs:
            job = self._jobs[0]
            wanted = not job.done.done() and job.deadline >= now
            if wanted and found and (self._alone or cost + job.cost > self._limits.together):
                break
            heapq.heappop(self._jobs)
            self.waiting -= job.cost
            if wanted:
                found.append(job)
                cost += job.cost
            elif not job.done.done():
                job.done.set_exception(OvertimeError("the request's time ran out before a model was free"))
        return found

    async def _together(self, jobs: Sequence[Job[Item, Done]]) -> None:
        cost, began, failed = sum(job.cost for job in jobs), time.monotonic(), list[Job[Item, Done]]()
        self.running += cost
        try:
            items = [item for job in jobs for item in job.items]
            results = await asyncio.get_running_loop().run_in_executor(self._pool, self._work, items)
            pace = (time.monotonic() - began) / max(1, cost) / self._limits.beside
            self._pace += (pace - self._pace) * (PACE if self._pace else 1)
            start = 0
            for job in jobs:
                end = start + len(job.items)
                if not job.done.done():
                    job.done.set_result(results[start:end])
                start = end
        except Exception as error:
            if len(jobs) == 1 and not jobs[0].done.done():
                jobs[0].done.set_exception(error)
            failed = [*jobs] if len(jobs) > 1 else []
        finally:
            self.running -= cost
        for job in failed:
            if not job.done.done():
                await self._together([job])


def length(text: str) -> int:
    """About how many tokens a text has, at least 1.

    >>> length("twenty bytes of text"), length("")
    (5, 1)
    """
    return 1 + max(0, len(text.encode()) - 1) // BYTES_A_TOKEN
