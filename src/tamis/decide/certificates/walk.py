"""Tests of a precision at one threshold after another, from strict to loose, without paying for how many there are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.core import Floats
from tamis.decide.certificates.betting import betting_p
from tamis.evaluate.distributions import binomial_tail, student_below

STARTS = (1.0, 2.5)  # where walks begin, in first possible counts; each has an equal part of the error
# With many pairs walks also begin further down: what has the highest scores of all is often odd (copies of the query,
# wrong labels), and a walk that begins there ends there.
DEEP_STARTS = (0.1, 0.4)  # of all pairs
DEEP_FROM = 100  # times the first possible count: from so many pairs on
DEEP_PART = 0.2  # of the error
STEP = 1.15  # a walk's next count of accepted pairs
MOST_GROWTH = 100.0
ROOM = 1 / 8  # of the error: bets must leave room for a few wrong pairs, or the first of them ends the walk


def pairs_needed(least: float, error: float, errors: int = 0) -> int:
    """Fewest accepted pairs that can show a precision of ``least``, ``errors`` of them wrong.

    >>> [pairs_needed(0.9, 0.05, wrong) for wrong in (0, 1, 2, 5)]
    [29, 46, 61, 103]
    """
    low = high = max(1, math.ceil(math.log(error) / math.log(least)) + errors)
    while binomial_tail(high - errors, high, least) > error:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if binomial_tail(middle - errors, middle, least) > error else (low, middle)
    return low


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold of a walk: how many pairs it accepts, how many of them are relevant, and whether it passed."""

    accepted: int
    hits: int
    passed: bool


class Descent:
    """Pairs in falling order of score, and the tests of the precision among the first k of them.

    H_k is "the precision above the (k+1)-th score is below ``least``". Pair by pair its p-value is
    P(Bin(k, least) >= relevant pairs among the k): given the (k+1)-th score, the pairs above it are drawn alike. For
    independent pairs whose chance of relevance does not rise as the score falls, a walk from strict to loose that stops
    at the first test that fails issues a false threshold with a probability of at most its error: the first false H_k
    is decided by how many scores N lie above the point where the true precision crosses ``least``, and given N the
    relevant among the k are at most Bin(k, least). Where relevance does rise somewhere, each single test still holds,
    and which of them is the first false one hangs on the scores alone.

    Where pairs belong to queries, a second test must pass too: a one-sided t-test over queries of the summed excess of
    errors, sum over accepted pairs of (1 - label) - (1 - least), with one query added whose accepted list is all wrong
    (as the +1 of conformal prediction: what has not been seen yet may come).
    """

    def __init__(self, data: Labelled, least: float, *, by_query: bool, strict: bool = False) -> None:
        """Sort the pairs; ``by_query`` asks for the second test, ``strict`` for betting in the place of both."""
        order = np.argsort(-data.scores, kind="stable")
        self.least, self.by_query, self.strict = least, by_query, strict
        self.scores = data.scores[order]
        self.labels = data.labels[order]
        self.groups = np.unique(data.groups, return_inverse=True)[1][order]
        self.queries = int(self.groups.max()) + 1
        self.hits = np.cumsum(self.labels)
        # A tie is taken or refused as one: the place of the last pair with the same score.
        ends = np.flatnonzero(np.diff(self.scores, append=np.nan))
        self.ends = ends[np.searchsorted(ends, np.arange(len(order)))] + 1
        # Beyond a change of the chance with which pairs were drawn, counts no longer speak for precision.
        other = np.flatnonzero(data.weights[order] != data.weights[order[0]])
        self.limit = int(other[0]) if other.size and not strict else len(order)
        self.weights = data.weights[order]
        self.most = float(np.bincount(self.groups, weights=self.weights).max()) * least

    def at(self, least: float) -> Descent:
        """The same pairs, tested for another precision."""
        other = copy(self)
        other.most *= least / self.least
        other.least = least
        return other

    def walks(self, error: float) -> list[Step]:
        """The steps of all walks, each with its part of the error; they begin where none could pass before."""
        deep = self.limit >= DEEP_FROM * pairs_needed(self.least, error / len(STARTS))
        near, far = (1 - DEEP_PART, DEEP_PART) if deep else (1.0, 0.0)
        part = near * error / len(STARTS)
        first = self.first(part)
        starts = [(math.ceil(first * start), part) for start in STARTS]
        if deep:
            starts += [(math.ceil(start * self.limit), far * error / len(DEEP_STARTS)) for start in DEEP_STARTS]
        return [step for start, share in starts for step in self._walk(start, share)]

    def first(self, error: float) -> int:
        """Fewest accepted pairs that would pass if all were relevant; the labels have no say in it."""
        count = pairs_needed(self.least, error)
        level = error * ROOM if self.strict else error
        while count < self.limit and self.p_value(int(self.ends[count - 1]), perfect=True) > level:
            count = math.ceil(count * STEP)
        return count

    def _walk(self, start: int, error: float) -> Iterator[Step]:
        """Steps from ``start`` accepted pairs on, each 1.15 times the last; ends after the first that fails."""
        count = start
        while count < self.limit and (accepted := int(self.ends[count - 1])) < self.limit:
            passed = self.p_value(accepted) <= error
            yield Step(accepted, int(self.hits[accepted - 1]), passed)
            if not passed:
                return
            count = math.ceil(accepted * STEP)

    def p_value(self, accepted: int, *, perfect: bool = False, times: float = 1.0) -> float:
        """That of H_k: the largest of the tests that must pass.

        Args:
            accepted: k.
            perfect: as if all k were relevant.
            times: as if there were so many times as many queries like these.
        """
        labels = np.ones(accepted) if perfect else self.labels[:accepted]
        groups = self.groups[:accepted]
        if self.strict:
            excess = group_sums((self.least - labels) * self.weights[:accepted], groups, self.queries)
            return betting_p(excess, self.most, times=times)
        pairs = binomial_tail(times * float(labels.sum()), times * accepted, self.least)
        if not self.by_query:
            return pairs
        listed = group_sums(np.ones(accepted), groups, self.queries)
        return max(
            pairs, _query_p(self.least * listed - group_sums(labels, groups, self.queries), listed, self.least, times)
        )

    def growth(self, accepted: int, error: float) -> float:
        """How many times as many queries like these the tests take; infinity where a hundred times are too few."""
        times = 1.0
        while self.p_value(accepted, times=times) > error:
            times *= STEP
            if times > MOST_GROWTH:
                return math.inf
        return times

    def threshold(self, accepted: int) -> float:
        """The least number above the (k+1)-th score: from it on, exactly the first k are accepted."""
        return float(np.nextafter(self.scores[accepted], math.inf))


def _query_p(excess: Floats, listed: Floats, least: float, times: float) -> float:
    """P-value of the t-test over queries, one of them added whose accepted list, of mean length, is all wrong."""
    unseen = least * float(listed.sum()) / max(int((listed > 0).sum()), 1)
    count = times * excess.size + 1
    mean = (times * float(excess.sum()) + unseen) / count
    spread = (times * float(excess @ excess) + unseen**2 - count * mean**2) / (count - 1)
    return student_below(mean / math.sqrt(spread / count), count - 1) if spread > 0 else 1.0
