"""Platt's map, the default for logits; and temperature, for logits whose base rate is already right."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.logistic import sigmoid, softplus
from tamis.calibrate.maps.base import Inputs, Map, as_logits, evidence, rising_slopes, smoothed_targets
from tamis.calibrate.newton import projected_newton
from tamis.core import Floats

LEAST_SLOPE = 1e-3  # of a temperature, for scores of root mean square 1


class Platt(Map):
    """``p = sigmoid(slope * score + intercept)``, slope at least 0: two numbers, good from about 50 labelled pairs on.

    Inputs are raw logits, best the difference of a yes-logit and a no-logit; shares in [0, 1] with ``inputs="share"``.
    Unlike ``Temperature`` it repairs a base rate unlike the one that the scorer was trained on; unlike ``Beta`` it
    bends both ends of the scale alike.

    Args:
        inputs: "logit", or "share" for scores in [0, 1], of which the log-odds are taken after moving them into
            [1e-6, 1 - 1e-6].

    Attributes:
        slope_: at least 0.
        intercept_: in logits.

    References:
        Platt, "Probabilistic outputs for support vector machines" (1999), with its smoothed targets.

    >>> platt = Platt().fit([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1])
    >>> platt([-2.0, 0.5, 3.0]).round(2).tolist()
    [0.21, 0.5, 0.79]
    """

    name: ClassVar[str] = "platt"
    options: ClassVar[tuple[str, ...]] = ("inputs",)
    learned: ClassVar[tuple[str, ...]] = ("slope_", "intercept_")

    slope_: float
    intercept_: float

    def __init__(self, inputs: Inputs = "logit") -> None:
        self.inputs = inputs

    def _learn(self, data: Labelled) -> None:
        slopes, self.intercept_ = rising_slopes(as_logits(data.scores, self.inputs)[:, None], data)
        self.slope_ = float(slopes[0])

    def _apply(self, scores: Floats) -> Floats:
        return sigmoid(self.slope_ * as_logits(scores, self.inputs) + self.intercept_)

    def _fault(self) -> str:
        return "" if self.slope_ >= 0 else f"the slope must be at least 0, got {self.slope_}"


class Temperature(Map):
    """``p = sigmoid(slope * score)``, slope above 0: one number; a score of 0 stays at one half.

    For scorers whose logits are too large or too small but rightly centred. It cannot repair a wrong base rate, the
    usual fault of rerankers: then take ``Platt``.

    Args:
        inputs: "logit", or "share" as in ``Platt``.

    Attributes:
        slope_: one over the temperature.

    References:
        Guo et al., "On calibration of modern neural networks" (ICML 2017); targets smoothed as in ``Platt``.

    >>> found = Temperature().fit([-9.0, -3.0, 3.0, 9.0, -6.0, 6.0], [0, 0, 1, 1, 1, 0])
    >>> found([0.0, 9.0]).round(2).tolist()
    [0.5, 0.63]
    """

    name: ClassVar[str] = "temperature"
    options: ClassVar[tuple[str, ...]] = ("inputs",)
    learned: ClassVar[tuple[str, ...]] = ("slope_",)

    slope_: float

    def __init__(self, inputs: Inputs = "logit") -> None:
        self.inputs = inputs

    def _learn(self, data: Labelled) -> None:
        logits, counts = as_logits(data.scores, self.inputs), evidence(data.weights)
        targets, share = smoothed_targets(data.labels, counts), counts / counts.sum()
        scale = float(np.sqrt(share @ logits**2)) or 1.0
        design = logits / scale

        def loss(beta: Floats) -> tuple[float, Floats, Floats]:
            values = beta[0] * design
            chances = sigmoid(values)
            slope = share @ (design * (chances - targets))
            curve = share @ (design**2 * chances * (1 - chances))
            return float(share @ (softplus(values) - targets * values)), np.array([slope]), np.array([[curve + 1e-12]])

        found = projected_newton(loss, np.array([1.0]), nonnegative=np.array([True]), tolerance=1e-11)
        self.slope_ = max(float(found[0]), LEAST_SLOPE) / scale

    def _apply(self, scores: Floats) -> Floats:
        return sigmoid(self.slope_ * as_logits(scores, self.inputs))

    def _fault(self) -> str:
        return "" if self.slope_ > 0 else f"the slope must be above 0, got {self.slope_}"
