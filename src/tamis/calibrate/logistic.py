"""Logistic regression on a few features: what Platt's map, beta calibration, blends and offsets are made of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.newton import projected_newton
from tamis.core import Floats

EQUAL = 1e-12  # of their mean: values that spread less are all the same
LEAST_RIDGE = 1e-10  # keeps the curvature invertible where features are alike


def sigmoid(logits: Floats) -> Floats:
    """``1 / (1 + exp(-logits))`` without overflow, in [0, 1].

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    falling = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, falling) / (1.0 + falling)


def log_odds(probabilities: Floats, *, least: float = 1e-12) -> Floats:
    """``log(p / (1 - p))``, with p moved into [least, 1 - least] first.

    >>> log_odds(np.array([0.0, 0.5])).round(3).tolist()
    [-27.631, 0.0]
    """
    inside = np.clip(probabilities, least, 1 - least)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def softplus(logits: Floats) -> Floats:
    """``log(1 + exp(logits))`` without overflow."""
    return np.asarray(np.logaddexp(0.0, logits), dtype=np.float64)


def log_loss(logits: Floats, targets: Floats, weights: Floats | None = None) -> float:
    """Mean of the negative log-likelihood in nats, targets in [0, 1].

    >>> round(log_loss(np.zeros(2), np.array([0.0, 1.0])), 4)
    0.6931
    """
    return float(np.average(softplus(logits) - targets * logits, weights=weights))


def fit_logistic(
    features: Floats,
    targets: Floats,
    weights: Floats,
    *,
    ridge: float | Floats = 0.0,
    nonnegative: NDArray[np.bool_] | None = None,
) -> tuple[Floats, float]:
    """Weights of features, shape ``(m,)``, and the intercept that make targets likeliest under a logistic model.

    Args:
        features: shape ``(n, m)``.
        targets: shape ``(n,)``, in [0, 1].
        weights: how much each row counts, shape ``(n,)``, at least 0.
        ridge: ``ridge / 2`` times the squared weight of a standardised feature is added to the summed loss; one number,
            or one a feature. The intercept is never penalised.
        nonnegative: features whose weight may not fall below 0.

    >>> x = np.array([[-1.0], [0.0], [0.0], [1.0]])
    >>> slope, intercept = fit_logistic(x, np.array([0.1, 0.5, 0.5, 0.9]), np.ones(4))
    >>> round(float(slope[0]), 4), abs(round(intercept, 4))
    (2.1972, 0.0)
    """
    count, total = features.shape[1], float(weights.sum())
    center = np.average(features, axis=0, weights=weights)
    scale = np.sqrt(np.average((features - center) ** 2, axis=0, weights=weights))
    # A column of equal values may miss its own mean by a rounding error, which is no spread.
    scale = np.where(scale > EQUAL * np.abs(center), scale, 1.0)
    design = np.column_stack([(features - center) / scale, np.ones(len(features))])
    penalty = np.append(np.broadcast_to(np.asarray(ridge, dtype=np.float64), (count,)), 0.0) / total + LEAST_RIDGE
    share = weights / total

    def loss(beta: Floats) -> tuple[float, Floats, Floats]:
        logits = design @ beta
        chances = sigmoid(logits)
        value = float(share @ (softplus(logits) - targets * logits)) + float(penalty @ beta**2) / 2
        slope = design.T @ (share * (chances - targets)) + penalty * beta
        curve = (design * (share * chances * (1 - chances))[:, None]).T @ design + np.diag(penalty)
        return value, slope, curve

    base = float(np.clip(share @ targets, 1e-9, 1 - 1e-9))
    start = np.append(np.zeros(count), math.log(base / (1 - base)))
    bounded = None if nonnegative is None else np.append(nonnegative, False)
    beta = projected_newton(loss, start, nonnegative=bounded, tolerance=1e-11)
    slopes = beta[:-1] / scale
    return slopes, float(beta[-1] - slopes @ center)
