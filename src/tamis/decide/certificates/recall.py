"""Promised recalls: how much of what is relevant is shown, and how much of a query's is missed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.core import Floats
from tamis.decide.certificates.result import Certificate, Issued, Refused, Terms
from tamis.decide.certificates.terms import agreed, checked_share
from tamis.decide.choices.sweep import sweep
from tamis.errors import InputError
from tamis.evaluate.distributions import binomial_tail, student_quantile


@dataclass(frozen=True, slots=True)
class RecallAtLeast:
    """Of all relevant pairs at least this share is accepted.

    The threshold is an order statistic of the relevant scores: with m of n relevant pairs below it, the promise fails
    with a probability of P(Bin(n, 1 - least) <= m) (Wilks 1941). Where pairs belong to queries, a t-test over queries
    must agree, with one query added all of whose relevant documents are missed.

    >>> RecallAtLeast(0.9).promise
    'at least 90 % of the relevant candidates are accepted, with 95 % confidence'
    """

    least: float
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check the numbers."""
        checked_share(self.least, "a recall")
        checked_share(self.confidence, "a confidence")

    @property
    def promise(self) -> str:
        """The promise in words."""
        share, surety = f"{100 * self.least:.4g} %", f"{100 * self.confidence:.4g} %"
        return f"at least {share} of the relevant candidates are accepted, with {surety} confidence"

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "recall", "least": self.least, "confidence": self.confidence}

    def choose(self, data: Labelled) -> float:
        """The strictest threshold with this recall among the labelled pairs."""
        found = sweep(data.with_both("a recall"))
        return float(found.thresholds[int(np.flatnonzero(found.recall >= self.least)[0])])

    def certificate(self, data: Labelled, terms: Terms) -> Certificate:
        """The strictest threshold that keeps the promise, or a refusal."""
        fewest = math.ceil(math.log(1 - self.confidence) / math.log(self.least))
        agreement = agreed(data, terms, self.promise, fewest)
        if isinstance(agreement, Refused):
            return agreement
        shown, by_query, assumptions = agreement
        relevant = Relevant.of(data, terms.max_k)
        allowed = self._allowed(relevant, fewest)
        if by_query:
            allowed = min(allowed, self._allowed_by_query(relevant))
        if allowed < relevant.beyond:
            more = fewest if len(relevant.scores) < fewest else 2 * len(relevant.scores)
            reason = (
                f"{len(relevant.scores)} relevant labelled pairs in {relevant.queries} queries: the promise takes at "
                f"least {fewest}{', from more queries' if by_query else ''}{relevant.too_short(allowed)}"
            )
            return Refused(reason, more, len(relevant.scores), shown.queries, self.promise)
        return _issued(self, self.least, shown, relevant, allowed, assumptions)

    def _allowed(self, relevant: Relevant, fewest: int) -> int:
        """The most relevant pairs below the threshold; -1 where not even none is few enough."""
        count, error = len(relevant.scores), 1 - self.confidence
        if count < fewest:
            return -1
        low, high = 0, count
        while high - low > 1:
            middle = (low + high) // 2
            if 1 - binomial_tail(middle + 1, count, 1 - self.least) <= error:
                low = middle
            else:
                high = middle
        return low

    def _allowed_by_query(self, relevant: Relevant) -> int:
        """As many as a t-test over queries of (misses - allowed misses) lets pass, one after the other."""
        rate = 1 - self.least
        owed = group_sums(np.ones(len(relevant.scores)), relevant.groups, relevant.queries)
        # Summed excess and its square after each further miss: a miss adds 1 to its query's excess.
        before = relevant.earlier - rate * owed[relevant.groups]
        squares = float((rate * owed) @ (rate * owed)) + np.concatenate([[0.0], np.cumsum(2 * before + 1)])
        totals = np.arange(len(relevant.scores) + 1) - rate * len(relevant.scores)
        unseen = self.least * len(relevant.scores) / relevant.queries
        count = relevant.queries + 1
        mean = (totals + unseen) / count
        spread = np.maximum((squares + unseen**2 - count * mean**2) / (count - 1), 1e-300)
        failed = mean / np.sqrt(spread / count) > student_quantile(1 - self.confidence, count - 1)
        return int(np.flatnonzero(failed)[0]) - 1 if failed.any() else len(relevant.scores)


@dataclass(frozen=True, slots=True)
class MissRateAtMost:
    """Of a query's relevant candidates at most this share is missed, on average over queries that have any.

    Without a confidence the promise is one of conformal risk control: the mean over label samples is at most that
    (Angelopoulos, Bates, Fisch, Lei, Schuster 2024, equation 4), about half of single samples may lie above. With a
    confidence, it holds for that share of samples (Hoeffding-Bentkus p-value, Bates et al., JACM 2021; misses only grow
    with the threshold, so no correction for trying many).

    >>> MissRateAtMost(0.1).promise
    'on average at most 10 % of what is relevant to a query is missed'
    """

    most: float
    confidence: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        checked_share(self.most, "a miss rate")
        if self.confidence is not None:
            checked_share(self.confidence, "a confidence")

    @property
    def promise(self) -> str:
        """The promise in words."""
        surety = "" if self.confidence is None else f", with {100 * self.confidence:.4g} % confidence"
        return f"on average at most {100 * self.most:.4g} % of what is relevant to a query is missed{surety}"

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "miss rate", "most": self.most, "confidence": self.confidence}

    def choose(self, data: Labelled) -> float:
        """The strictest threshold with this miss rate among the labelled queries."""
        relevant = Relevant.of(data.with_both("a miss rate"))
        return relevant.threshold(int(np.flatnonzero(relevant.miss_rates <= self.most)[-1]))

    def certificate(self, data: Labelled, terms: Terms) -> Certificate:
        """The strictest threshold that keeps the promise, or a refusal; a query is one observation."""
        fewest = self._fewest()
        loose = Terms(terms.max_k, terms.i_accept_iid, terms.strict, minimum=1)
        agreement = agreed(data, loose, self.promise, fewest)
        if isinstance(agreement, Refused):
            return agreement
        shown, _, assumptions = agreement
        relevant = Relevant.of(data, terms.max_k)
        good = self._kept(relevant.miss_rates, relevant.queries)
        if not good[relevant.beyond]:
            reason = (
                f"{relevant.queries} labelled queries have a relevant candidate: the promise takes at least {fewest}"
                f"{relevant.too_short(int(good.sum()) - 1)}"
            )
            return Refused(reason, fewest, relevant.queries, shown.queries, self.promise)
        allowed = (int(np.flatnonzero(~good)[0]) if not good.all() else len(good)) - 1
        return _issued(self, self.most, shown, relevant, allowed, assumptions)

    def _fewest(self) -> int:
        """Queries that it takes where nothing is missed."""
        if self.confidence is None:
            return math.ceil(1 / self.most - 1e-9) - 1
        return math.ceil(math.log(1 - self.confidence) / math.log1p(-self.most))

    def _kept(self, rates: Floats, queries: int) -> NDArray[np.bool_]:
        """Whether the promise is kept at each miss rate."""
        if self.confidence is None:
            return np.asarray((queries * rates + 1) / (queries + 1) <= self.most)
        error, most = 1 - self.confidence, self.most
        low, high = -1, len(rates)  # rates rise: the last that is kept is found by halving
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if hoeffding_bentkus(rates[middle], queries, most) <= error else (low, middle)
        return np.arange(len(rates)) <= low


def hoeffding_bentkus(rate: float, count: int, most: float) -> float:
    """P-value of "the mean is above ``most``" for ``count`` independent values in [0, 1] of mean ``rate``.

    References:
        Bates, Angelopoulos, Lei, Malik and Jordan, "Distribution-free, risk-controlling prediction sets" (JACM 2021).

    >>> round(hoeffding_bentkus(0.05, 200, 0.1), 4)
    0.0219
    """
    if rate >= most:
        return 1.0
    inside = (rate * math.log(rate / most) if rate > 0 else 0.0) + (1 - rate) * math.log((1 - rate) / (1 - most))
    bentkus = math.e * (1 - binomial_tail(math.ceil(count * rate - 1e-9) + 1, count, most))
    return min(1.0, math.exp(-count * inside), bentkus)


@dataclass(frozen=True, slots=True)
class Relevant:
    """The relevant pairs, lowest score first.

    Attributes:
        scores: rising, shape ``(n,)``.
        groups: number of each pair's query among those that have a relevant pair.
        queries: how many those are.
        earlier: relevant pairs of the same query with a lower place.
        beyond: how many of them no list shows, whatever the threshold; their scores count as minus infinity.
    """

    scores: Floats
    groups: NDArray[np.int64]
    queries: int
    earlier: Floats
    beyond: int = 0

    @classmethod
    def of(cls, data: Labelled, max_k: int | None = None) -> Relevant:
        """The relevant pairs of labelled ones.

        Raises:
            InputError: there is none, or pairs were drawn with different chances.
        """
        if max_k is not None:
            data = replace(data, scores=np.where(data.places() < max_k, data.scores, -math.inf))
        kept = data.where(data.labels == 1)
        if not len(kept):
            raise InputError(f"none of {len(data)} labelled pairs is relevant: a recall needs relevant pairs")
        if np.unique(kept.weights).size > 1:
            raise InputError(
                "relevant pairs were drawn with different chances: a promised recall needs pairs drawn alike"
            )
        order = np.lexsort((kept.groups, kept.scores))
        groups = np.unique(kept.groups, return_inverse=True)[1][order].astype(np.int64)
        by_group = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[by_group], prepend=-1))
        sizes = np.diff(starts, append=len(groups))
        earlier = np.empty(len(groups))
        earlier[by_group] = np.arange(len(groups)) - np.repeat(starts, sizes)
        scores = kept.scores[order]
        return cls(scores, groups, int(groups.max()) + 1, earlier, int(np.isneginf(scores).sum()))

    def too_short(self, allowed: int) -> str:
        """That lists are too short for the promise, where they are; empty elsewhere."""
        if allowed >= self.beyond:
            return ""
        return f"; {self.beyond} relevant pairs lie beyond the end of the lists, where no threshold helps: show more"

    @property
    def miss_rates(self) -> Floats:
        """Mean over queries of the share missed where the first m pairs are missed, shape ``(n + 1,)``, rising."""
        owed = group_sums(np.ones(len(self.scores)), self.groups, self.queries)
        return np.concatenate([[0.0], np.cumsum(1 / owed[self.groups])]) / self.queries

    def threshold(self, missed: int) -> float:
        """The highest threshold below which at most ``missed`` pairs lie."""
        if missed >= len(self.scores):
            return math.inf
        return float(self.scores[missed])


def _issued(
    target: RecallAtLeast | MissRateAtMost,
    bound: float,
    shown: Labelled,
    relevant: Relevant,
    allowed: int,
    assumptions: tuple[str, ...],
) -> Issued:
    threshold = relevant.threshold(allowed)
    missed = int(np.searchsorted(relevant.scores, threshold))
    recall = 1 - missed / len(relevant.scores)
    return Issued(
        threshold=threshold,
        bound=bound,
        confidence=target.confidence,
        accepted=int((shown.scores >= threshold).sum()),
        queries=shown.queries,
        measured=recall if isinstance(target, RecallAtLeast) else float(relevant.miss_rates[missed]),
        promise=target.promise,
        assumptions=(*assumptions, "relevant documents that are no candidates do not count"),
    )
