"""Min-max scaling of scores for display: fitted once on a reference pool, never a probability."""

from __future__ import annotations

import warnings
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.base import Map, finite_scores
from tamis.core import Floats, Groups
from tamis.errors import InputError


class PerQueryScaling(UserWarning):
    """Scores are scaled within each query, so that they no longer say whether a query has an answer at all."""


class MinMax(Map):
    """``low + (high - low) * (score - least) / (most - least)``, clipped beyond: display scaling, no calibration.

    The least and most score come from a reference pool of scores and stay what they are. Numbers look like shares and
    are none: for probabilities, fit ``Platt`` on labels.

    Args:
        low: what the pool's least score becomes, in [0, 1].
        high: what its most becomes, in [0, 1], at least ``low``.

    Attributes:
        least_: the pool's least score.
        most_: the pool's most.

    >>> MinMax().fit([-3.0, 1.0, 5.0])([-9.0, 1.0, 9.0]).tolist()
    [0.0, 0.5, 1.0]
    """

    name: ClassVar[str] = "min-max"
    probabilistic: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ("low", "high")
    learned: ClassVar[tuple[str, ...]] = ("least_", "most_")

    least_: float
    most_: float

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        self.low = low
        self.high = high

    def fit(
        self,
        scores: ArrayLike,
        labels: ArrayLike | None = None,
        groups: Groups | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Keep the least and the most of the pool's scores, shape ``(n,)``; labels, groups and weights are ignored.

        Raises:
            InputError: no scores, a score that is not finite, or ``low`` and ``high`` that are no part of [0, 1].
        """
        pool = finite_scores(scores)
        if not pool.size:
            raise InputError("no scores: min-max needs a reference pool")
        self.least_, self.most_ = float(pool.min()), float(pool.max())
        if fault := self._fault():
            raise InputError(fault)
        return self

    def _learn(self, data: Labelled) -> None:
        self.fit(data.scores)

    def _apply(self, scores: Floats) -> Floats:
        if self.least_ == self.most_:
            return np.where(scores < self.least_, self.low, np.where(scores > self.most_, self.high, self._middle))
        # Halves: the distance between two finite scores may not be finite.
        share = (np.clip(scores, self.least_, self.most_) / 2 - self.least_ / 2) / (self.most_ / 2 - self.least_ / 2)
        return np.clip(self.low + (self.high - self.low) * share, self.low, self.high)

    @property
    def _middle(self) -> float:
        return (self.low + self.high) / 2

    def _fault(self) -> str:
        if not 0 <= self.low <= self.high <= 1:
            return f"expected 0 <= low <= high <= 1, got low={self.low}, high={self.high}"
        return "" if self.least_ <= self.most_ else "the least score lies above the most"


def min_max_per_query(scores: ArrayLike, groups: Groups) -> Floats:
    """Scores scaled within each query so that its best gets 1.0 and its worst 0.0, shape ``(n,)``.

    It keeps each query's order and loses what the scores said about the query: with it, a query without any answer
    also has a document at 1.0, always. A query whose scores are all equal gets 1.0 throughout.

    Args:
        scores: shape ``(n,)``.
        groups: each score's query, shape ``(n,)``.

    Warns:
        PerQueryScaling: always; ``MinMax().fit(pool)`` scales for display without that loss.

    Raises:
        InputError: no scores, a score that is not finite, or another number of groups than scores.

    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as heard:
    ...     warnings.simplefilter("always")
    ...     min_max_per_query([5.0, 1.0, -8.0, -9.0], ["a", "a", "b", "b"]).tolist()
    [1.0, 0.0, 1.0, 0.0]
    >>> heard[0].category.__name__
    'PerQueryScaling'
    """
    data = Labelled.of(scores, np.zeros(np.shape(scores)), groups)
    warnings.warn(
        "min-max within a query: all queries, those without an answer too, get a document at 1.0, so that no threshold "
        "can find out that there is none; fit MinMax on a pool of scores for display, Platt on labels to decide",
        PerQueryScaling,
        stacklevel=2,
    )
    count = int(data.groups.max()) + 1
    most, least = np.full(count, -np.inf), np.full(count, np.inf)
    np.maximum.at(most, data.groups, data.scores)
    np.minimum.at(least, data.groups, data.scores)
    width = (most / 2 - least / 2)[data.groups]
    above = data.scores / 2 - least[data.groups] / 2
    return np.where(width > 0, above / np.where(width > 0, width, 1.0), 1.0)
