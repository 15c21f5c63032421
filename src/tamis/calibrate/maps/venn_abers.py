"""Venn-Abers prediction: two isotonic regressions a score, one for either label it may turn out to have."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.calibrate.maps.base import Map, evidence, finite_scores, rising
from tamis.core import Floats


class VennAbers(Map):
    """An interval of probabilities for each score, one end of which is calibrated whatever the scores' distribution.

    The lower end is the isotonic regression's value when the score is added as an irrelevant pair, the upper end when
    added as a relevant one; the probability lies between them. The interval's width says how little is known about a
    score. Like ``Isotonic`` it wants many pairs, but it never says 0 or 1.

    Attributes:
        scores_: those it was fitted on, rising, shape ``(m,)``.
        lower_: lower ends for scores below the first of ``scores_``, from the first on, from the second on, ...,
            shape ``(m + 1,)``.
        upper_: upper ends for scores up to the first of ``scores_``, up to the second, ..., above the last, shape
            ``(m + 1,)``.

    References:
        Vovk, Petej & Fedorova, "Large-scale probabilistic predictors with and without guarantees of validity"
        (NIPS 2015): algorithms 1 to 4, and p1 / (1 - p0 + p1) for log-loss.

    >>> venn_abers = VennAbers().fit([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1])
    >>> low, high = venn_abers.interval([1.0, 2.5])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.333], [0.5, 0.667])
    >>> venn_abers([2.5]).tolist()
    [0.5]
    """

    name: ClassVar[str] = "venn-abers"
    learned: ClassVar[tuple[str, ...]] = ("scores_", "lower_", "upper_")

    scores_: Floats
    lower_: Floats
    upper_: Floats

    def interval(self, scores: ArrayLike) -> tuple[Floats, Floats]:
        """Lower and upper probabilities, shape ``(n,)`` each, neither ever falling as the score rises.

        Raises:
            InputError: as for a call.
        """
        column = finite_scores(scores)
        self._require_fitted()
        lower = self.lower_[np.searchsorted(self.scores_, column, side="right")]
        return lower, self.upper_[np.searchsorted(self.scores_, column, side="left")]

    def _learn(self, data: Labelled) -> None:
        weights = evidence(data.weights)
        self.scores_, inverse = np.unique(data.scores, return_inverse=True)
        mass = group_sums(weights, inverse)
        relevant = group_sums(weights * data.labels, inverse)
        self.upper_ = _upper(mass, relevant)
        # Turning scores and labels round turns lower ends into upper ones.
        self.lower_ = 1 - _upper(mass[::-1], (mass - relevant)[::-1])[::-1]

    def _apply(self, scores: Floats) -> Floats:
        lower, upper = self.interval(scores)
        # p1 / (1 - p0 + p1), in an order of steps whose rounding never falls as either rises.
        return 1 / (1 + (1 - lower) / upper)

    def _fault(self) -> str:
        ends = (self.lower_, self.upper_)
        if any(len(values) != len(self.scores_) + 1 for values in ends):
            return f"expected {len(self.scores_) + 1} lower and upper ends, got {len(ends[0])} and {len(ends[1])}"
        if not rising(self.scores_, strictly=True) or not all(map(rising, ends)):
            return "scores must rise, lower and upper ends may not fall"
        within = ends[0][0] >= 0 and ends[1][-1] <= 1 and (ends[0] <= ends[1]).all() and ends[1][0] > 0
        return "" if within else "lower ends may not lie above upper ends, nor either outside [0, 1]"


def _upper(mass: Floats, relevant: Floats) -> Floats:
    """The isotonic regression's value of one relevant pair added before each block, and after the last.

    Args:
        mass: pairs in each block of equal scores, lowest first, shape ``(m,)``.
        relevant: how many of them are relevant, shape ``(m,)``.

    Points are running sums of (mass, relevant); the regression's values are the slopes of their lower hull. The added
    pair is the step from (-1, -1) to (0, 0); it then changes places with one block after the other, which moves one
    point each time. ``hull`` holds the hull's corners from right to left, of which those on the left that no longer
    matter are dropped.
    """
    points = [(-1.0, -1.0), *zip([0.0, *np.cumsum(mass).tolist()], [0.0, *np.cumsum(relevant).tolist()], strict=True)]
    hull: list[_Point] = []
    for point in reversed(points):
        _push(hull, point)
    found = []
    for (x, y), (width, height) in zip(points[1:], zip(mass.tolist(), relevant.tolist(), strict=True), strict=False):
        (left_x, left_y), (right_x, right_y) = hull[-1], hull[-2]
        found.append((right_y - left_y) / (right_x - left_x))
        moved = (x - 1 + width, y - 1 + height)
        if _turn(hull[-1], moved, hull[-2]) > 0:  # below the line from the hull's first corner to its second
            hull.pop()
            _push(hull, moved)
    # Rounding must not let an end fall below the one before, nor rise above 1.
    return np.maximum.accumulate(np.append(np.minimum(found, 1.0), 1.0))


_Point = tuple[float, float]


def _push(hull: list[_Point], point: _Point) -> None:
    """Put a point left of all others on the lower hull, dropping corners that are none any more."""
    while len(hull) > 1 and _turn(point, hull[-1], hull[-2]) <= 0:
        hull.pop()
    hull.append(point)


def _turn(first: _Point, second: _Point, third: _Point) -> float:
    """Above 0 where the way from the first over the second to the third turns left."""
    return (second[0] - first[0]) * (third[1] - second[1]) - (second[1] - first[1]) * (third[0] - second[0])
