"""The founding ways to a threshold, each with the figures of queries that it was not chosen on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, overload

from numpy.typing import ArrayLike

from tamis.calibrate import Labelled
from tamis.calibrate.folds import FOLDS
from tamis.core import Groups
from tamis.decide import Cost, FBeta, Figures, Target, Tuned, at_threshold, tune
from tamis.errors import InputError
from tamis.evaluate import Ratio
from tamis.recipes.scaling import as_cost


@overload
def find_optimal_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    *,
    groups: Groups | None = ...,
    return_report: Literal[False] = ...,
    prevalence: float | None = ...,
) -> tuple[float, float, float, float]: ...
@overload
def find_optimal_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    *,
    groups: Groups | None = ...,
    return_report: Literal[True],
    prevalence: float | None = ...,
) -> Tuned: ...
def find_optimal_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    *,
    groups: Groups | None = None,
    return_report: bool = False,
    prevalence: float | None = None,
) -> tuple[float, float, float, float] | Tuned:
    """The threshold of best F1, with the precision, recall and F1 that thresholds chosen so have on other queries.

    Differs from the founding version, whose figures were those of the very pairs the threshold was chosen on and
    therefore too high: here they are cross-fitted by query. It plots nothing. F1 depends on how many of the labelled
    pairs are relevant; where production has another share, say it by ``prevalence``.

    Args:
        y_true: 1 for relevant, 0 for not, shape ``(n,)``, list or array.
        y_scores: shape ``(n,)``.
        groups: each pair's query; without it every pair counts as a query, which flatters where queries differ.
        return_report: give all of it: intervals, what the pairs themselves would claim, accepting all and none.
        prevalence: share of relevant pairs in production, in (0, 1).

    Returns:
        ``(threshold, precision, recall, f1)``, or a ``Tuned``. A share of nothing is NaN.

    Raises:
        InputError: the pairs cannot be used, all labels are equal, or there are too few queries to hold any out.

    >>> y_true, y_scores = [1, 0] * 10, [0.9, 0.2, 0.8, 0.6, 0.7, 0.3, 0.4, 0.1, 0.85, 0.5] * 2
    >>> threshold, precision, recall, f1 = find_optimal_threshold(y_true, y_scores)
    >>> threshold, precision, recall
    (0.7, 1.0, 0.8)
    """
    found = _tuned(y_true, y_scores, groups, FBeta(), prevalence)
    if return_report:
        return found
    held_out = found.held_out
    return found.threshold, held_out.precision.value, held_out.recall.value, held_out.f1.value


@overload
def cost_based_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    false_positive_cost: float = ...,
    false_negative_cost: float = ...,
    *,
    groups: Groups | None = ...,
    return_report: Literal[False] = ...,
) -> tuple[float, float]: ...
@overload
def cost_based_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    false_positive_cost: float = ...,
    false_negative_cost: float = ...,
    *,
    groups: Groups | None = ...,
    return_report: Literal[True],
) -> Tuned: ...
def cost_based_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    false_positive_cost: float = 0.5,
    false_negative_cost: float = 0.2,
    *,
    groups: Groups | None = None,
    return_report: bool = False,
) -> tuple[float, float] | Tuned:
    """The threshold of least expected cost, with what thresholds chosen so cost on other queries.

    Differs from the founding version, which tried scores from .1 to .94 only, told the cost of the pairs it was chosen
    on, and answered ``(0.1, 0.0)`` for labels in a list: here any scale of scores will do, the threshold lies where the
    calibrated probability reaches the ratio of costs, and the cost is cross-fitted by query.

    Args:
        y_true: 1 for relevant, 0 for not, shape ``(n,)``, list or array.
        y_scores: shape ``(n,)``.
        false_positive_cost: of showing a document that is not relevant, at least 0.
        false_negative_cost: of missing a relevant one, at least 0.
        groups: each pair's query.
        return_report: give all of it; ``report.accept_none.cost(...)`` is what doing without a threshold costs.

    Returns:
        ``(threshold, cost)``, the cost of all the pairs together, or a ``Tuned``. The threshold is infinite where no
        score is worth it.

    Raises:
        InputError: the pairs or costs cannot be used, all labels are equal, or there are too few queries.

    >>> threshold, cost = cost_based_threshold([1, 0] * 10, [0.9, 0.2, 0.8, 0.6, 0.7, 0.3, 0.4, 0.1, 0.85, 0.5] * 2)
    >>> threshold, round(cost, 1)
    (0.7, 0.8)
    """
    target = Cost(false_positive_cost, false_negative_cost)
    found = _tuned(y_true, y_scores, groups, target)
    if return_report:
        return found
    held_out = found.held_out
    return found.threshold, held_out.cost(false_positive_cost, false_negative_cost) * held_out.pairs / 1000


def business_threshold(
    y_true: ArrayLike,
    y_scores: ArrayLike,
    precision_weight: float = 0.7,
    recall_weight: float = 0.3,
    *,
    groups: Groups | None = None,
) -> float:
    """The score from which on showing a document pays, where a wrong one costs the one weight and a missed the other.

    This is what the weights of ``business_calibration`` mean: that the calibrated probability reaches
    ``precision_weight / (precision_weight + recall_weight)``. The founding text has no such function.

    Args:
        y_true: 1 for relevant, 0 for not, shape ``(n,)``, list or array.
        y_scores: shape ``(n,)``.
        precision_weight: how dear a wrong document is, at least 0.
        recall_weight: how dear a missed one is, at least 0.
        groups: each pair's query.

    Returns:
        the threshold; infinity where no score is worth it.

    Raises:
        InputError: the pairs or weights cannot be used, or all labels are equal.

    >>> y_true, y_scores = [1, 0] * 10, [0.9, 0.2, 0.8, 0.6, 0.7, 0.3, 0.4, 0.1, 0.85, 0.5] * 2
    >>> business_threshold(y_true, y_scores, 0.8, 0.2), business_threshold(y_true, y_scores, 0.3, 0.7)
    (0.8, 0.5)
    """
    data = Labelled.of(y_scores, y_true, groups).with_both("a threshold")
    return as_cost(precision_weight, recall_weight).choose(data)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a threshold does to labelled pairs; ``str()`` says it in five lines.

    Attributes:
        threshold: pairs with at least this score are accepted.
        figures: precision, recall and F1 with their intervals, and the counts behind them.
        accuracy: share of pairs that are accepted and relevant, or neither.
    """

    threshold: float
    figures: Figures
    accuracy: float

    def __str__(self) -> str:
        found = self.figures
        rows = {"precision": found.precision, "recall": found.recall, "F1": found.f1}
        lines = [f"{name + ':':<19}{_said(value)}" for name, value in rows.items()]
        lines.append(f"{'accuracy:':<19}{self.accuracy:.3f}")
        lines.append(f"{'relevant accepted:':<19}{found.hits} of {found.relevant}")
        return "\n".join(lines)


def evaluate_threshold(
    true_labels: ArrayLike, scores: ArrayLike, threshold: float, *, groups: Groups | None = None
) -> Checked:
    """What a threshold does to labelled pairs.

    Differs from the founding version, which printed it, and printed 0 throughout for labels in a list: here it is an
    object, ``print`` of which says it, with 95 % intervals. On the pairs that the threshold was chosen on the figures
    flatter it.

    Args:
        true_labels: 1 for relevant, 0 for not, shape ``(n,)``, list or array.
        scores: shape ``(n,)``.
        threshold: pairs with at least this score are accepted.
        groups: each pair's query, which the intervals then count.

    Raises:
        InputError: the pairs cannot be used, or the threshold is no number.

    >>> print(evaluate_threshold([1, 0, 1, 0], [0.82, 0.45, 0.91, 0.83], 0.72))
    precision:         0.667 (0.044 to 0.989)
    recall:            1.000 (0.012 to 1.000)
    F1:                0.800 (0.084 to 0.994)
    accuracy:          0.750
    relevant accepted: 2 of 2
    """
    if math.isnan(threshold):
        raise InputError("the threshold is NaN: give the score from which on pairs are accepted")
    data = Labelled.of(scores, true_labels, groups)
    found = at_threshold(data, float(threshold))
    wrong = (found.accepted - found.hits) + (found.relevant - found.hits)
    return Checked(float(threshold), found, 1 - wrong / found.pairs)


def _tuned(
    y_true: ArrayLike, y_scores: ArrayLike, groups: Groups | None, target: Target, prevalence: float | None = None
) -> Tuned:
    data = Labelled.of(y_scores, y_true, groups)
    # A handful of pairs is what people try a function on first.
    return tune(data, target, folds=max(2, min(FOLDS, data.queries)), prevalence=prevalence)


def _said(found: Ratio) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})" if found.queries else "none to count"
