"""What labels so far let expect of a promised precision, and how many more it would take."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.platt import Platt
from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.distributions import binomial_tail

POWER = 0.8  # of a test that is planned


class Outlook(NamedTuple):
    """The region of scores in which a promise may be shown: how many labelled pairs it holds, how good they are."""

    accepted: int
    precision: float


def expected(data: Labelled, least: float) -> Outlook | None:
    """The loosest region that a calibration expects to be half-way from the promise to all relevant.

    Where there is none, the loosest that it expects to keep the promise; None where even the best-scored pair is not
    expected to.
    """
    if np.unique(data.labels).size < 2:
        return Outlook(len(data), 1.0) if data.labels[0] else None
    chances = _falling_chances(data, data.scores)
    for wanted in ((1 + least) / 2, least):
        if good := int((chances >= wanted).sum()):
            return Outlook(good, float(chances[good - 1]))
    return None


def reached(data: Labelled, scores: Floats, least: float) -> int:
    """How many of the best scores a calibration on labelled pairs expects to have this precision together."""
    return int((_falling_chances(data, scores) >= least).sum())


def _falling_chances(data: Labelled, scores: Floats) -> Floats:
    """Expected precision among the k best scores, for each k."""
    chances = Platt().fit(data.scores, data.labels, data.groups, data.weights)(np.sort(scores)[::-1])
    return np.asarray(np.cumsum(chances) / np.arange(1, chances.size + 1), dtype=np.float64)


def pairs_for_power(least: float, true: float, error: float, *, power: float = POWER) -> int:
    """Accepted pairs that show a precision of ``least`` with this power where the true one is ``true``.

    Exact: the smallest number at which the binomial test has the power.

    >>> [pairs_for_power(0.9, true, 0.05) for true in (0.93, 0.95, 0.97)]
    [549, 179, 76]
    """
    if not least < true <= 1:
        raise InputError(f"expected a true precision above {least:g} and at most 1, got {true:g}")
    guess = _normal_size(least, true, error, power)
    # The power saws up and down with the count, so counts are tried one by one.
    return next(
        count for count in range(max(1, guess // 4), 100 * guess + 100) if _power(least, true, error, count) >= power
    )


def _power(least: float, true: float, error: float, count: int) -> float:
    """Chance that a binomial test of ``count`` pairs shows ``least`` where the truth is ``true``."""
    low, high = 0, count + 1  # fewest hits that pass
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if binomial_tail(middle, count, least) > error else (low, middle)
    return binomial_tail(low, count, true) if low <= count else 0.0


def _normal_size(least: float, true: float, error: float, power: float) -> int:
    """About how many pairs it takes, by the normal approximation."""
    alpha, beta = NormalDist().inv_cdf(1 - error), NormalDist().inv_cdf(power)
    spread = alpha * math.sqrt(least * (1 - least)) + beta * math.sqrt(true * (1 - true))
    return math.ceil((spread / (true - least)) ** 2)
