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


REASONS: Mapping[str, str] = {
    "everything": "everything is shown: there is no threshold to speak of",
    "depends": "the policy's thresholds depend on segments, difficulty or direction: label pairs and tune it again",
    "unbounded": "the policy has no finite threshold that could be moved",
    "target": "the policy's target asks nothing that clicks could tell",
    "few": "{sessions} sessions so far: {more} more are needed",
    "alike": "everything or nothing that was shown was clicked: there is nothing to learn from",
    "flat": "higher scores are not clicked more often: what is shown is all alike, or the scores have lost their sense",
    "right": "the threshold is where the clicks would put it",
    "unshown": "a looser threshold may do, but nothing below the present one was shown: explore to learn",
    "bound": "the threshold is at its floor or ceiling, or the move would change nothing that is shown",
    "perhaps_strict": "the threshold is too strict, but clicks leave open by how much: more sessions will tell",
    "perhaps_loose": "the threshold is too loose, but clicks leave open by how much: more sessions will tell",
    "strict": "the threshold {now:.4g} is too strict: more could be shown",
    "loose": "the threshold {now:.4g} is too loose: too little of what is shown is relevant",
}


class Estimate(NamedTuple):
    """A number in [0, 1] with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What the clicks of some sessions say of a policy's threshold.

    Attributes:
        code: which of ``REASONS`` it is, for those who say it in other words.
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

    code: str
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
        plain = {name: _finite(getattr(self, name)) for name in self.__slots__[:10]}
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
    told = Advice("", "", sessions=seen.sessions, shown=len(seen), clicks=int(seen.clicked.sum()))
    if code := _silent(policy, seen, bounds):
        return _because(told, code, bounds)
    assert policy is not None and policy.thresholds.default is not None
    # What exploration showed stands for all that it could have shown.
    found = fit_clicks(seen.scores, seen.positions, seen.clicked, seen.session, model, propensities=seen.propensities)
    now = policy.thresholds.default
    told = replace(told, now=now, calibration=found)
    if not found.slope > 2 * math.sqrt(found.covariance[0][0]):
        return _because(told, "flat", bounds)
    pool = _Pool.of(seen, policy.max_k)
    level, promise = bounds.spent(look), policy.target["target"] in PROMISES
    wanted = _Wanted.of(pool.wanted(found, policy.target), level, SURE if promise else 0.5)
    told = replace(told, wanted=wanted.careful, low=wanted.low, high=wanted.high, precision=pool.precision(found, now))
    code, new = _move(now, wanted, pool, bounds)
    if code not in ("strict", "loose"):
        return _because(told, code, bounds)
    return _because(replace(told, threshold=new, proposed=pool.precision(found, new)), code, bounds)


def _because(told: Advice, code: str, bounds: Bounds) -> Advice:
    """The advice with its reason."""
    known = {"now": told.now, "sessions": told.sessions, "more": bounds.sessions - told.sessions}
    return replace(told, code=code, reason=REASONS[code].format(**known))


def _silent(policy: Policy | None, seen: Impressions, bounds: Bounds) -> str:
    """Which reason it is that nothing can be said, whatever the clicks are; empty where something can."""
    if policy is None:
        return "everything"
    if policy.direction != "accept-high" or policy.thresholds.by is not None or policy.offsets is not None:
        return "depends"
    if policy.thresholds.default is None or not math.isfinite(policy.thresholds.default):
        return "unbounded"
    if policy.target.get("target") not in AIMS:
        return "target"
    if seen.sessions < bounds.sessions:
        return "few"
    return "" if 0 < seen.clicked.sum() < len(seen) else "alike"


def _move(now: float, wanted: _Wanted, pool: _Pool, bounds: Bounds) -> tuple[str, float]:
    """Which reason holds of a threshold, and where it should be."""
    if wanted.low <= now <= wanted.high:
        return "right", now
    # What was never shown was never clicked: a curve says nothing there.
    new = bounds.kept(now, max(wanted.careful, min(now, pool.seen)))
    which = "strict" if now > wanted.high else "loose"
    if not pool.differs(now, new) or (new < now) != (which == "strict"):
        return ("unshown" if which == "strict" and pool.seen >= now else "bound"), now
    if pool.shown(wanted.careful) < TOLD * pool.shown(wanted.middle):
        return f"perhaps_{which}", now
    return which, new


class _Wanted(NamedTuple):
    """Where a target wants the threshold: the middle of what clicks leave open, its ends, and where one is sure."""

    middle: float
    low: float
    high: float
    careful: float

    @classmethod
    def of(cls, drawn: Floats, level: float, sure: float) -> _Wanted:
        """From thresholds that were drawn, with the interval of a level; ends by the spread of either side."""
        middle, below, above, careful = np.quantile(drawn, (0.5, ONE_SIGMA, 1 - ONE_SIGMA, sure)).tolist()
        z = NormalDist().inv_cdf(1 - level / 2)
        return cls(middle, middle - z * (middle - below), middle + z * (above - middle), careful)


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
