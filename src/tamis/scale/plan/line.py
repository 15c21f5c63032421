"""The server's queue on paper: what ``serve/queue.py`` lets in, takes together and gives up, without the work."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tamis.serve.queue import LARGE, Limits


@dataclass(slots=True)
class Waiting:
    """A request in the queue; ``pairs`` are what is still to be done.

    Attributes:
        number: which request.
        pairs: how many.
        tokens: of one pair.
        until: when it is given up where work has not begun.
    """

    number: int
    pairs: int
    tokens: float
    until: float

    @property
    def cost(self) -> float:
        """Tokens that are still to be done."""
        return self.pairs * self.tokens


@dataclass(frozen=True, slots=True)
class Part:
    """What is worked on of a request at once."""

    job: Waiting
    pairs: int
    last: bool

    @property
    def tokens(self) -> float:
        """Tokens that are worked on."""
        return self.pairs * self.job.tokens


class Line:
    """Requests of one priority, as they wait for one model.

    Args:
        limits: as of the server's queue.

    Attributes:
        waiting: tokens that wait.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._jobs: deque[Waiting] = deque()
        self.waiting = 0.0

    def offer(self, job: Waiting) -> bool:
        """Let a request in, or refuse it because too much waits."""
        if self.waiting and self.waiting + job.cost > self._limits.waiting:
            return False
        self._push(job)
        return True

    def again(self, job: Waiting) -> None:
        """What is left of a large request waits behind those that came since; it is not refused any more."""
        self._jobs.append(job)

    def take(self, now: float) -> tuple[list[Part], list[Waiting]]:
        """What is worked on together now, and what came too late."""
        found, late, cost = list[Part](), list[Waiting](), 0.0
        while self._jobs:
            job = self._jobs[0]
            if job.until < now:
                self._jobs.popleft()
                self.waiting -= job.cost
                late.append(job)
                continue
            if found and cost + job.cost > self._limits.together:
                break
            self._jobs.popleft()
            found.append(part := self._part(job))
            cost += part.tokens
            self.waiting -= part.tokens
        return found, late

    def _push(self, job: Waiting) -> None:
        self._jobs.append(job)
        self.waiting += job.cost

    def _part(self, job: Waiting) -> Part:
        count = job.pairs
        if job.cost > LARGE * self._limits.together:
            count = max(1, int(self._limits.together // job.tokens))
        part = Part(job, count, count == job.pairs)
        job.pairs, job.until = job.pairs - count, float("inf")
        return part
