"""Thresholds chosen on some queries and held against others: what a rule really does, beside what it claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Labelled
from tamis.decide.certificates.result import finite
from tamis.decide.choices.figures import Figures, at_threshold, at_thresholds
from tamis.decide.choices.targets import Target
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Tuned:
    """A threshold, and what a threshold chosen this way does.

    Attributes:
        target: what it was tuned for.
        threshold: chosen on all pairs; infinity where nothing is good enough.
        claimed: its figures on the pairs it was chosen on, which flatter it.
        held_out: figures of thresholds chosen the same way on other queries than those they are held against.
        accept_all, accept_none: the same without any choice.
        spread: standard deviation of the folds' thresholds, which says how well they are known.
    """

    target: Target
    threshold: float
    claimed: Figures
    held_out: Figures
    accept_all: Figures
    accept_none: Figures
    spread: float

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "target": self.target.as_json(),
            "threshold": finite(self.threshold),
            "spread": finite(self.spread),
            "claimed": self.claimed.as_json(),
            "held_out": self.held_out.as_json(),
            "accept_all": self.accept_all.as_json(),
            "accept_none": self.accept_none.as_json(),
        }


def tune(
    data: Labelled, target: Target, *, folds: int = FOLDS, confidence: float = 0.95, prevalence: float | None = None
) -> Tuned:
    """The threshold that serves a target best, with figures from queries that it was not chosen on.

    Args:
        data: labelled pairs.
        target: ``FBeta``, ``Percentile``, ``Cost``, ``Fixed``, ``PrecisionAtLeast`` and so on; of those that could be
            certified the labelled pairs' own value is taken, without a promise.
        folds: in how many parts queries are dealt; each part's threshold is chosen on the others.
        confidence: wanted coverage of the intervals, in (0, 1).
        prevalence: share of relevant pairs in production where it is not that of the labels; pairs are weighed to it.

    Raises:
        InputError: labels all equal, fewer queries than folds, or a prevalence outside (0, 1).

    >>> rng = np.random.default_rng(0)
    >>> relevant = rng.random(500) < 0.3
    >>> from tamis.decide.choices.targets import FBeta
    >>> found = tune(Labelled.of(rng.normal(3.0 * relevant), relevant), FBeta())
    >>> found.claimed.f1.value > found.held_out.f1.value > found.accept_all.f1.value
    True
    """
    data = reweighted(data.with_both("tuning a threshold"), prevalence)
    fold_of = query_folds(data, folds)
    chosen = [target.choose(data.where(fold_of != fold)) for fold in range(folds)]
    threshold = target.choose(data)
    return Tuned(
        target=target,
        threshold=threshold,
        claimed=at_threshold(data, threshold, confidence=confidence),
        held_out=at_thresholds(data, np.array(chosen)[fold_of], confidence=confidence),
        accept_all=at_threshold(data, -np.inf, confidence=confidence),
        accept_none=at_threshold(data, None, confidence=confidence),
        spread=float(np.std(chosen)) if np.isfinite(chosen).all() else float("nan"),
    )


def reweighted(data: Labelled, prevalence: float | None) -> Labelled:
    """The pairs weighed as if this share of them were relevant.

    Raises:
        InputError: a prevalence outside (0, 1), or labels all equal.
    """
    if prevalence is None:
        return data
    if not 0 < prevalence < 1:
        raise InputError(f"a prevalence must lie between 0 and 1, got {prevalence:g}")
    relevant = data.with_both("another prevalence").labels == 1
    # Sums apart: one less a base rate is 0 by rounding where one label weighs next to nothing.
    total, hits, others = (float(data.weights[kept].sum()) for kept in (slice(None), relevant, ~relevant))
    weights = data.weights * np.where(relevant, prevalence * total / hits, (1 - prevalence) * total / others)
    return Labelled(data.scores, data.labels, data.groups, weights, data.grouped)
