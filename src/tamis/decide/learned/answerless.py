"""What a threshold does to queries without an answer, and to those with one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.decide.learned.answerable import by_query
from tamis.errors import InputError
from tamis.evaluate import Ratio
from tamis.evaluate.distributions import binomial_high, binomial_low


@dataclass(frozen=True, slots=True)
class AnswerlessRate:
    """What a threshold does to queries without a relevant candidate, and to those with one.

    Attributes:
        threshold: a pair is accepted from this score on.
        answerless: queries without a relevant candidate.
        accepted: how many of them have an accepted document all the same.
        share: accepted of answerless, with its Clopper-Pearson interval; NaN without such queries.
        answerable: queries with a relevant candidate.
        empty: how many of them get nothing.
        empty_share: empty of answerable, likewise.
    """

    threshold: float
    answerless: int
    accepted: int
    share: Ratio
    answerable: int
    empty: int
    empty_share: Ratio


def answerless_rate(data: Labelled, threshold: float, *, confidence: float = 0.95) -> AnswerlessRate:
    """How many queries without an answer are given one, and how many with one are given none.

    Args:
        data: labelled pairs with their queries, all candidates of each.
        threshold: a pair is accepted where its score is at least this; infinity accepts none.
        confidence: of the intervals, in (0, 1).

    Raises:
        InputError: pairs without queries, a threshold that is no number, or a confidence outside (0, 1).

    >>> data = Labelled.of([2.0, 0.0, 1.0, 0.5], [1, 0, 0, 0], ["a", "a", "b", "c"])
    >>> found = answerless_rate(data, 0.7)
    >>> found.accepted, found.answerless, found.share.value, found.empty_share.value
    (1, 2, 0.5, 0.0)
    """
    if math.isnan(threshold):
        raise InputError("threshold must be a number, got nan")
    codes = by_query(data)
    relevant = group_sums(data.labels, codes) > 0
    shown = group_sums((data.scores >= threshold).astype(np.float64), codes) > 0
    accepted, answerless = int((shown & ~relevant).sum()), int((~relevant).sum())
    empty, answerable = int((~shown & relevant).sum()), int(relevant.sum())
    return AnswerlessRate(
        threshold=float(threshold),
        answerless=answerless,
        accepted=accepted,
        share=_exact(accepted, answerless, confidence),
        answerable=answerable,
        empty=empty,
        empty_share=_exact(empty, answerable, confidence),
    )


def _exact(count: int, trials: int, confidence: float) -> Ratio:
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    if not trials:
        return Ratio(math.nan, 0.0, 1.0, 0, math.nan)
    level = (1 - confidence) / 2
    low, high = binomial_low(count, trials, level), binomial_high(count, trials, level)
    return Ratio(count / trials, low, high, trials, 1.0)
