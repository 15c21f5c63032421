"""What a threshold is tuned for, where nothing is promised: F-measure, a share of the pairs, a cost, a given number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.auto import AutoCalibrator
from tamis.decide.choices.sweep import sweep
from tamis.errors import InputError


class Target(Protocol):
    """What a threshold should achieve: ``choose`` takes one by labelled pairs; pairs with at least it are accepted."""

    def choose(self, data: Labelled) -> float: ...
    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class FBeta:
    """The highest F-measure; recall counts ``beta`` times as much as precision.

    It depends on how many labelled pairs are relevant, so labels must be drawn as production draws candidates. For
    "better nothing than something wrong" take ``PrecisionAtLeast``.

    >>> FBeta().choose(Labelled.of([3.0, 2.0, 1.0], [1, 1, 0]))
    2.0
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        """Check the number."""
        if not self.beta > 0 or not math.isfinite(self.beta):
            raise InputError(f"beta must be above 0, got {self.beta:g}")

    @classmethod
    def weighted(cls, precision: float, recall: float) -> FBeta:
        """The F-measure in which precision and recall have these weights: beta squared is recall over precision.

        Raises:
            InputError: a weight is not above 0.

        >>> FBeta.weighted(precision=0.8, recall=0.2).beta
        0.5
        """
        if not (precision > 0 and recall > 0 and math.isfinite(precision) and math.isfinite(recall)):
            raise InputError(f"weights of precision and recall must be above 0, got {precision:g} and {recall:g}")
        return cls(math.sqrt(recall / precision))

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "f-beta", "beta": self.beta}

    def choose(self, data: Labelled) -> float:
        """The threshold with the highest F-measure; the strictest of equal ones."""
        found = sweep(data.with_both("an F-measure"))
        return float(found.thresholds[int(np.argmax(found.f_beta(self.beta)))])


@dataclass(frozen=True, slots=True)
class Percentile:
    """The score at a percentile of all labelled pairs: 70 accepts the best 30 %, good or bad.

    >>> Percentile(50).choose(Labelled.of([4.0, 3.0, 2.0, 1.0], [1, 0, 0, 0]))
    2.5
    """

    percent: float

    def __post_init__(self) -> None:
        """Check the number."""
        if not 0 <= self.percent <= 100:
            raise InputError(f"a percentile lies between 0 and 100, got {self.percent:g}")

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "percentile", "percent": self.percent}

    def choose(self, data: Labelled) -> float:
        """The percentile of the scores, linearly between two; of weighted pairs, the score at which it is reached."""
        if (data.weights == data.weights[0]).all():
            return float(np.percentile(data.scores, self.percent))
        return float(np.percentile(data.scores, self.percent, weights=data.weights, method="inverted_cdf"))


@dataclass(frozen=True, slots=True)
class Fixed:
    """A threshold that somebody has set by hand.

    >>> Fixed(0.72).choose(Labelled.of([0.9, 0.1], [1, 0]))
    0.72
    """

    threshold: float

    def __post_init__(self) -> None:
        """Check the number."""
        if math.isnan(self.threshold):
            raise InputError("a threshold must be a number, got nan")

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "fixed", "threshold": self.threshold}

    def choose(self, data: Labelled) -> float:
        """The number itself."""
        return self.threshold


@dataclass(frozen=True, slots=True)
class Cost:
    """The least expected cost: what a wrong document costs against what a missed one does.

    Accepting pays where p > false_positive / (false_positive + false_negative), p being the calibrated probability
    (Elkan, IJCAI 2001, equation 2). A threshold taken from a fitted calibration has a fraction of the excess cost that
    the cheapest threshold of the labelled pairs has.

    >>> Cost(false_positive=0.5, false_negative=0.2).probability
    0.7142857142857143
    """

    false_positive: float
    false_negative: float

    def __post_init__(self) -> None:
        """Check the costs."""
        for name, cost in (("false_positive", self.false_positive), ("false_negative", self.false_negative)):
            if not cost >= 0 or not math.isfinite(cost):
                raise InputError(f"{name} must be a cost of at least 0, got {cost:g}")
        if self.false_positive == self.false_negative == 0:
            raise InputError("both costs are 0: every threshold costs the same")

    @property
    def probability(self) -> float:
        """The calibrated probability from which on accepting pays, in [0, 1]."""
        return self.false_positive / (self.false_positive + self.false_negative)

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "cost", "false_positive": self.false_positive, "false_negative": self.false_negative}

    def choose(self, data: Labelled) -> float:
        """The least score whose calibrated probability reaches ``probability``; infinity where none does."""
        calibrator = AutoCalibrator().fit(data.scores, data.labels, data.groups, data.weights)
        scores = np.unique(data.scores)
        good = np.flatnonzero(np.asarray(calibrator(scores)) >= self.probability)
        return float(scores[good[0]]) if good.size else math.inf


@dataclass(frozen=True, slots=True)
class SweptCost:
    """The threshold that is cheapest among the labelled pairs, found exactly; see ``Cost``, which errs less.

    >>> SweptCost(1.0, 1.0).choose(Labelled.of([3.0, 2.0, 1.0], [1, 1, 0]))
    2.0
    """

    false_positive: float
    false_negative: float

    def __post_init__(self) -> None:
        """Check the costs."""
        Cost(self.false_positive, self.false_negative)

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "swept cost", "false_positive": self.false_positive, "false_negative": self.false_negative}

    def choose(self, data: Labelled) -> float:
        """The threshold of least cost; the strictest of equal ones."""
        found = sweep(data)
        return float(found.thresholds[int(np.argmin(found.cost(self.false_positive, self.false_negative)))])
