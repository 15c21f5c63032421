"""The map that fits the data best, found on queries that it was not fitted on."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.calibrate.cross import fitted_elsewhere, held_out_parts
from tamis.calibrate.folds import FOLDS
from tamis.calibrate.labelled import Labelled, group_sums
from tamis.calibrate.logistic import log_odds, softplus
from tamis.calibrate.maps.base import finite_scores
from tamis.calibrate.maps.beta import Beta
from tamis.calibrate.maps.forms import named
from tamis.calibrate.maps.isotonic import Histogram, Isotonic
from tamis.calibrate.maps.platt import Platt, Temperature
from tamis.core import Calibrator, Floats, Groups
from tamis.errors import InputError

BASE_RATE = "base rate"  # the name, among the losses, of always saying the share of relevant pairs
MANY = 1000  # pairs from which maps without a formula are worth trying


class AutoCalibrator:
    """The simplest map whose cross-fitted log-loss is about the least.

    Every candidate is fitted on some queries and judged on others; the first whose loss is within one standard error of
    the best one's (over queries, of the paired difference) is fitted on all pairs. Where one of the labels stands in so
    few queries that this cannot be done, the first candidate is taken and ``losses_`` is empty.

    Args:
        candidates: maps to choose from, the one to prefer first. None takes ``Platt``, ``Beta`` and ``Temperature``;
            from 1000 pairs on also ``Isotonic`` and ``Histogram``; where all scores lie in [0, 1] also ``Platt`` and
            ``Beta`` with ``inputs="share"``.
        folds: parts of whole queries, at least 2; as many as there are queries where those are fewer.
        seed: another seed deals the queries otherwise.

    Attributes:
        chosen_: the map chosen, fitted on all pairs.
        losses_: each candidate's cross-fitted log-loss in nats, and that of saying the ``"base rate"`` always.

    References:
        The rule of one standard error: Breiman et al., Classification and Regression Trees (1984), 3.4.3.

    >>> scores = [-3.0, -2.5, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]
    >>> auto = AutoCalibrator().fit(scores, [0, 0, 0, 1, 0, 1, 0, 1, 1, 1])
    >>> auto.name, auto([-3.0, 3.0]).round(1).tolist()
    ('platt', [0.2, 0.9])
    """

    probabilistic: ClassVar[bool] = True

    chosen_: Calibrator
    losses_: dict[str, float]

    def __init__(self, candidates: Sequence[Calibrator] | None = None, folds: int = FOLDS, *, seed: int = 0) -> None:
        self.candidates = candidates
        self.folds = folds
        self.seed = seed

    def fit(
        self, scores: ArrayLike, labels: ArrayLike, groups: Groups | None = None, weights: ArrayLike | None = None
    ) -> Self:
        """Choose on pairs with labels 0 and 1, shapes ``(n,)``, and fit what was chosen.

        Raises:
            InputError: the input cannot be used, all labels are equal, less than two folds, or a candidate gives no
                probabilities.
        """
        data = _in_order(Labelled.of(scores, labels, groups, weights).with_both("calibration"))
        candidates = usual_candidates(data) if self.candidates is None else list(self.candidates)
        _check(candidates, self.folds)
        self.losses_, chosen = self._compared(candidates, data)
        names = data.groups if data.grouped else None
        self.chosen_ = copy.deepcopy(chosen).fit(data.scores, data.labels, names, data.weights)
        return self

    def __call__(self, scores: ArrayLike) -> Floats:
        """Probabilities by the chosen map, shape ``(n,)``.

        Raises:
            InputError: a score is not finite, or ``fit`` has not been called.
        """
        return self._fitted(finite_scores(scores))

    @property
    def name(self) -> str:
        """The chosen map's name."""
        return named(self._fitted)

    def parameters(self) -> Mapping[str, Any]:
        """The chosen map's parameters: in JSON, it stands for itself."""
        found: Mapping[str, Any] = self._fitted.parameters()  # type: ignore[attr-defined]  # what is named has them
        return found

    @property
    def _fitted(self) -> Calibrator:
        if not hasattr(self, "chosen_"):
            raise InputError("AutoCalibrator has chosen nothing yet: call fit(scores, labels) first")
        return self.chosen_

    def _compared(self, candidates: list[Calibrator], data: Labelled) -> tuple[dict[str, float], Calibrator]:
        try:
            parts = held_out_parts(data, folds=min(self.folds, data.queries), seed=self.seed)
        except InputError:  # one of the labels stands in too few queries
            return {}, candidates[0]
        losses = np.array([_losses(fitted_elsewhere(candidate, data, parts), data) for candidate in candidates])
        means = np.average(losses, axis=1, weights=data.weights)
        best = int(means.argmin())
        chosen = next(
            at
            for at in range(len(means))
            if means[at] - means[best] <= _standard_error(losses[at] - losses[best], data)
        )
        table = dict(zip(_labels(candidates), means.tolist(), strict=True))
        base = np.average(_losses(_base_rates(data, parts), data), weights=data.weights)
        return {**table, BASE_RATE: float(base)}, candidates[chosen]


def usual_candidates(data: Labelled) -> list[Calibrator]:
    """The maps worth trying on these pairs, the one to prefer first.

    >>> usual_candidates(Labelled.of([-1.0, 2.0], [0, 1]))
    [Platt(inputs='logit'), Beta(inputs='logit'), Temperature(inputs='logit')]
    """
    found: list[Calibrator] = [Platt(), Beta(), Temperature()]
    if data.scores.min() >= 0 and data.scores.max() <= 1:
        found += [Platt(inputs="share"), Beta(inputs="share")]
    if len(data) >= MANY:
        found += [Isotonic(), Histogram()]
    return found


def _check(candidates: list[Calibrator], folds: int) -> None:
    if not candidates:
        raise InputError("no candidates to choose from: give at least one map, or None for the usual ones")
    if folds < 2:
        raise InputError(f"folds must be at least 2, got {folds}: what is fitted on some queries is checked on others")
    for candidate in candidates:
        if not getattr(candidate, "probabilistic", True):
            raise InputError(f"{candidate!r} gives no probabilities: leave it out of the candidates")


def _in_order(data: Labelled) -> Labelled:
    """The pairs by score, queries numbered by first appearance there: the order they came in is forgotten."""
    data = data.where(np.lexsort((data.weights, data.labels, data.scores)))
    _, first, codes = np.unique(data.groups, return_index=True, return_inverse=True)
    ranks = np.argsort(np.argsort(first))
    return Labelled(data.scores, data.labels, ranks[codes], data.weights, data.grouped)


def _losses(chances: Floats, data: Labelled) -> Floats:
    """Log-loss of each pair, shape ``(n,)``; probabilities of 0 and 1 count as 1e-12 from there."""
    logits = log_odds(chances)
    return np.asarray(softplus(logits) - data.labels * logits, dtype=np.float64)


def _base_rates(data: Labelled, parts: Sequence[NDArray[np.bool_]]) -> Floats:
    found = np.zeros(len(data))
    for held_out in parts:
        found[held_out] = data.where(~held_out).base_rate
    return found


def _standard_error(differences: Floats, data: Labelled) -> float:
    """Of the weighted mean of differences, queries being what is drawn (linearised, as for a ratio of totals)."""
    mean = np.average(differences, weights=data.weights)
    totals = group_sums(data.weights * (differences - mean), data.groups)
    count = totals.size
    return float(np.sqrt(count / (count - 1) * (totals @ totals))) / float(data.weights.sum())


def _labels(candidates: Sequence[Calibrator]) -> list[str]:
    """A name for each candidate; equal ones get a number."""
    names = [getattr(candidate, "label", type(candidate).__name__) for candidate in candidates]
    again = [names[:at].count(name) for at, name in enumerate(names)]
    return [f"{name} #{count + 1}" if count else name for name, count in zip(names, again, strict=True)]
