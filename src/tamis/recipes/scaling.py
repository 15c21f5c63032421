"""``linear_calibration`` and ``business_calibration``: what they can honestly do to scores."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate import MinMax, PerQueryScaling
from tamis.calibrate.maps.base import finite_scores
from tamis.core import Floats
from tamis.decide import Cost
from tamis.errors import InputError
from tamis.recipes.differs import DiffersFromFounding


def linear_calibration(
    scores: ArrayLike,
    target_min: float = 0.0,
    target_max: float = 1.0,
    reference: ArrayLike | MinMax | None = None,
) -> list[float]:
    """Scores scaled for display into ``[target_min, target_max]``; no calibration: the numbers are no probabilities.

    Differs from the founding version in that the range should come from a ``reference`` pool and stays what it is, so
    that a query without an answer keeps its low numbers. Without one the scores' own range is taken, as there, with a
    warning. Scores that are all equal land in the middle, not at the bottom.

    Args:
        scores: shape ``(n,)``, list or array.
        target_min, target_max: the range, any two numbers with ``target_min <= target_max``.
        reference: scores of many queries, or a ``MinMax`` fitted on such; what lies beyond them is clipped.

    Warns:
        PerQueryScaling: without a reference.

    Raises:
        InputError: a score that is not finite, an empty reference, or a range upside down.

    >>> linear_calibration([-3.0, 1.0, 9.0], reference=[-3.0, 5.0])
    [0.0, 0.5, 1.0]
    """
    column = finite_scores(scores)
    if not (np.isfinite([target_min, target_max]).all() and target_min <= target_max):
        raise InputError(f"expected finite target_min <= target_max, got {target_min} and {target_max}")
    if reference is None:
        warnings.warn(
            "linear_calibration without a reference: the best of these scores becomes target_max even where nothing "
            "is relevant, so that no threshold on the result means anything; pass reference= scores of many queries",
            PerQueryScaling,
            stacklevel=2,
        )
        reference = column
    if not column.size:
        return []
    scaling = reference if isinstance(reference, MinMax) else MinMax().fit(reference)
    scaled: list[float] = (target_min + scaling(column) * (target_max - target_min)).tolist()
    return scaled


def business_calibration(
    scores: ArrayLike, precision_weight: float = 0.7, recall_weight: float = 0.3, legacy: bool = False
) -> list[float]:
    """The scores as they are: weights of precision and recall call for another threshold, not for other scores.

    Differs from the founding version in that no score is bent; that formula moved scores by .02 at most, raised low
    ones where precision was preferred, and for weights of 0 and 0 reversed the order above .75. What the weights mean
    is found by ``business_threshold``.

    Args:
        scores: shape ``(n,)``, list or array.
        precision_weight: how dear a wrong document is, at least 0.
        recall_weight: how dear a missed one is, at least 0.
        legacy: apply the founding formula, to the bit, for comparison.

    Warns:
        DiffersFromFounding: the weights had no effect on the scores.

    Raises:
        InputError: a score that is not finite; without ``legacy``, a weight below 0, or two of 0.

    >>> [round(score, 3) for score in business_calibration([0.2, 0.9], legacy=True)]
    [0.202, 0.886]
    """
    unchanged: list[float] = finite_scores(scores).tolist()
    if legacy:
        return [_bent(score, precision_weight, recall_weight) for score in unchanged]
    warnings.warn(
        f"business_calibration leaves scores as they are: the weights {precision_weight:g} and {recall_weight:g} say "
        f"that a document is worth showing from a calibrated probability of {worth(precision_weight, recall_weight):g} "
        "on; business_threshold(y_true, y_scores, ...) finds the score at which that is",
        DiffersFromFounding,
        stacklevel=2,
    )
    return unchanged


def worth(precision_weight: float, recall_weight: float) -> float:
    """The calibrated probability from which on showing a document pays under these weights, in [0, 1].

    Raises:
        InputError: a weight below 0 or not finite, or two of 0.

    >>> worth(0.7, 0.3)
    0.7
    """
    return as_cost(precision_weight, recall_weight).probability


def as_cost(precision_weight: float, recall_weight: float) -> Cost:
    """The weights as costs: a wrong document costs the one, a missed one the other.

    Raises:
        InputError: a weight below 0 or not finite, or two of 0.
    """
    weights: Floats = np.array([precision_weight, recall_weight], dtype=np.float64)
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.max() == 0:
        raise InputError(
            f"weights must be at least 0 and one of them above it, got precision_weight={precision_weight:g}, "
            f"recall_weight={recall_weight:g}"
        )
    return Cost(false_positive=precision_weight, false_negative=recall_weight)


def _bent(score: float, precision_weight: float, recall_weight: float) -> float:
    """The founding formula, in the founding order of operations."""
    adjustment = (precision_weight * 0.9 + recall_weight * 1.1) - 1.0
    return min(max(score * (1 + adjustment * (score - 0.5)), 0.0), 1.0)
