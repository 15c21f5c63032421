"""What another policy would have been worth, from the log of the one that was running."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.observe.clicks.clustered import Estimate, column, ratio_of_sums

ENOUGH = 100.0  # effective rows below which an estimate hangs on a few of them
OFF = 3.0  # standard errors by which the mean weight may miss 1


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """The value of a policy that was not running, and how far its estimate can be trusted.

    Attributes:
        value: mean reward under the policy.
        error: standard error, over sessions.
        low, high: interval of the wanted confidence.
        effective: effective sample size, ``(sum w)^2 / sum w^2``.
        clipped: share of the weights that were cut down.
        heaviest: largest weight, before clipping.
        mean_weight: 1 in expectation where the running policy could choose whatever the other would.
        rows, sessions: what it rests on.
        warning: why not to trust it; empty where nothing speaks against it.
    """

    value: float
    error: float
    low: float
    high: float
    effective: float
    clipped: float
    heaviest: float
    mean_weight: float
    rows: int
    sessions: int
    warning: str = ""

    @property
    def estimate(self) -> Estimate:
        """The value alone, which can be compared with others."""
        return Estimate(self.value, self.error, self.low, self.high, self.rows, self.sessions, self.warning)

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return asdict(self)


def importance(wanted: ArrayLike, logged: ArrayLike) -> Floats:
    """The weights ``wanted / logged``: how much likelier each choice is under the policy that is asked about.

    Args:
        wanted: chance of the logged choice under that policy, in [0, 1].
        logged: its chance under the policy that made it, in (0, 1].

    Raises:
        InputError: a chance out of range: what was chosen had a chance above 0.

    >>> importance([0.5, 0.0], [0.25, 0.5]).tolist()
    [2.0, 0.0]
    """
    new, old = column(wanted, "wanted chances"), column(logged, "logged chances")
    if new.size != old.size or not ((new >= 0) & (new <= 1) & (old > 0) & (old <= 1)).all():
        raise InputError(
            f"expected chances in [0, 1], and above 0 for what was chosen, got {new.size} and {old.size} of them "
            f"with {int((old <= 0).sum())} choices that could not have been made"
        )
    return np.asarray(new / old, dtype=np.float64)


def ips(
    rewards: ArrayLike,
    weights: ArrayLike,
    sessions: Groups | None = None,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> OffPolicy:
    """``mean(weight * reward)``: unbiased without clipping, and of high variance.

    Source: Horvitz, Thompson (JASA 1952); clipped, a value that is too low where rewards are at least 0 (Bottou et al.,
    JMLR 2013, section 4).

    Args:
        rewards: such as clicks, one a row, shape ``(n,)``.
        weights: at least 0, as ``importance`` gives them; all 1 for the value of the policy that was running.
        sessions: the session of each row; without it rows count as independent.
        clip: what no weight may exceed.
        confidence: wanted coverage of the interval, of the normal kind over sessions.

    Raises:
        InputError: columns of unlike lengths, a weight below 0, a clip not above 0, fewer than two sessions.

    >>> round(ips([1, 0, 1, 0], [2.0, 0.5, 0.5, 1.0]).value, 3)
    0.625
    """
    kept = _clipped(weights, clip)
    rewarded = kept * _rewards(rewards, kept.size)
    found = ratio_of_sums(rewarded, np.ones(kept.size), sessions, confidence=confidence)
    return _judged(found, weights, clip, sessions)


def snips(
    rewards: ArrayLike,
    weights: ArrayLike,
    sessions: Groups | None = None,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> OffPolicy:
    """``sum(weight * reward) / sum(weight)``: within the rewards' range, a little biased, steadier than ``ips``.

    Source: Swaminathan, Joachims (NIPS 2015); the interval by the delta method. Args and errors are those of ``ips``;
    also refused is a log whose weights are all 0.

    >>> round(snips([1, 0, 1, 0], [2.0, 0.5, 0.5, 1.0]).value, 3)
    0.625
    """
    kept = _clipped(weights, clip)
    rewarded = kept * _rewards(rewards, kept.size)
    found = ratio_of_sums(rewarded, kept, sessions, confidence=confidence)
    return _judged(found, weights, clip, sessions)


def doubly_robust(
    rewards: ArrayLike,
    weights: ArrayLike,
    predicted: tuple[ArrayLike, ArrayLike],
    sessions: Groups | None = None,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> OffPolicy:
    """``mean(expected + weight * (reward - predicted))``: unbiased where the weights or the predictions are right.

    Source: Dudik, Langford, Li (ICML 2011). The predictions must not have been fitted on these rows.

    Args:
        predicted: the reward expected of each logged choice, and of what the other policy would choose in its place
            (the mean over its choices); shape ``(n,)`` each. Other arguments are those of ``ips``.

    >>> round(doubly_robust([1, 0, 1, 0], [2.0, 0.5, 0.5, 1.0], ([0.5] * 4, [0.6] * 4)).value, 3)
    0.725
    """
    kept = _clipped(weights, clip)
    logged, expected = (_rewards(one, kept.size) for one in predicted)
    corrected = expected + kept * (_rewards(rewards, kept.size) - logged)
    found = ratio_of_sums(corrected, np.ones(kept.size), sessions, confidence=confidence)
    return _judged(found, weights, clip, sessions)


def _rewards(values: ArrayLike, size: int) -> Floats:
    found = column(values, "rewards")
    if found.size != size:
        raise InputError(f"expected a reward for each of {size} weights, got {found.size}")
    return found


def _clipped(weights: ArrayLike, clip: float | None) -> Floats:
    found = column(weights, "weights")
    if not (found >= 0).all() or (clip is not None and not clip > 0):
        raise InputError(f"expected weights of at least 0 and a clip above 0, got {found.min():g} and {clip}")
    return found if clip is None else np.minimum(found, clip)


def _judged(found: Estimate, weights: ArrayLike, clip: float | None, sessions: Groups | None) -> OffPolicy:
    raw, kept = column(weights, "weights"), _clipped(weights, clip)
    effective = float(kept.sum() ** 2 / max(float((kept**2).sum()), 1e-300))
    mean = ratio_of_sums(raw, np.ones(raw.size), sessions)
    said = [found.warning] if found.warning else []
    if effective < ENOUGH:
        said.append(
            f"the estimate hangs on the weight of {effective:.0f} rows: the two policies choose too differently"
        )
    if abs(mean.value - 1) > OFF * mean.error + 1e-9:
        said.append(
            f"the mean weight is {mean.value:.2f} and not 1: the running policy never chose some of what the other "
            "would, or the chances are wrong"
        )
    return OffPolicy(
        *(found.value, found.error, found.low, found.high, effective),
        *(float((raw > kept).mean()), float(raw.max()), mean.value, found.rows, found.sessions),
        "; ".join(said),
    )
