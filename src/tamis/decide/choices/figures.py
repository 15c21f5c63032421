"""What a threshold does to labelled pairs: precision, recall, F1, cost, queries left without an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.core import Floats
from tamis.decide.certificates.result import finite
from tamis.evaluate import Ratio, ratio


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and shares of accepted pairs; the intervals count queries, not pairs.

    Attributes:
        pairs, accepted, hits, relevant: how many.
        precision: of the accepted, how many are relevant.
        recall: of the relevant, how many are accepted.
        f1: their harmonic mean.
        empty: share of queries of which nothing is accepted.
    """

    pairs: int
    accepted: int
    hits: int
    relevant: int
    precision: Ratio
    recall: Ratio
    f1: Ratio
    empty: Ratio

    def cost(self, false_positive: float, false_negative: float) -> float:
        """Cost a thousand pairs."""
        wrong, missed = self.accepted - self.hits, self.relevant - self.hits
        return 1000 * (false_positive * wrong + false_negative * missed) / self.pairs

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values; each share as value, low, high."""
        shares = {name: getattr(self, name) for name in ("precision", "recall", "f1", "empty")}
        return {
            "pairs": self.pairs,
            "accepted": self.accepted,
            "hits": self.hits,
            "relevant": self.relevant,
            **{name: finite(found.value) for name, found in shares.items()},
            **{f"{name}_interval": [found.low, found.high] for name, found in shares.items()},
        }


def figures(data: Labelled, accepted: NDArray[np.bool_], *, confidence: float = 0.95) -> Figures:
    """The figures of any acceptance of labelled pairs.

    Args:
        data: the pairs.
        accepted: whether each is accepted, shape ``(n,)``.
        confidence: wanted coverage of the intervals, in (0, 1).

    >>> found = figures(Labelled.of([3.0, 2.0, 1.0], [1, 0, 1]), np.array([True, True, False]))
    >>> found.precision.value, found.recall.value, found.f1.value
    (0.5, 0.5, 0.5)
    """
    taken = accepted.astype(np.float64)
    codes = np.unique(data.groups, return_inverse=True)[1]

    def sums(values: Floats) -> Floats:
        return group_sums(values, codes)

    hits = sums(data.weights * taken * data.labels)
    listed, relevant = sums(data.weights * taken), sums(data.weights * data.labels)
    counts = sums(taken)
    return Figures(
        pairs=len(data),
        accepted=int(accepted.sum()),
        hits=int((taken * data.labels).sum()),
        relevant=int(data.labels.sum()),
        precision=ratio(hits, listed, confidence=confidence),
        recall=ratio(hits, relevant, confidence=confidence),
        f1=ratio(2 * hits, listed + relevant, confidence=confidence),
        empty=ratio((counts == 0).astype(np.float64), np.ones(len(counts)), confidence=confidence),
    )


def at_threshold(data: Labelled, threshold: float | None, *, confidence: float = 0.95) -> Figures:
    """The figures of one threshold; None accepts nothing."""
    level = np.inf if threshold is None else threshold
    return figures(data, data.scores >= level, confidence=confidence)


def at_thresholds(data: Labelled, thresholds: Sequence[float] | Floats, *, confidence: float = 0.95) -> Figures:
    """The figures where each pair has a threshold of its own, shape ``(n,)``."""
    return figures(data, data.scores >= np.asarray(thresholds), confidence=confidence)
