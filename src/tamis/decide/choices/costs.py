"""Expected cost over all ratios of costs, beside doing without a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Labelled
from tamis.core import Floats
from tamis.decide.choices.sweep import sweep
from tamis.decide.choices.tune import reweighted


@dataclass(frozen=True, slots=True)
class CostCurve:
    """The least expected cost by how dear a wrong document is, beside doing without any threshold.

    Costs are a pair's: a wrong document costs ``ratios``, a missed one ``1 - ratios`` (Drummond and Holte, Machine
    Learning 2006).

    Attributes:
        ratios: cost of a wrong document over that of a wrong and a missed one together, shape ``(m,)``, in [0, 1].
        costs: of the best threshold at each, chosen on other queries.
        accept_all, accept_none: of accepting every pair, and none.
    """

    ratios: Floats
    costs: Floats
    accept_all: Floats
    accept_none: Floats


def cost_curve(data: Labelled, *, points: int = 51, prevalence: float | None = None, folds: int = FOLDS) -> CostCurve:
    """Expected cost a pair over the ratio of costs, cross-fitted by query, at any prevalence.

    Raises:
        InputError: labels all equal, fewer queries than folds, or a prevalence outside (0, 1).

    >>> found = cost_curve(Labelled.of(range(20), [0] * 10 + [1] * 10), points=3)
    >>> found.accept_all.tolist(), found.accept_none.tolist()
    ([0.0, 0.25, 0.5], [0.5, 0.25, 0.0])
    """
    data = reweighted(data.with_both("a cost curve"), prevalence)
    ratios = np.linspace(0, 1, points)
    total, relevant = float(data.weights.sum()), float((data.weights * data.labels).sum())
    costs = np.zeros(points)
    fold_of = query_folds(data, folds)
    for fold in range(folds):
        learnt, held = sweep(data.where(fold_of != fold)), data.where(fold_of == fold)
        expected = ratios[:, None] * learnt.false_positives + (1 - ratios)[:, None] * learnt.misses
        costs += _paid(held, learnt.thresholds[np.argmin(expected, axis=1)], ratios)
    return CostCurve(ratios, costs / total, ratios * (1 - relevant / total), (1 - ratios) * relevant / total)


def _paid(data: Labelled, thresholds: Floats, ratios: Floats) -> Floats:
    """Cost of held-out pairs under each threshold."""
    order = np.argsort(data.scores, kind="stable")
    below = np.searchsorted(data.scores[order], thresholds)
    wrong = np.concatenate([[0.0], np.cumsum((data.weights * (1 - data.labels))[order])])
    right = np.concatenate([[0.0], np.cumsum((data.weights * data.labels)[order])])
    return np.asarray(ratios * (wrong[-1] - wrong[below]) + (1 - ratios) * right[below], dtype=np.float64)
