"""Maps without a formula: isotonic regression, and smoothed shares of relevant pairs in bins of equal mass."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tamis.calibrate.evidence.bins import equal_mass
from tamis.calibrate.labelled import Labelled, group_sums
from tamis.calibrate.maps.base import Map, evidence, rising
from tamis.core import Floats
from tamis.errors import InputError

BINS = 15


def pava(values: Floats, weights: Floats) -> Floats:
    """The non-decreasing sequence nearest to values in weighted squares, shape ``(n,)``, in linear time.

    Pool-adjacent-violators: Ayer et al. (Annals of Mathematical Statistics 1955).

    >>> pava(np.array([1.0, 0.0, 2.0]), np.ones(3)).tolist()
    [0.5, 0.5, 2.0]
    """
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for mean, mass in zip(values.tolist(), weights.tolist(), strict=True):
        size = 1
        while means and means[-1] >= mean:
            before, other = masses.pop(), means.pop()
            mean = (other * before + mean * mass) / (before + mass)
            mass += before
            size += sizes.pop()
        means.append(mean)
        masses.append(mass)
        sizes.append(size)
    return np.repeat(np.asarray(means, dtype=np.float64), sizes)


def pooled(scores: Floats, labels: Floats, weights: Floats) -> Floats:
    """The isotonic regression's value of each pair, shape ``(n,)``; pairs of equal score are one block.

    >>> pooled(np.array([3.0, 1.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0, 0.0]), np.ones(4)).round(3).tolist()
    [1.0, 0.333, 0.333, 0.333]
    """
    _, inverse = np.unique(scores, return_inverse=True)
    mass = group_sums(weights, inverse)
    return pava(group_sums(weights * labels, inverse) / mass, mass)[inverse]


class Isotonic(Map):
    """Isotonic regression: the non-decreasing map nearest to the labels, with straight lines between its steps.

    It follows any monotone shape and so needs about 1000 labelled pairs; below, ``Platt`` or ``Beta`` is nearer to the
    truth. As it is, it says 0 and 1 at the ends after a handful of pairs; ``clip`` forbids that. Many scores get equal
    probabilities.

    Args:
        clip: whether probabilities are kept within [1/(n+2), 1 - 1/(n+2)] for n pairs.

    Attributes:
        scores_: where the lines meet, rising, shape ``(m,)``.
        probabilities_: their heights, never falling, shape ``(m,)``.

    References:
        Zadrozny & Elkan, "Transforming classifier scores into accurate multiclass probability estimates" (KDD 2002);
        between and beyond the steps as scikit-learn's ``IsotonicRegression(out_of_bounds="clip")``.

    >>> isotonic = Isotonic(clip=False).fit([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1])
    >>> isotonic([0.0, 2.5, 3.5, 9.0]).tolist()
    [0.0, 0.5, 0.75, 1.0]
    """

    name: ClassVar[str] = "isotonic"
    options: ClassVar[tuple[str, ...]] = ("clip",)
    learned: ClassVar[tuple[str, ...]] = ("scores_", "probabilities_")

    scores_: Floats
    probabilities_: Floats

    def __init__(self, clip: bool = True) -> None:
        self.clip = clip

    def _learn(self, data: Labelled) -> None:
        weights = evidence(data.weights)
        places, first = np.unique(data.scores, return_index=True)
        heights = pooled(data.scores, data.labels, weights)[first]
        if self.clip:
            least = 1 / (float(weights.sum()) + 2)
            heights = np.clip(heights, least, 1 - least)
        # Inside a step nothing bends: its two ends are enough.
        bends = np.diff(heights) != 0
        kept = np.append(True, bends) | np.append(bends, True)
        self.scores_, self.probabilities_ = places[kept], heights[kept]

    def _apply(self, scores: Floats) -> Floats:
        above = np.searchsorted(self.scores_, scores, side="right").clip(max=len(self.scores_) - 1)
        # A line may overshoot its end by a rounding: the next must not begin below it.
        found: Floats = np.minimum(np.interp(scores, self.scores_, self.probabilities_), self.probabilities_[above])
        return found

    def _fault(self) -> str:
        return steps_fault(self.scores_, self.probabilities_, len(self.scores_))


class Histogram(Map):
    """Bins of equal mass, each with its smoothed share (y + 1) / (n + 2) of relevant pairs, pooled where it would fall.

    Coarse, and hard to mislead: a step rests on about n / bins pairs. For about 1000 labelled pairs and more; ``Platt``
    below. All scores of a bin get one probability.

    Args:
        bins: how many, at least 1; equal scores share a bin, so that there may be fewer.

    Attributes:
        edges_: lowest score of each bin but the first, rising, shape ``(m - 1,)``; half-way between two pairs.
        probabilities_: never falling, shape ``(m,)``.

    References:
        Zadrozny & Elkan, "Obtaining calibrated probability estimates" (ICML 2001).

    >>> histogram = Histogram(bins=2).fit([1.0, 2.0, 3.0, 4.0], [0, 0, 0, 1])
    >>> histogram([0.0, 2.4, 2.6]).tolist()
    [0.25, 0.25, 0.5]
    """

    name: ClassVar[str] = "histogram"
    options: ClassVar[tuple[str, ...]] = ("bins",)
    learned: ClassVar[tuple[str, ...]] = ("edges_", "probabilities_")

    edges_: Floats
    probabilities_: Floats

    def __init__(self, bins: int = BINS) -> None:
        self.bins = bins

    def _learn(self, data: Labelled) -> None:
        if self.bins < 1:
            raise InputError(f"bins must be at least 1, got {self.bins}")
        weights = evidence(data.weights)
        codes = equal_mass(data.scores, weights, self.bins)
        mass = group_sums(weights, codes)
        heights = pava((group_sums(weights * data.labels, codes) + 1) / (mass + 2), mass)
        ends = np.flatnonzero(np.diff(codes))  # scores come sorted
        low, high = data.scores[ends], data.scores[ends + 1]
        half = low / 2 + high / 2
        edges = np.where(half > low, half, high)
        steps = np.diff(heights) != 0
        self.edges_, self.probabilities_ = edges[steps], heights[np.append(True, steps)]

    def _apply(self, scores: Floats) -> Floats:
        return self.probabilities_[np.searchsorted(self.edges_, scores, side="right")]

    def _fault(self) -> str:
        return steps_fault(self.edges_, self.probabilities_, len(self.edges_) + 1)


def steps_fault(places: Floats, heights: Floats, expected: int) -> str:
    """Why these cannot be the places and the heights of a map that never falls; empty where they can."""
    if len(heights) != expected or not expected:
        return f"expected {max(expected, 1)} probabilities for {len(places)} scores, got {len(heights)}"
    if not rising(places, strictly=True) or not rising(heights):
        return "scores must rise and probabilities may not fall"
    return "" if heights[0] >= 0 and heights[-1] <= 1 else "probabilities must lie in [0, 1]"
