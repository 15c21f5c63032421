"""What a reader of a score report should know before believing its figures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tamis.calibrate.evidence.words import Note
from tamis.calibrate.labelled import Labelled
from tamis.calibrate.precision import Resolution

FEW_QUERIES = 50
FEW_PAIRS = 30  # relevant or irrelevant ones
FEW_TIES = 0.01  # share of scores at the ends of the scale that is worth a word
MANY_TIES = 0.05
MINMAX = 0.9  # share of queries whose best score is 1 and worst is 0 from which on that is no accident


def remarks(data: Labelled, found: Resolution, hindrance: str = "") -> tuple[Note, ...]:
    """Remarks about labelled scores, those about the labels first.

    Args:
        data: the pairs.
        found: the resolution of their scores.
        hindrance: why there are no cross-fitted probabilities; empty where there are.

    >>> from tamis.calibrate.precision import resolution
    >>> data = Labelled.of([0.0, 1.0, 0.0, 1.0], [0, 1, 0, 1], ["a", "a", "b", "b"])
    >>> [note.code for note in remarks(data, resolution(data.scores))]
    ['few_queries', 'few_relevant', 'per_query_minmax', 'in_unit', 'ties']
    """
    return (*_about_labels(data, hindrance), *_about_scores(data, found))


def _about_scores(data: Labelled, found: Resolution) -> Iterator[Note]:
    stretched = _stretched(data) if data.grouped else 0.0
    if stretched >= MINMAX:
        yield Note("per_query_minmax", {"share": stretched})
    if found.warning and found.kind in ("float16", "bfloat16"):
        yield Note("half_precision", {"kind": found.kind, "values": found.distinct, "pairs": len(data)})
    if found.saturated >= FEW_TIES:
        yield Note("saturated", {"share": found.saturated})
    if data.scores.min() >= 0 and data.scores.max() <= 1:
        yield Note("in_unit")
    if found.tied >= MANY_TIES:
        yield Note("ties", {"share": found.tied})


def _about_labels(data: Labelled, hindrance: str) -> Iterator[Note]:
    relevant = int(data.labels.sum())
    if not data.grouped:
        yield Note("ungrouped")
    elif data.queries < FEW_QUERIES:
        yield Note("few_queries", {"queries": data.queries})
    if relevant in (0, len(data)):
        yield Note("one_label", {"label": "relevant" if relevant else "irrelevant"})
    elif relevant < FEW_PAIRS:
        yield Note("few_relevant", {"relevant": relevant})
    elif len(data) - relevant < FEW_PAIRS:
        yield Note("few_irrelevant", {"irrelevant": len(data) - relevant})
    if hindrance and 0 < relevant < len(data):
        yield Note("no_probabilities", {"reason": hindrance.rstrip(".")})
    if np.ptp(data.weights) > 0:
        yield Note("weighted")


def _stretched(data: Labelled) -> float:
    """Share of the queries with several pairs whose best score is exactly 1 and worst exactly 0."""
    groups = np.unique(data.groups, return_inverse=True)[1]
    sizes = np.bincount(groups)
    best, worst = np.full(sizes.size, -np.inf), np.full(sizes.size, np.inf)
    np.maximum.at(best, groups, data.scores)
    np.minimum.at(worst, groups, data.scores)
    several = sizes > 1
    return float(((best == 1) & (worst == 0))[several].mean()) if several.any() else 0.0
