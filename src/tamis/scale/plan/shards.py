"""The index over several machines: how many shards, and what waiting for the slowest of them costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from tamis.scale.plan.needs import Needs
from tamis.scale.plan.tables import IndexRow

P99 = NormalDist().inv_cdf(0.99)


@dataclass(frozen=True, slots=True)
class Shards:
    """An index in parts.

    Attributes:
        count: parts.
        fan: parts that a query asks.
        copies: of each part.
        documents: of one part.
        memory, disk: bytes of one part.
        seconds: processor seconds of a query in one part.
        cores: processors of one copy of a part at the peak.
        median: seconds until a part answers, half the time.
        within: seconds until the slowest part has answered, in so many percent of the queries as the target has.
        each: share of its answers that each part must give in time for that.
    """

    count: int
    fan: int
    copies: int
    documents: float
    memory: float
    disk: float
    seconds: float
    cores: float
    median: float
    within: float
    each: float


def shards(needs: Needs, row: IndexRow) -> Shards:
    """The fewest parts that fit into memory, with as many copies as the peak takes.

    >>> from tamis.scale.plan.tables import INDEXES
    >>> found = shards(Needs(peak=100, documents=1e9), INDEXES["hybrid"])
    >>> found.count, f"{found.each:.4f}"
    (19, '0.9973')
    """
    each = row.memory(needs.dimensions)
    count = max(1, math.ceil(needs.documents * each / (needs.memory * needs.full)))
    documents = needs.documents / count
    seconds = row.recall(documents)
    fan = max(1, math.ceil(count * needs.asked))
    wanted = needs.busiest * fan / count * seconds / needs.full
    copies = max(needs.copies, math.ceil(wanted / needs.cores))
    quantile = (needs.percent / 100) ** (1 / fan)
    return Shards(
        count, fan, copies, documents, documents * each, documents * (each + needs.text), seconds, wanted / copies,
        seconds, late(seconds, row.tail, quantile), quantile,
    )  # fmt: skip


def late(median: float, tail: float, quantile: float) -> float:
    """Seconds at a quantile of a lognormal of this median whose p99 is ``tail`` times as long.

    >>> late(0.01, 2.5, 0.5), round(late(0.01, 2.5, 0.99), 4), round(late(0.01, 2.5, 0.99 ** (1 / 100)), 4)
    (0.01, 0.025, 0.0432)
    """
    return median * math.pow(tail, NormalDist().inv_cdf(quantile) / P99)
