"""How well scores tell relevant pairs from others: AUC, overlap, distance, the zone where both occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tamis.calibrate.evidence.bins import CurvePoint
from tamis.calibrate.evidence.spread import weighted_quantiles
from tamis.calibrate.labelled import Labelled
from tamis.core import Floats

PAIRS_DRAWN = 20_000_000  # pairs looked at in all while queries are drawn again
FEWEST, MOST = 50, 1000  # resamples


@dataclass(frozen=True, slots=True)
class Separation:
    """How far the scores of relevant pairs lie from those of irrelevant ones.

    Attributes:
        auc: chance that a relevant pair has a higher score than an irrelevant one (of any query); ties count one half.
        auc_low: lower end of its interval.
        auc_high: upper end of it.
        overlap: the part of both distributions that lies on top of each other, in [0, 1]; 0 is clean separation.
        distance: difference of the means over the pooled standard deviation.
        confidence: coverage of the AUC's interval.
    """

    auc: float
    auc_low: float
    auc_high: float
    overlap: float
    distance: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of scores with relevant and irrelevant pairs in it.

    Attributes:
        low: where it begins, on the scorer's own scale.
        high: where it ends; below ``low`` the stretch is a gap: the scores separate.
        share: weighted share of pairs in it, in [0, 1]; 0 for a gap.
    """

    low: float
    high: float
    share: float


def separation(data: Labelled, *, confidence: float = 0.95, seed: int = 0) -> Separation:
    """How well the scores separate; the AUC's interval draws queries again.

    The overlap is one less the largest distance of the two distribution functions: the overlap coefficient, without
    bins, where the densities cross once, and at least it elsewhere.

    Args:
        data: pairs with both labels.
        confidence: coverage of the AUC's interval, in (0, 1).
        seed: the same seed gives the same interval.

    Raises:
        InputError: all labels are equal.

    References:
        Hanley & McNeil (Radiology 1982) for the AUC as a chance; Schmid & Schmidt (CSDA 2006) for the overlap.

    >>> found = separation(Labelled.of([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 1]))
    >>> found.auc, found.overlap
    (0.75, 0.5)
    """
    data.with_both("the separation of scores")
    ranked = _Ranked.of(data)
    value = ranked.auc(None)
    low, high = _interval(ranked, data, value, confidence, seed)
    positive, negative = data.labels * data.weights, (1 - data.labels) * data.weights
    means = np.average(data.scores, weights=positive), np.average(data.scores, weights=negative)
    inner = [np.average((data.scores - m) ** 2, weights=w) for m, w in zip(means, (positive, negative), strict=True)]
    pooled = float(np.sqrt((inner[0] * positive.sum() + inner[1] * negative.sum()) / data.weights.sum()))
    apart = float(means[0] - means[1])
    return Separation(
        auc=value,
        auc_low=low,
        auc_high=high,
        overlap=ranked.overlap(),
        distance=apart / pooled if pooled > 0 else float(np.sign(apart)) * np.inf if apart else 0.0,
        confidence=confidence,
    )


def quantile_zone(data: Labelled, tail: float = 0.05) -> Zone:
    """From the score that only ``tail`` of the relevant pairs fall short of to the one that as many others exceed.

    Unlike the least relevant and the largest irrelevant score it does not grow with the number of pairs.

    Raises:
        InputError: all labels are equal.

    >>> zone = quantile_zone(Labelled.of([0.0, 1.0, 2.0, 1.0, 2.0, 3.0], [0, 0, 0, 1, 1, 1]), tail=0.0)
    >>> zone.low, zone.high
    (1.0, 2.0)
    """
    data.with_both("the overlap zone")
    is_relevant = data.labels == 1
    (low,) = weighted_quantiles(data.scores[is_relevant], data.weights[is_relevant], [tail])
    (high,) = weighted_quantiles(data.scores[~is_relevant], data.weights[~is_relevant], [1 - tail])
    return Zone(low, high, _share(data, low, high))


def undecided_zone(data: Labelled, curve: Sequence[CurvePoint], decision: float = 0.5) -> Zone | None:
    """The scores at which the pairs at hand do not say on which side of ``decision`` the share of relevant pairs lies.

    Args:
        data: the pairs.
        curve: shares of relevant pairs by score with intervals, from ``curve(data.scores, data)``.
        decision: a chance, one half for "more likely relevant than not".

    Returns:
        None where no bin's interval holds ``decision``.

    >>> from tamis.calibrate.evidence.bins import curve
    >>> data = Labelled.of(np.arange(40.0), [0] * 15 + [1, 0] * 5 + [1] * 15)
    >>> zone = undecided_zone(data, curve(data.scores, data, bins=4))
    >>> zone.low, zone.high
    (10.0, 29.0)
    """
    inside = [point for point in curve if point.low < decision < point.high]
    if not inside:
        return None
    low, high = min(point.start for point in inside), max(point.end for point in inside)
    return Zone(low, high, _share(data, low, high))


def _share(data: Labelled, low: float, high: float) -> float:
    inside = (data.scores >= low) & (data.scores <= high)
    return float(data.weights[inside].sum() / data.weights.sum())


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Pairs sorted by score once; ties are blocks that begin at ``starts``."""

    order: np.ndarray
    positive: Floats
    negative: Floats
    starts: np.ndarray

    @classmethod
    def of(cls, data: Labelled) -> _Ranked:
        order = np.argsort(data.scores, kind="stable")
        scores, labels, weights = data.scores[order], data.labels[order], data.weights[order]
        starts = np.flatnonzero(np.diff(scores, prepend=-np.inf))
        return cls(order, weights * labels, weights * (1 - labels), starts)

    def blocks(self, times: Floats | None) -> tuple[Floats, Floats]:
        """Relevant and irrelevant mass of each distinct score; ``times`` says how often each sorted pair counts."""
        positive, negative = (
            (self.positive, self.negative) if times is None else (self.positive * times, self.negative * times)
        )
        if self.starts.size == self.order.size:
            return positive, negative
        return np.add.reduceat(positive, self.starts), np.add.reduceat(negative, self.starts)

    def auc(self, times: Floats | None) -> float:
        positive, negative = self.blocks(times)
        below = np.cumsum(negative) - negative / 2
        pairs = float(positive.sum()) * float(negative.sum())
        return float(positive @ below) / pairs if pairs else float("nan")

    def overlap(self) -> float:
        positive, negative = self.blocks(None)
        apart = np.cumsum(positive) / positive.sum() - np.cumsum(negative) / negative.sum()
        return float(1 - np.abs(apart).max())


def _interval(ranked: _Ranked, data: Labelled, value: float, confidence: float, seed: int) -> tuple[float, float]:
    queries = np.unique(data.groups, return_inverse=True)[1][ranked.order]
    count = int(queries.max()) + 1
    rng = np.random.default_rng(seed)
    rounds = int(np.clip(PAIRS_DRAWN // len(data), FEWEST, MOST))
    drawn = (np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(rounds))
    found = np.array([ranked.auc(times[queries].astype(np.float64)) for times in drawn])
    found = found[np.isfinite(found)]  # a draw may hold one label only
    if not found.size:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return min(float(low), value), max(float(high), value)
