"""Projected Newton steps: the least of a convex function, some of whose weights may not fall below 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats

Loss: TypeAlias = Callable[[Floats], tuple[float, Floats, Floats]]  # weights -> value, slope (m,), curvature (m, m)

STEPS = 200
ROUNDING = 1e-16  # of the loss: a step that promises less cannot be seen in it
SUFFICIENT = 1e-4  # of the decrease that the slope promises (Armijo's rule)


def projected_newton(
    loss: Loss, start: Floats, *, nonnegative: NDArray[np.bool_] | None = None, tolerance: float = 1e-9
) -> Floats:
    """The weights, shape ``(m,)``, at which a convex loss is least; the same for the same input.

    Args:
        loss: value, slope and curvature at given weights; the curvature must be invertible.
        start: weights to begin with.
        nonnegative: which weights may not fall below 0; without it, all are free.
        tolerance: largest slope of a free weight at which the search ends.

    References:
        Bertsekas, "Projected Newton methods" (SIAM J. Control and Optimization 1982).

    >>> def bowl(w):
    ...     return float(((w - [1.0, -2.0]) ** 2).sum()), 2 * (w - [1.0, -2.0]), 2 * np.eye(2)
    >>> projected_newton(bowl, np.zeros(2)).tolist()
    [1.0, -2.0]
    >>> projected_newton(bowl, np.zeros(2), nonnegative=np.array([True, True])).tolist()
    [1.0, 0.0]
    """
    bounded = np.zeros(start.shape, dtype=bool) if nonnegative is None else nonnegative
    weights = np.where(bounded, np.maximum(start, 0), start).astype(np.float64)
    value, slope, curve = loss(weights)
    for _ in range(STEPS):
        free = ~bounded | (weights > 0) | (slope < 0)
        if not free.any() or np.abs(slope[free]).max() < tolerance:
            break
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        if float(slope @ step) <= ROUNDING * max(1.0, abs(value)):
            break
        length = 1.0
        while True:
            moved = weights - length * step
            new = np.where(bounded, np.maximum(moved, 0), moved)
            found = loss(new)
            if found[0] <= value + SUFFICIENT * float(slope @ (new - weights)) or length < 1e-12:
                break
            length /= 2
        stuck = length < 1e-12
        weights, (value, slope, curve) = new, found
        if stuck:  # rounding: no step of any length lowers the loss
            break
    return weights
