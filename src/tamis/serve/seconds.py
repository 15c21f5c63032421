"""How long things took, as counts up to edges: what Prometheus wants of a histogram, kept without Prometheus."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Seconds:
    """Counts of durations up to each edge, and their sum; one thread writes, others may read.

    Args:
        edges: in seconds, ascending.

    Attributes:
        total: of all durations, in seconds.

    >>> waits = Seconds((0.1, 1.0))
    >>> for took in (0.05, 0.5, 7.0):
    ...     waits.add(took)
    >>> waits.buckets(), waits.count
    ([('0.1', 1), ('1.0', 2), ('+Inf', 3)], 3)
    """

    def __init__(self, edges: Sequence[float] = EDGES) -> None:
        self._edges = tuple(edges)
        self._counts = [0] * (len(self._edges) + 1)
        self.total = 0.0

    @property
    def count(self) -> int:
        """How many durations."""
        return sum(self._counts)

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect.bisect_left(self._edges, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, int]]:
        """Each edge with how many took at most so long, the last without an end."""
        found, sum_ = list[tuple[str, int]](), 0
        for edge, count in zip([*map(str, self._edges), "+Inf"], self._counts, strict=True):
            sum_ += count
            found.append((edge, sum_))
        return found
