"""Every threshold at once: what accepting all pairs from a score on would do, for each score that occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.core import Floats


@dataclass(frozen=True, slots=True)
class Sweep:
    """Weighted counts by threshold, strictest first; row 0 accepts nothing.

    A pair is accepted where its score is at least the threshold, so pairs with equal scores go together.

    Attributes:
        thresholds: falling, shape ``(m,)``; infinity, then each distinct score.
        accepted: weight of the accepted pairs.
        hits: weight of those among them that are relevant.
        relevant: weight of all relevant pairs.
        total: weight of all pairs.
    """

    thresholds: Floats
    accepted: Floats
    hits: Floats
    relevant: float
    total: float

    @property
    def false_positives(self) -> Floats:
        """Weight of accepted pairs that are not relevant."""
        return self.accepted - self.hits

    @property
    def misses(self) -> Floats:
        """Weight of relevant pairs that are not accepted."""
        return self.relevant - self.hits

    @property
    def precision(self) -> Floats:
        """Share of the accepted that is relevant; NaN where nothing is accepted."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.hits / self.accepted, dtype=np.float64)

    @property
    def recall(self) -> Floats:
        """Share of the relevant that is accepted; NaN where nothing is relevant."""
        return self.hits / self.relevant if self.relevant else np.full(len(self.hits), np.nan)

    def f_beta(self, beta: float = 1.0) -> Floats:
        """F-measure: recall counts ``beta`` times as much as precision (van Rijsbergen 1979, chapter 7)."""
        square = beta * beta
        whole = square * self.relevant + self.accepted
        return np.asarray((1 + square) * self.hits / np.where(whole > 0, whole, 1.0), dtype=np.float64)

    def cost(self, false_positive: float, false_negative: float) -> Floats:
        """Cost of all pairs together."""
        return false_positive * self.false_positives + false_negative * self.misses


def sweep(data: Labelled) -> Sweep:
    """All thresholds of labelled scores, exact: one sort, no grid.

    >>> found = sweep(Labelled.of([3.0, 2.0, 2.0, 1.0], [1, 1, 0, 0]))
    >>> found.thresholds.tolist(), found.precision[1:].round(2).tolist()
    ([inf, 3.0, 2.0, 1.0], [1.0, 0.67, 0.5])
    """
    order = np.argsort(-data.scores, kind="stable")
    scores, weights = data.scores[order], data.weights[order]
    ends = np.flatnonzero(np.diff(scores, append=np.nan))
    accepted = np.cumsum(weights)[ends]
    hits = np.cumsum(weights * data.labels[order])[ends]
    return Sweep(
        thresholds=np.concatenate([[np.inf], scores[ends]]),
        accepted=np.concatenate([[0.0], accepted]),
        hits=np.concatenate([[0.0], hits]),
        relevant=float(hits[-1]),
        total=float(accepted[-1]),
    )
