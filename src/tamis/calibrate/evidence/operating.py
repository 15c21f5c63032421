"""What each threshold would do to the labelled pairs: accepted, relevant, precision and recall with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.core import Floats
from tamis.evaluate.ratios import ratio

POINTS = 120


@dataclass(frozen=True, slots=True)
class Operating:
    """Thresholds from strict to loose, each accepting the pairs that score at least it; one entry a threshold.

    Pairs count with their weights. What is said of the very pairs a threshold was chosen on flatters it: these figures
    are for looking, not for promising.

    Attributes:
        thresholds: falling; some of the distinct scores, with the largest and the least.
        accepted: pairs accepted.
        relevant: relevant pairs accepted.
        precision: share of relevant pairs among the accepted ones, (low, value, high).
        recall: share of the relevant pairs that are accepted, (low, value, high); NaN without relevant pairs.
        share: share of all pairs that are accepted, (low, value, high).
        shown: queries with a pair accepted.
        served: queries with a relevant pair accepted.
        misled: queries without any relevant pair, with a pair accepted.
        pairs: all pairs.
        all_relevant: all relevant pairs.
        queries: all queries.
        answerable: queries with a relevant pair.
    """

    thresholds: tuple[float, ...]
    accepted: tuple[float, ...]
    relevant: tuple[float, ...]
    precision: tuple[tuple[float, float, float], ...]
    recall: tuple[tuple[float, float, float], ...]
    share: tuple[tuple[float, float, float], ...]
    shown: tuple[int, ...]
    served: tuple[int, ...]
    misled: tuple[int, ...]
    pairs: float
    all_relevant: float
    queries: int
    answerable: int


def operating(data: Labelled, *, points: int = POINTS, confidence: float = 0.95) -> Operating:
    """The curves of precision, recall and what is accepted over thresholds, at ``points`` thresholds at most.

    Half of the thresholds are spread evenly over the pairs, half over the relevant ones, so that the upper end is fine
    where few pairs are relevant.

    >>> found = operating(Labelled.of([3.0, 2.0, 1.0], [1, 0, 1]))
    >>> found.thresholds, found.relevant, round(found.precision[1][1], 2)
    ((3.0, 2.0, 1.0), (1.0, 1.0, 2.0), 0.5)
    """
    order = np.argsort(-data.scores, kind="stable")
    scores, labels, weights = data.scores[order], data.labels[order], data.weights[order]
    queries = np.unique(data.groups, return_inverse=True)[1][order]
    ends = _ends(scores, weights, labels, points)
    thresholds = scores[ends - 1]
    accepted, relevant = np.cumsum(weights)[ends - 1], np.cumsum(weights * labels)[ends - 1]
    precision, recall, share = _ratios(labels, weights, queries, ends, confidence)
    best, best_relevant = _best(scores, queries, labels)
    answerable = np.isfinite(best_relevant)
    return Operating(
        thresholds=tuple(thresholds.tolist()),
        accepted=tuple(accepted.tolist()),
        relevant=tuple(relevant.tolist()),
        precision=precision,
        recall=recall,
        share=share,
        shown=_at_least(best, thresholds),
        served=_at_least(best_relevant[answerable], thresholds),
        misled=_at_least(best[~answerable], thresholds),
        pairs=float(weights.sum()),
        all_relevant=float((weights * labels).sum()),
        queries=int(best.size),
        answerable=int(answerable.sum()),
    )


def _ends(scores: Floats, weights: Floats, labels: Floats, points: int) -> Codes:
    """How many of the sorted pairs each threshold accepts; pairs of equal score are accepted or refused together."""
    every = np.flatnonzero(np.diff(scores, append=-np.inf)) + 1
    if every.size <= points:
        return every
    wanted = [every[[0, -1]]]
    for mass, count in ((weights, points // 2), (weights * labels, points // 2 - 2)):
        reached = np.cumsum(mass)[every - 1]
        places = np.searchsorted(reached, np.linspace(0, reached[-1], count + 2)[1:-1])
        wanted.append(every[np.minimum(places, every.size - 1)])
    return np.asarray(np.unique(np.concatenate(wanted)), dtype=np.int64)


def _ratios(
    labels: Floats, weights: Floats, queries: Codes, ends: Codes, confidence: float
) -> tuple[tuple[tuple[float, float, float], ...], ...]:
    """Precision, recall and the share accepted at each threshold, with their intervals."""
    # Weights are scaled so that they add to the number of equally weighted pairs that would say as much.
    weights = weights * (weights.sum() / (weights @ weights))
    count = int(queries.max()) + 1
    wanted, every = group_sums(weights * labels, queries, count), group_sums(weights, queries, count)
    accepted, relevant = np.zeros(count), np.zeros(count)
    rows, start = [], 0
    for end in ends.tolist():
        part = slice(start, end)
        accepted += group_sums(weights[part], queries[part], count)
        relevant += group_sums(weights[part] * labels[part], queries[part], count)
        shares = ((relevant, accepted), (relevant, wanted), (np.minimum(accepted, every), every))
        found = [ratio(top, bottom, confidence=confidence) for top, bottom in shares]
        rows.append([(one.low, one.value, one.high) for one in found])
        start = end
    return tuple(zip(*rows, strict=True))


def _best(scores: Floats, queries: Codes, labels: Floats) -> tuple[Floats, Floats]:
    """Each query's highest score, and its highest of a relevant pair (minus infinity without one); scores fall."""
    count = int(queries.max()) + 1
    best, relevant = np.full(count, -np.inf), np.full(count, -np.inf)
    np.maximum.at(best, queries, scores)
    chosen = labels == 1
    np.maximum.at(relevant, queries[chosen], scores[chosen])
    return best, relevant


def _at_least(best: Floats, thresholds: Floats) -> tuple[int, ...]:
    return tuple((best.size - np.searchsorted(np.sort(best), thresholds, side="left")).tolist())
