"""What labels so far let expect of a promised precision, and how many more it would take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.platt import Platt
from tamis.core import Floats
from tamis.decide.certificates.walk import pairs_needed
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
    # For a number of errors allowed, the fewest pairs that allow it have the most power: no other count can be first.
    errors = 0
    while True:
        count = pairs_needed(least, error, errors)
        if binomial_tail(count - errors, count, true) >= power:
            return count
        errors += 1
