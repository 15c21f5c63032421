"""The nouns of a simulation: what is asked, what answers, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tamis.errors import InputError
from tamis.serve.queue import USUAL, Limits

Balancing: TypeAlias = Literal["least-connections", "round-robin"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is asked.

    Attributes:
        shapes: pairs and tokens a pair of requests, each as likely as the others.
        rate: requests a second that come at random times (Poisson); None for ``connections`` or ``times``.
        connections: clients that each ask again at once when they are answered; None for ``rate`` or ``times``.
        times: seconds at which requests come.
        search: whether the index is asked first.

    Raises:
        InputError: none or several of rate, connections and times, or a shape that none is.
    """

    shapes: Sequence[tuple[int, float]]
    rate: float | None = None
    connections: int | None = None
    times: Sequence[float] | None = None
    search: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no traffic."""
        given = [one for one in (self.rate, self.connections, self.times) if one is not None]
        if len(given) != 1:
            raise InputError("traffic comes by a rate, from connections, or at given times: expected one of these")
        if self.times is None and not given[0] > 0:  # type: ignore[operator]
            raise InputError(f"traffic: expected a rate or connections above 0, got {given[0]}")
        if not self.shapes or not all(pairs >= 1 and tokens > 0 for pairs, tokens in self.shapes):
            raise InputError("traffic: expected shapes of at least one pair and some tokens each")


@dataclass(frozen=True, slots=True)
class Fleet:
    """What answers.

    Attributes:
        replicas: how many.
        cores: processors that each machine has.
        machines: over which the replicas are spread evenly.
        balancing: how requests are dealt to replicas.
        limits: of each replica's queue.
        within: seconds until work on a request must have begun.
    """

    replicas: int = 1
    cores: float = 1.0
    machines: int = 1
    balancing: Balancing = "least-connections"
    limits: Limits = USUAL
    within: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot answer."""
        if min(self.replicas, self.machines) < 1 or not self.cores > 0 or not self.within > 0:
            raise InputError(f"a fleet needs replicas, machines and cores, got {self}")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of it, without the time in which the queues filled.

    Attributes:
        throughput: requests answered a second.
        p50, p95, p99: seconds from a request to its answer; nan where none was answered.
        shed: share of the requests that were refused or came too late.
        utilisation: share of the time in which the models worked, over all replicas.
        processors: share of the machines' processors that was used.
        batch: mean pairs that were worked on together.
        requests: how many were counted.
    """

    throughput: float
    p50: float
    p95: float
    p99: float
    shed: float
    utilisation: float
    processors: float
    batch: float
    requests: int

    def at(self, percent: int) -> float:
        """Seconds at one of the three percentiles."""
        return {50: self.p50, 95: self.p95, 99: self.p99}[percent]
