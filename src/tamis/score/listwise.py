"""Weights of features by a listwise softmax, none below 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.newton import projected_newton
from tamis.core import Floats
from tamis.errors import InputError


class Lists(NamedTuple):
    """Lists one after the other: features ``(items, m)``, targets that add to 1 a list, where each list starts."""

    features: Floats
    targets: Floats
    starts: NDArray[np.int64]


def listwise_weights(features: Floats, labels: Floats, groups: NDArray[np.int64], *, l2: float = 1.0) -> Floats:
    """Weights of at least 0, shape ``(m,)``, under which relevant items stand above the others of their list.

    The least of: over lists, the cross-entropy between labels (divided by their sum) and the softmax of the weighted
    features, plus ``l2 / 2`` times the squared weights. It is convex; found by projected Newton steps, the same for
    the same input.

    Args:
        features: shape ``(items, m)``, on comparable scales.
        labels: shape ``(items,)``, at least 0; lists without both a higher and a lower one say nothing.
        groups: number of each item's list.
        l2: weight of the penalty, above 0, against the sum over lists: it fades as there are more of them.

    References:
        The loss: Cao et al., "Learning to rank: from pairwise to listwise approach" (ICML 2007), top-one probability.
        The steps: Bertsekas, "Projected Newton methods" (SIAM J. Control and Optimization 1982).

    Raises:
        InputError: no list has both a higher and a lower label.
    """
    lists = _lists(features, labels, groups)
    if not len(lists.starts):
        raise InputError("no query has both a relevant and a less relevant document: weights need such queries")
    start = np.full(features.shape[1], 1.0 / features.shape[1])
    return projected_newton(
        lambda weights: _loss(weights, lists, l2), start, nonnegative=np.ones(len(start), dtype=bool)
    )


def _lists(features: Floats, labels: Floats, groups: NDArray[np.int64]) -> Lists:
    """The lists that say something, items of a list side by side."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    sorted_labels = labels[order]
    if not len(order):
        return Lists(features, labels, starts)
    telling = np.maximum.reduceat(sorted_labels, starts) > np.minimum.reduceat(sorted_labels, starts)
    kept = order[np.repeat(telling, sizes)]
    starts = np.concatenate([[0], np.cumsum(sizes[telling])[:-1]]).astype(np.int64)[: int(telling.sum())]
    if not len(starts):
        return Lists(features[:0], labels[:0], starts)
    totals = np.add.reduceat(labels[kept], starts)
    return Lists(features[kept], labels[kept] / np.repeat(totals, sizes[telling]), starts)


def _loss(weights: Floats, lists: Lists, l2: float) -> tuple[float, Floats, Floats]:
    """Loss, slope ``(m,)`` and curvature ``(m, m)``."""
    x, targets, starts = lists
    sizes = np.diff(starts, append=len(x))
    z = np.einsum("ij,j->i", x, weights)
    highest = np.maximum.reduceat(z, starts)
    powers = np.exp(z - np.repeat(highest, sizes))
    totals = np.add.reduceat(powers, starts)
    chances = powers / np.repeat(totals, sizes)
    means = np.add.reduceat(chances[:, None] * x, starts, axis=0)
    value = float((np.log(totals) + highest).sum() - (targets * z).sum() + l2 / 2 * (weights**2).sum())
    slope = np.einsum("i,ij->j", chances - targets, x) + l2 * weights
    curve = np.einsum("i,ij,ik->jk", chances, x, x) - np.einsum("ij,ik->jk", means, means) + l2 * np.eye(len(weights))
    return value, slope, curve
