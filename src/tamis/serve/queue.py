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

from tamis.errors import BusyError, ClosingError, InputError, OvertimeError, RemoteError
from tamis.serve.seconds import Seconds

Item = TypeVar("Item")
Done = TypeVar("Done")

PACE = 0.2  # of the newest batch in the mean pace
LARGE = 4  # batches' worth of tokens beyond which a request is worked on in parts, between which others go
BYTES_A_TOKEN = 4  # about: English has more, Chinese fewer


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how much is worked on at once, in tokens by ``cost``.

    Attributes:
        waiting: tokens that may wait before requests are refused; a request that finds nobody before it is let in.
        together: tokens worked on at once; a larger request is worked on by itself, a much larger one in parts.
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
    """A request in the queue; the smallest comes first. ``items`` and ``cost`` are of what is still to be done.

    ``since`` is when it came, and None once work on it has begun.
    """

    priority: int
    number: int
    items: Sequence[Item] = field(compare=False)
    cost: int = field(compare=False)
    deadline: float = field(compare=False)
    done: asyncio.Future[Sequence[Done]] = field(compare=False)
    since: float | None = field(compare=False)
    results: list[Done] = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Part(Generic[Item, Done]):
    """What is worked on of a request at once: all of it, or the next of a large one's items."""

    job: Job[Item, Done]
    items: Sequence[Item]
    cost: int


class Queue(Generic[Item, Done]):
    """Works on the items of many requests together, so that a model's batches are full.

    What one request gets does not depend on the others: each gets the results of its own items, in their order, and
    when work on several fails, each is tried by itself (but where a server failed, which would fail each). A request
    whose caller has gone is not worked on, and nobody waits for all of a large one: others go between its parts.

    Args:
        work: gives one result an item, in the items' order; called from ``limits.beside`` threads.
        cost: about how many tokens an item is.
        limits: how much may wait and go together.
        alone: work on each request by itself, for work in which items depend on their companions.

    Attributes:
        waiting: tokens in the queue.
        running: tokens being worked on.
        waits: from a request's arrival until work on it began.
        works: how long each batch was worked on.
        worked: tokens that work has ended on.
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
        self.waiting = self.running = self.worked = 0
        self.waits, self.works = Seconds(), Seconds()

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
        loop, now = asyncio.get_running_loop(), time.monotonic()
        job = Job[Item, Done](priority, next(self._numbers), items, cost, now + within, loop.create_future(), now)
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
        self.waiting -= sum(job.cost for job in self._jobs if job.done.done())
        self._jobs = [job for job in self._jobs if not job.done.done()]
        heapq.heapify(self._jobs)

    async def _run(self) -> None:
        """Work until nothing waits."""
        me = asyncio.current_task()
        assert me is not None
        try:
            while self._jobs:
                if parts := self._next():
                    await self._together(parts)
        finally:  # at once, not by a callback: who comes in between would wait for a worker that has gone
            self._workers.discard(me)

    def _next(self) -> list[Part[Item, Done]]:
        """What to work on together; jobs that nobody waits for, or that come too late, are taken out."""
        found, cost, now = list[Part[Item, Done]](), 0, time.monotonic()
        while self._jobs:
            job = self._jobs[0]
            wanted = not job.done.done() and job.deadline >= now
            if wanted and found and (self._alone or cost + job.cost > self._limits.together):
                break
            heapq.heappop(self._jobs)
            if wanted:
                if job.since is not None:
                    self.waits.add(now - job.since)
                    job.since = None
                found.append(part := self._part(job))
                cost += part.cost
                self.waiting -= part.cost
                continue
            self.waiting -= job.cost
            if not job.done.done():
                job.done.set_exception(OvertimeError("the request's time ran out before a model was free"))
        return found

    def _part(self, job: Job[Item, Done]) -> Part[Item, Done]:
        """What is taken of a job; the rest stays in it."""
        count, cost = len(job.items), job.cost
        if not self._alone and cost > LARGE * self._limits.together:
            costs = itertools.accumulate(map(self._cost, job.items))
            taken = [*itertools.takewhile(lambda so_far: so_far <= self._limits.together, costs)]
            count, cost = (len(taken), taken[-1]) if taken else (1, self._cost(job.items[0]))
        part = Part(job, job.items[:count], cost)
        job.items, job.cost, job.deadline = job.items[count:], job.cost - cost, float("inf")
        return part

    async def _together(self, parts: Sequence[Part[Item, Done]]) -> None:
        cost, began, failed = sum(part.cost for part in parts), time.monotonic(), list[Part[Item, Done]]()
        self.running += cost
        try:
            items = [item for part in parts for item in part.items]
            results = await asyncio.get_running_loop().run_in_executor(self._pool, self._work, items)
            took = time.monotonic() - began
            self.works.add(took)
            self.worked += cost
            pace = took / max(1, cost) / self._limits.beside
            self._pace += (pace - self._pace) * (PACE if self._pace else 1)
            start = 0
            for part in parts:
                end = start + len(part.items)
                self._give(part.job, results[start:end])
                start = end
        except Exception as error:
            failed = [*parts] if len(parts) > 1 and not isinstance(error, RemoteError) else []
            for part in () if failed else parts:
                self._give(part.job, error)
        finally:
            self.running -= cost
        for part in failed:
            if part.job.done.done():
                self.waiting -= part.job.cost
            else:
                await self._together([part])

    def _give(self, job: Job[Item, Done], results: Sequence[Done] | Exception) -> None:
        """Give a job what came of its part; one that is not whole waits again, behind those that came since."""
        if job.done.done() or isinstance(results, Exception):
            self.waiting -= job.cost
            if isinstance(results, Exception) and not job.done.done():
                job.done.set_exception(results)
            return
        job.results += results
        if job.items:
            job.number = next(self._numbers)
            heapq.heappush(self._jobs, job)
        else:
            job.done.set_result(job.results)


def length(text: str) -> int:
    """About how many tokens a text has, at least 1.

    >>> length("twenty bytes of text"), length("")
    (5, 1)
    """
    return 1 + max(0, len(text.encode()) - 1) // BYTES_A_TOKEN
