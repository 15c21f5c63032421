"""What clicks say of a threshold: whether it is where its target wants it, and where it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from tamis.calibrate.logistic import sigmoid
from tamis.core import Floats
from tamis.decide import Policy, Thresholds
from tamis.errors import InputError
from tamis.observe.clicks import ClickCalibration, ClickModel, fit_clicks
from tamis.observe.impressions import Impressions
from tamis.observe.lifecycle.aims import AIMS
from tamis.observe.lifecycle.bounds import USUAL, Bounds

DRAWS = 1_000  # curves that the clicks would allow
BINS = 1_000  # thresholds that are looked at
SURE = 0.95  # how sure a promise shall be that is kept by the proposed threshold
PROMISES = ("precision", "joint")  # targets that must hold with SURE, not just on average
TOLD = 0.8  # share of what the likeliest threshold shows that a careful one has to show, too, to be proposed
SEEN = 30  # documents that must have been shown below a threshold before it may be proposed
ONE_SIGMA = 0.1587  # what a normal variable leaves beyond one standard deviation


class Estimate(NamedTuple):
    """A number in [0, 1] with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What the clicks of some sessions say of a policy's threshold.

    Attributes:
        reason: in a sentence.
        now: the threshold that decides.
        threshold: the proposed one, within bounds; None where nothing is proposed.
        wanted: where the target would have it, bounds aside; None where that cannot be told.
        low, high: the interval in which clicks put what the target wants, at the level of this look.
        sessions, shown, clicks: how many the advice rests on.
        precision: of what is shown now, as clicks tell it; None where they cannot.
        proposed: the same under the proposed threshold.
        calibration: from scores to chances to be relevant, as the clicks say.
    """

    reason: str
    now: float | None = None
    threshold: float | None = None
    wanted: float | None = None
    low: float | None = None
    high: float | None = None
    sessions: int = 0
    shown: int = 0
    clicks: int = 0
    precision: Estimate | None = None
    proposed: Estimate | None = None
    calibration: ClickCalibration | None = None

    def as_json(self) -> dict[str, Any]:
        """The advice as JSON values."""
        plain = {name: _finite(getattr(self, name)) for name in self.__slots__[:9]}
        return {
            **plain,
            "precision": None if self.precision is None else self.precision._asdict(),
            "proposed": None if self.proposed is None else self.proposed._asdict(),
            "calibration": None if self.calibration is None else self.calibration.as_json(),
        }

    def policy(self, old: Policy, name: str = "") -> Policy:
        """The policy with the proposed threshold; it promises nothing, since clicks cannot certify.

        Raises:
            InputError: nothing is proposed.
        """
        if self.threshold is None:
            raise InputError(f"nothing is proposed: {self.reason}")
        return replace(
            old,
            thresholds=Thresholds(self.threshold),
            certificate=None,
            data="clicks",
            counts={"sessions": self.sessions, "shown": self.shown, "clicks": self.clicks},
            created=datetime.now(UTC).date().isoformat(),
            parent=old.digest,
            name=name or old.name,
        )


def advise(
    seen: Impressions, policy: Policy | None, model: ClickModel, bounds: Bounds = USUAL, *, look: int = 1
) -> Advice:
    """What clicks say of a policy's threshold.

    A curve from scores to relevance is fitted to the clicks under the click model; what the policy's target asks of
    that curve, over all candidates of the sessions, is where the threshold should be. It is proposed only where the
    present one lies outside of what the clicks' uncertainty leaves open, never below what users were shown, and for a
    promised precision where the promise holds with 95 % of the curves, once that costs little of what is shown.

    Args:
        seen: what was shown and clicked.
        policy: decides now.
        model: how clicks come about.
        bounds: what a proposal keeps to.
        look: which look this is since the threshold was last moved, from 1; later ones are held to stricter levels, so
            that looking often does not find what is not there.

    Raises:
        InputError: the look is not counted from 1.
    """
    if look < 1:
        raise InputError(f"looks are counted from 1, got {look}")
    if why := _silent(policy, seen, bounds):
        return Advice(why, sessions=seen.sessions, shown=len(seen), clicks=int(seen.clicked.sum()))
    assert policy is not None and policy.thresholds.default is not None
    # What exploration showed stands for all that it could have shown.
    found = fit_clicks(seen.scores, seen.positions, seen.clicked, seen.session, model, propensities=seen.propensities)
    told = Advice("", policy.thresholds.default, None, None, None, None, seen.sessions, len(seen),
                  int(seen.clicked.sum()), calibration=found)  # fmt: skip
    if not found.slope > 2 * math.sqrt(found.covariance[0][0]):
        why = (
            "higher scores are not clicked more often: what is shown is all alike, or the scores have lost their sense"
        )
        return replace(told, reason=why)
    return _held(told, _Pool.of(seen, policy.max_k), policy.target, bounds, look)


def _silent(policy: Policy | None, seen: Impressions, bounds: Bounds) -> str:
    """Why nothing can be said, whatever the clicks are; empty where something can."""
    if policy is None:
        return "everything is shown: there is no threshold to speak of"
    if policy.direction != "accept-high" or policy.thresholds.by is not None or policy.offsets is not None:
        return "the policy's thresholds depend on segments, difficulty or direction: label pairs and tune it again"
    if policy.thresholds.default is None or not math.isfinite(policy.thresholds.default):
        return "the policy has no finite threshold that could be moved"
    if (kind := policy.target.get("target")) not in AIMS:
        return f"the policy's target ({kind or 'none'}) asks nothing that clicks could tell"
    if seen.sessions < bounds.sessions:
        return f"{seen.sessions} sessions so far: {bounds.sessions - seen.sessions} more are needed"
    if not 0 < seen.clicked.sum() < len(seen):
        return "everything or nothing that was shown was clicked: there is nothing to learn from"
    return ""


def _held(told: Advice, pool: _Pool, target: Mapping[str, Any], bounds: Bounds, look: int) -> Advice:
    """The advice with where the target wants the threshold, held against where it is."""
    assert told.now is not None and told.calibration is not None
    wanted = pool.wanted(told.calibration, target)
    middle, below, above = np.quantile(wanted, (0.5, ONE_SIGMA, 1 - ONE_SIGMA)).tolist()
    z = NormalDist().inv_cdf(1 - bounds.spent(look) / 2)
    low, high = middle - z * (middle - below), middle + z * (above - middle)
    careful = float(np.quantile(wanted, SURE)) if target["target"] in PROMISES else middle
    told = replace(told, wanted=careful, low=low, high=high, precision=pool.precision(told.calibration, told.now))
    if low <= told.now <= high:
        return replace(told, reason="the threshold is where the clicks would put it")
    # What was never shown was never clicked: a curve says nothing there.
    new = bounds.kept(told.now, max(careful, min(told.now, pool.seen)))
    looser = told.now > high
    if not pool.differs(told.now, new) or (new < told.now) != looser:
        return replace(told, reason=_stuck(looser, pool.seen, told.now))
    if pool.shown(careful) < TOLD * pool.shown(middle):
        which = "strict" if looser else "loose"
        why = f"the threshold is too {which}, but the clicks so far leave open by how much: more sessions will tell"
        return replace(told, reason=why)
    what = "too strict: more could be shown" if looser else "too loose: too little of what is shown is relevant"
    reason = f"the threshold {told.now:.4g} is {what}"
    return replace(told, threshold=new, proposed=pool.precision(told.calibration, new), reason=reason)


def _stuck(looser: bool, seen: float, now: float) -> str:
    if looser and seen >= now:
        return "a looser threshold may do, but nothing below the present one was shown: explore (rate above 0) to learn"
    return "the threshold is at its floor or ceiling, or the move would change nothing that is shown"


@dataclass(frozen=True, slots=True)
class _Pool:
    """All candidates of the sessions, in bins of like scores, best first.

    Attributes:
        thresholds: the least score of each bin.
        middles: the mean score of each bin.
        counts: candidates of each bin.
        seen: the least threshold below which enough was shown.
    """

    thresholds: Floats
    middles: Floats
    counts: Floats
    seen: float

    @classmethod
    def of(cls, seen: Impressions, max_k: int | None) -> _Pool:
        """The candidates that a list of at most ``max_k`` could show."""
        scores = seen.pool_scores if max_k is None else seen.pool_scores[seen.pool_places <= max_k]
        scores = np.sort(scores)[::-1]
        edges = np.unique(np.linspace(0, scores.size, min(BINS, scores.size) + 1).astype(np.int64))
        sums = np.add.reduceat(scores, edges[:-1])
        counts = np.diff(edges).astype(np.float64)
        shown = np.sort(seen.scores)
        return cls(scores[edges[1:] - 1], sums / counts, counts, float(shown[min(SEEN, shown.size - 1)]))

    def wanted(self, curve: ClickCalibration, target: Mapping[str, Any], seed: int = 0) -> Floats:
        """The threshold that the target asks for, under each of many curves that the clicks allow; (DRAWS,)."""
        draws = np.random.default_rng(seed).multivariate_normal(
            (curve.slope, curve.intercept), np.asarray(curve.covariance), DRAWS, method="cholesky"
        )
        slopes = np.maximum(draws[:, :1], 0.0)
        chances = sigmoid(slopes * self.middles + draws[:, 1:]) * self.counts
        places = AIMS[str(target["target"])](self.counts, chances, target)
        strictest = self.thresholds[0] + 1.0  # above all scores: nothing is shown
        return np.where(places < 0, strictest, self.thresholds[np.maximum(places, 0)])

    def precision(self, curve: ClickCalibration, threshold: float) -> Estimate | None:
        """Mean chance of what a threshold shows, with an interval by the delta method; None where it shows nothing."""
        above = self.middles >= threshold
        if not above.any():
            return None
        scores, weights = self.middles[above], self.counts[above] / self.counts[above].sum()
        chances = curve.probability(scores)
        slopes = chances * (1 - chances) * weights
        gradient = np.array([slopes @ scores, slopes.sum()])
        spread = 1.96 * math.sqrt(max(0.0, float(gradient @ np.asarray(curve.covariance) @ gradient)))
        value = float(chances @ weights)
        return Estimate(value, max(0.0, value - spread), min(1.0, value + spread))

    def differs(self, one: float, other: float) -> bool:
        """Whether two thresholds show other documents, by more than one in a hundred of those that either shows."""
        shown = self.shown(one), self.shown(other)
        return abs(shown[0] - shown[1]) > 0.01 * max(shown)

    def shown(self, threshold: float) -> float:
        """How many candidates a threshold shows."""
        return float(self.counts[self.middles >= threshold].sum())


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
