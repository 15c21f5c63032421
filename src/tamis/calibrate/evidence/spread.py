"""What scores look like: statistics and histograms with common edges, overall and by label or grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.calibrate.labelled import Labelled
from tamis.core import Floats
from tamis.errors import InputError

HISTOGRAM_BINS = 40
TAIL = 0.0005  # share of scores beyond the outer edges on either side; the outer bins hold them
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_GRADES = 8


@dataclass(frozen=True, slots=True)
class Statistics:
    """The founding document's five figures of some scores, and quantiles; the least and largest say little, they move.

    Attributes:
        pairs: how many scores.
        quantiles: the scores below which 5, 25, 50, 75 and 95 % of them lie.
    """

    pairs: int
    mean: float
    median: float
    std: float
    least: float
    largest: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Weighted counts of scores between common edges, by label or grade.

    Attributes:
        edges: rising, one more than there are bins; the outer bins also hold what lies beyond them.
        counts: one number a bin, by the name of the part.
    """

    edges: tuple[float, ...]
    counts: Mapping[str, tuple[float, ...]]


def statistics(scores: Floats, weights: Floats) -> Statistics:
    """Statistics of weighted scores, shape ``(n,)``, n at least 1.

    >>> statistics(np.array([1.0, 2.0, 6.0]), np.ones(3)).median
    2.0
    """
    mean = float(np.average(scores, weights=weights))
    found = weighted_quantiles(scores, weights, LEVELS)
    return Statistics(
        pairs=int(scores.size),
        mean=mean,
        median=found[LEVELS.index(0.5)],
        std=float(np.sqrt(np.average((scores - mean) ** 2, weights=weights))),
        least=float(scores.min()),
        largest=float(scores.max()),
        quantiles=found,
    )


def weighted_quantiles(values: Floats, weights: Floats, levels: ArrayLike) -> tuple[float, ...]:
    """Quantiles of weighted values, interpolated; numpy's where all weights are equal.

    >>> weighted_quantiles(np.array([1.0, 2.0, 3.0]), np.ones(3), [0.5, 1.0])
    (2.0, 3.0)
    """
    wanted = np.asarray(levels, dtype=np.float64)
    if np.ptp(weights) == 0:
        return tuple(np.quantile(values, wanted).tolist())
    order = np.argsort(values)
    mass = weights[order]
    places = (np.cumsum(mass) - mass / 2) / mass.sum()
    return tuple(np.interp(wanted, places, values[order]).tolist())


def parts(data: Labelled, grades: ArrayLike | None = None) -> dict[str, NDArray[np.bool_]]:
    """Masks of the pairs by grade where grades are given and few, else by label; the names are for people.

    Raises:
        InputError: another number of grades than pairs.

    >>> {name: int(mask.sum()) for name, mask in parts(Labelled.of([1.0, 2.0, 3.0], [0, 1, 1])).items()}
    {'irrelevant': 1, 'relevant': 2}
    """
    if grades is not None:
        given = np.asarray(grades, dtype=np.float64)
        if given.shape != (len(data),):
            raise InputError(f"expected {len(data)} grades, one a pair, got shape {given.shape}")
        values = np.unique(given)
        if 2 < values.size <= MOST_GRADES:
            return {f"{value:g}": given == value for value in values}
    both = {"irrelevant": data.labels == 0, "relevant": data.labels == 1}
    return {name: mask for name, mask in both.items() if mask.any()}


def histogram(data: Labelled, masks: Mapping[str, NDArray[np.bool_]], bins: int = HISTOGRAM_BINS) -> Histogram:
    """The scores of each part between common edges.

    >>> data = Labelled.of([0.0, 1.0, 2.0, 4.0], [0, 0, 1, 1])
    >>> histogram(data, parts(data), 2).counts["relevant"]
    (0.0, 2.0)
    """
    low, high = np.quantile(data.scores, [TAIL, 1 - TAIL])
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    places = np.clip(np.searchsorted(edges, data.scores, side="right") - 1, 0, bins - 1)
    counts = {
        name: tuple(np.bincount(places[mask], weights=data.weights[mask], minlength=bins).tolist())
        for name, mask in masks.items()
    }
    return Histogram(tuple(edges.tolist()), counts)
