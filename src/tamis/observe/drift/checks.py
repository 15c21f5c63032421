"""What a look holds against the baseline: the checks, a row each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tamis.core import Floats
from tamis.evaluate.distributions import student_below
from tamis.observe.drift.ks import ks
from tamis.observe.drift.options import LookOptions
from tamis.observe.drift.sample import Sample

FEW = 20  # numbers below which a check says nothing

Promised: TypeAlias = float | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        statistic: on the check's own scale.
        p: how often chance alone gives as much.
        effect: size of the change.
        words: what changed, from what to what.
    """

    statistic: float
    p: float
    effect: float
    words: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is held against the baseline.

    Attributes:
        name: what tables call it.
        run: compares two samples; None where there is too little to compare.
        least: the effect below which nothing is alarmed.
    """

    name: str
    run: Callable[[Sample, Sample, LookOptions, Promised], Checked | None]
    least: Callable[[LookOptions], float]


def _best(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    """Best score of each decision: one number a query, so queries need no grouping."""
    before, after = (one.best[~np.isnan(one.best)] for one in (then, now))
    return _distance(before, after, "the median best score went from {:.3g} to {:.3g}", _median)


def _scores(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    """All candidates' scores, whole queries permuted."""
    if min(np.unique(then.groups).size, np.unique(now.groups).size) < FEW:
        return None
    groups = (then.groups, now.groups)
    found = ks(then.scores, now.scores, groups=groups, rounds=options.rounds, seed=options.seed)
    middle = f"the median score of candidates went from {np.median(then.scores):.3g} to {np.median(now.scores):.3g}"
    return Checked(found.statistic, found.p_value, found.effect, middle)


def _answerless(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    """Share of decisions that show nothing; of zeros and ones, the distance D is the difference of shares."""
    before, after = ((one.shown == 0).astype(np.float64) for one in (then, now))
    return _distance(before, after, "the share of queries without an answer went from {:.1%} to {:.1%}", _mean)


def _shown(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    return _distance(then.shown, now.shown, "shown for a query went from {:.2f} to {:.2f} on average", _mean)


def _ties(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    before, after = (one.ties[one.candidates > 1] / one.candidates[one.candidates > 1] for one in (then, now))
    return _distance(before, after, "the share of candidates with tied scores went from {:.1%} to {:.1%}", _mean)


def _precision(then: Sample, now: Sample, options: LookOptions, promised: Promised) -> Checked | None:
    """Whether the mean probability of what is shown fell below the promise, or below what it was; one-sided."""
    after = _mean_probability(now)
    before = (promised, 0.0, FEW) if promised is not None else _mean_probability(then)
    if after is None or before is None:
        return None
    fall = before[0] - after[0]
    statistic = fall / max(math.hypot(before[1], after[1]), 1e-12)  # all alike has no error at all
    p = student_below(-statistic, after[2] - 1)
    what = "promised" if promised is not None else "expected before"
    words = f"the calibration expects {after[0]:.1%} of what is shown to be relevant, {before[0]:.1%} were {what}"
    return Checked(statistic, p, max(0.0, fall), words)


CHECKS: tuple[Check, ...] = (
    Check("best score", _best, lambda options: options.distance),
    Check("scores", _scores, lambda options: options.distance),
    Check("answerless", _answerless, lambda options: options.share),
    Check("shown", _shown, lambda options: options.distance),
    Check("ties", _ties, lambda options: options.distance),
    Check("precision", _precision, lambda options: options.fall),
)


def _distance(before: Floats, after: Floats, words: str, middle: Callable[[Floats], float]) -> Checked | None:
    if min(before.size, after.size) < FEW:
        return None
    found = ks(before, after)
    return Checked(found.statistic, found.p_value, found.effect, words.format(middle(before), middle(after)))


def _median(values: Floats) -> float:
    return float(np.median(values))


def _mean(values: Floats) -> float:
    return float(values.mean())


def _mean_probability(sample: Sample) -> tuple[float, float, int] | None:
    """Mean probability of what is shown, its standard error over queries, and how many queries show any.

    Cochran, Sampling Techniques, 3rd ed. (1977), 6.3: a ratio of totals, linearised.
    """
    top, bottom = sample.sums[sample.known > 0], sample.known[sample.known > 0]
    if bottom.size < FEW:
        return None
    value = float(top.sum() / bottom.sum())
    spread = float(((top - value * bottom) ** 2).sum()) * bottom.size / (bottom.size - 1)
    return value, math.sqrt(spread) / float(bottom.sum()), int(bottom.size)
