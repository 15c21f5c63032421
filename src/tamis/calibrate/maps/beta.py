"""Beta calibration: a map that may bend the two ends of the scale differently."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.logistic import sigmoid, softplus
from tamis.calibrate.maps.base import Inputs, Map, as_logits, rising_slopes
from tamis.core import Floats


class Beta(Map):
    """``p = sigmoid(rise * log(q) - fall * log(1 - q) + intercept)`` with ``q = sigmoid(score)``; both at least 0.

    Low logits are stretched by ``rise``, high ones by ``fall``: three numbers, for scorers that are surer at one end
    than at the other; good from about 100 labelled pairs on. With ``rise == fall`` it is ``Platt``.

    Args:
        inputs: "logit", or "share" for scores in [0, 1], which are ``q`` themselves, moved into [1e-6, 1 - 1e-6].

    Attributes:
        rise_: weight of log(q), at least 0.
        fall_: weight of -log(1 - q), at least 0.
        intercept_: in logits.

    References:
        Kull, Silva Filho & Flach, "Beta calibration" (AISTATS 2017); targets smoothed as in ``Platt``.

    >>> beta = Beta().fit([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1])
    >>> beta([-2.0, 0.5, 3.0]).round(2).tolist()
    [0.2, 0.51, 0.79]
    """

    name: ClassVar[str] = "beta"
    options: ClassVar[tuple[str, ...]] = ("inputs",)
    learned: ClassVar[tuple[str, ...]] = ("rise_", "fall_", "intercept_")

    rise_: float
    fall_: float
    intercept_: float

    def __init__(self, inputs: Inputs = "logit") -> None:
        self.inputs = inputs

    def _learn(self, data: Labelled) -> None:
        slopes, self.intercept_ = rising_slopes(self._features(data.scores), data)
        self.rise_, self.fall_ = slopes.tolist()

    def _apply(self, scores: Floats) -> Floats:
        low, high = self._features(scores).T
        # Not a matrix product, whose rounding depends on how many scores there are.
        return sigmoid(self.rise_ * low + self.fall_ * high + self.intercept_)

    def _features(self, scores: Floats) -> Floats:
        """log(q) and -log(1 - q), shape ``(n, 2)``."""
        logits = as_logits(scores, self.inputs)
        return np.column_stack([-softplus(-logits), softplus(logits)])

    def _fault(self) -> str:
        least = min(self.rise_, self.fall_)
        return "" if least >= 0 else f"rise and fall must be at least 0, got {least}"
