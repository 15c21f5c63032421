"""What somebody wants: documents, queries, answers in time; and what they would run it on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tamis.errors import InputError
from tamis.scale.plan.tables import Prices


@dataclass(frozen=True, slots=True)
class Needs:
    """A load, and the machines for it.

    Attributes:
        peak: queries a second at the busiest time.
        mean: queries a second over the day; half the peak where None.
        documents: in the index; 0 where requests bring their own.
        candidates: pairs a query that the model scores.
        tokens: of a document, four bytes each.
        target: seconds within which so many ``percent`` of the answers come.
        percent: 95 or 99.
        index: a row of the table of indexes.
        dimensions: of a vector.
        text: bytes of text a document that the index keeps.
        cores, memory: of one machine; memory in bytes.
        threads: processors that one replica scores with; what is least where None.
        together: tokens that are worked on at once; 4,096 on a CPU and 65,536 elsewhere where None.
        spare: replicas beyond what the peak takes, of which one may be lost or restarted.
        copies: of each shard of the index.
        asked: share of the shards that a query asks; below 1 where documents are dealt out by what they are about.
        cached: share of the queries that something before all this answers.
        load: share of the most that a replica answers, at the peak; the rest is for bursts and long documents.
        full: share of its memory that a shard may fill, and of its processors that its searches may use.
        prices: of machines.

    Raises:
        InputError: a number that cannot be.
    """

    peak: float
    mean: float | None = None
    documents: float = 0.0
    candidates: int = 100
    tokens: float = 60.0
    target: float = 1.0
    percent: int = 95
    index: str = "hybrid"
    dimensions: int = 384
    text: float = 1000.0
    cores: int = 16
    memory: float = 64e9
    threads: int | None = None
    together: int | None = None
    spare: int = 1
    copies: int = 2
    asked: float = 1.0
    cached: float = 0.0
    load: float = 0.85
    full: float = 0.7
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        """Refuse what nobody can need."""
        for name in ("peak", "tokens", "target", "memory"):
            if not (math.isfinite(value := getattr(self, name)) and value > 0):
                raise InputError(f"{name}: expected a number above 0, got {value}")
        for name in ("candidates", "dimensions", "cores", "copies", "threads", "together"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise InputError(f"{name}: expected at least 1, got {value}")
        for name in ("documents", "text", "spare"):
            if (value := getattr(self, name)) < 0:
                raise InputError(f"{name}: expected at least 0, got {value}")
        self._check_shares()

    def _check_shares(self) -> None:
        if self.percent not in (95, 99):
            raise InputError(f"percent: expected 95 or 99, got {self.percent}")
        for name in ("full", "asked", "load"):
            if not 0 < (value := getattr(self, name)) <= 1:
                raise InputError(f"{name}: expected a share within (0, 1], got {value}")
        if not 0 <= self.cached < 1:
            raise InputError(f"cached: expected a share within [0, 1), got {self.cached}")
        if self.mean is not None and not 0 < self.mean <= self.peak:
            raise InputError(f"mean: expected queries a second, at most the peak {self.peak:g}, got {self.mean}")
        if self.threads is not None and self.threads > self.cores:
            raise InputError(f"threads: expected at most a machine's {self.cores} cores, got {self.threads}")

    @property
    def busiest(self) -> float:
        """Queries a second at the peak that nothing before answers."""
        return self.peak * (1 - self.cached)

    @property
    def average(self) -> float:
        """Queries a second over the day that nothing before answers."""
        return (self.peak / 2 if self.mean is None else self.mean) * (1 - self.cached)
