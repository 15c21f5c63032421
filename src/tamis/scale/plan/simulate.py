"""Servers on paper: requests come, wait, are worked on together, and share processors; an event at a time.

What is imitated is a replica as ``tamis serve`` has it: one thread reads requests and writes answers, one looks them up
in the index, one scores what ``serve/queue.py`` takes together. All threads of a machine share its processors.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from tamis.errors import InputError
from tamis.scale.plan.fleet import Fleet, Simulated, Traffic
from tamis.scale.plan.line import Line, Part, Waiting
from tamis.scale.plan.profile import Profile

Kind: TypeAlias = Literal["front", "recall", "score"]
QUERIES = 32  # that the index is asked together


@dataclass(slots=True)
class _Task:
    """Something a thread does: how much of it is left, in seconds at full speed, and the processors it keeps busy."""

    kind: Kind
    replica: _Replica
    left: float
    busy: float
    parts: list[Part]
    jobs: list[Waiting]

    def ends(self, speeds: Sequence[float]) -> float:
        """Seconds until it is done, as fast as its machine goes; work elsewhere always goes at full speed."""
        return self.left / speeds[self.replica.machine] if self.busy else self.left


@dataclass(slots=True, eq=False)
class _Replica:
    machine: int
    line: Line
    reading: deque[Waiting] = field(default_factory=deque)
    asking: deque[Waiting] = field(default_factory=deque)
    doing: dict[str, int] = field(default_factory=lambda: {"front": 0, "recall": 0, "score": 0})
    open: int = 0


def simulate(profile: Profile, fleet: Fleet, traffic: Traffic, *, requests: int = 4_000, seed: int = 0) -> Simulated:
    """What a fleet makes of a traffic.

    Args:
        profile: what the work takes.
        fleet: what answers.
        traffic: what is asked.
        requests: how many are followed; the first tenth is not counted.
        seed: of chance; the same gives the same.

    Raises:
        InputError: the traffic searches, and the profile says nothing of an index.

    >>> from tamis.scale.plan.costs import Cost
    >>> one = Profile("m", Cost(batch=0.1))
    >>> round(simulate(one, Fleet(), Traffic([(1, 5000)], connections=1), requests=50).p99, 6)
    0.1
    """
    if traffic.search and profile.recall is None:
        raise InputError("the traffic searches, and the profile has no recall: measure it with --index DIR")
    return _Run(profile, fleet, traffic, requests, seed).run()


class _Run:
    """One simulation; the state of all replicas at ``now``."""

    def __init__(self, profile: Profile, fleet: Fleet, traffic: Traffic, requests: int, seed: int) -> None:
        self._profile, self._fleet, self._traffic, self._count = profile, fleet, traffic, requests
        self._rng = np.random.default_rng(seed)
        self._replicas = [_Replica(at % fleet.machines, Line(fleet.limits)) for at in range(fleet.replicas)]
        self._turn = itertools.cycle(self._replicas)
        self._tasks: list[_Task] = []
        self._arrivals: list[float] = [*itertools.islice(self._times(), requests)]
        heapq.heapify(self._arrivals)
        self._made = 0
        self._began: dict[int, tuple[float, _Replica]] = {}
        self._ended: list[tuple[float, float]] = []  # when, and after how long
        self._refused: list[float] = []
        self._now = self._worked = self._used = 0.0
        self._batches = self._together = 0

    def run(self) -> Simulated:
        """Follow all requests to their ends."""
        while self._arrivals or self._tasks:
            speeds = self._speeds()
            ends = min((task.ends(speeds) for task in self._tasks), default=math.inf)
            comes = self._arrivals[0] - self._now if self._arrivals else math.inf
            self._advance(max(0.0, min(ends, comes)), speeds)
            if comes <= ends:
                heapq.heappop(self._arrivals)
                self._arrive()
            else:
                done = min(self._tasks, key=lambda task: task.ends(speeds))
                self._tasks.remove(done)
                self._finish(done)
        return self._told()

    def _times(self) -> Iterator[float]:
        """When requests come; those of connections after the first ones come with the answers."""
        traffic, now = self._traffic, 0.0
        if traffic.times is not None:
            yield from traffic.times
        elif traffic.connections is not None:
            yield from [0.0] * traffic.connections
        while traffic.rate is not None:
            now += float(self._rng.exponential(1 / traffic.rate))
            yield now

    def _speeds(self) -> list[float]:
        """How fast each machine's threads go, sharing its processors."""
        wanted = [0.0] * self._fleet.machines
        for task in self._tasks:
            wanted[task.replica.machine] += task.busy
        return [min(1.0, self._fleet.cores / one) if one else 1.0 for one in wanted]

    def _advance(self, seconds: float, speeds: Sequence[float]) -> None:
        for task in self._tasks:
            speed = speeds[task.replica.machine] if task.busy else 1.0
            task.left -= seconds * speed
            self._used += seconds * speed * task.busy
            self._worked += seconds * (task.kind == "score")
        self._now += seconds

    def _arrive(self) -> None:
        number, self._made = self._made, self._made + 1
        pairs, tokens = self._traffic.shapes[int(self._rng.integers(len(self._traffic.shapes)))]
        if self._fleet.balancing == "round-robin":
            replica = next(self._turn)
        else:
            replica = min(self._replicas, key=lambda one: one.open)
        replica.open += 1
        self._began[number] = (self._now, replica)
        replica.reading.append(Waiting(number, pairs, tokens, self._now + self._fleet.within))
        self._begin(replica)

    def _begin(self, replica: _Replica) -> None:
        """Let each thread of a replica that is free take what waits for it."""
        profile, doing = self._profile, replica.doing
        if replica.reading and not doing["front"]:
            job = replica.reading.popleft()
            self._do("front", replica, profile.front(job.pairs, job.cost), 1.0, [], [job])
        if replica.asking and not doing["recall"] and profile.recall is not None:
            jobs = [replica.asking.popleft() for _ in range(min(QUERIES, len(replica.asking)))]
            self._do("recall", replica, profile.recall(len(jobs), 0), 1.0, [], jobs)
        while doing["score"] < self._fleet.limits.beside:
            parts, late = replica.line.take(self._now)
            for job in late:
                self._refuse(job)
            if not parts:
                break
            self._batches, self._together = self._batches + 1, self._together + sum(part.pairs for part in parts)
            seconds = profile.scoring(sum(part.pairs for part in parts), sum(part.tokens for part in parts))
            self._do("score", replica, seconds, profile.busy, parts, [])

    def _do(
        self, kind: Kind, replica: _Replica, seconds: float, busy: float, parts: list[Part], jobs: list[Waiting]
    ) -> None:
        replica.doing[kind] += 1
        self._tasks.append(_Task(kind, replica, seconds, busy, parts, jobs))

    def _finish(self, task: _Task) -> None:
        replica = task.replica
        replica.doing[task.kind] -= 1
        for part in task.parts:
            if part.last:
                self._answer(part.job)
            else:
                replica.line.again(part.job)
        for job in task.jobs:
            if task.kind == "front" and self._traffic.search:
                replica.asking.append(job)
            elif not replica.line.offer(job):
                self._refuse(job)
        self._begin(replica)

    def _answer(self, job: Waiting) -> None:
        self._ended.append((self._now, self._now - self._close(job)))

    def _refuse(self, job: Waiting) -> None:
        self._close(job)
        self._refused.append(self._now)

    def _close(self, job: Waiting) -> float:
        """When the request came; a connection asks again."""
        began, replica = self._began.pop(job.number)
        replica.open -= 1
        if self._traffic.connections is not None and self._made + len(self._arrivals) < self._count:
            heapq.heappush(self._arrivals, self._now)
        return began

    def _told(self) -> Simulated:
        """The figures, without the first tenth of the time."""
        first = self._now / 10
        ended = [(at, took) for at, took in self._ended if at > first]
        refused = sum(at > first for at in self._refused)
        took = np.array([took for _, took in ended]) if ended else np.array([np.nan])
        # Of connections, the last ones are answered while fewer and fewer ask.
        last = max(self._arrivals_end(), first) if self._traffic.connections is not None else self._now
        counted = sum(at <= last for at, _ in ended)
        span = max(last - first, 1e-12)
        p50, p95, p99 = (float(one) for one in np.percentile(took, [50, 95, 99]))
        machines, replicas = self._fleet.machines * self._fleet.cores, self._fleet.replicas * self._fleet.limits.beside
        whole = max(self._now, 1e-12)
        return Simulated(
            counted / span, p50, p95, p99, refused / max(1, refused + len(ended)), self._worked / whole / replicas,
            self._used / whole / machines, self._together / max(1, self._batches), refused + len(ended),
        )  # fmt: skip

    def _arrivals_end(self) -> float:
        """When the last request came: from then on connections are not replaced."""
        return max((at - took for at, took in self._ended), default=0.0)
