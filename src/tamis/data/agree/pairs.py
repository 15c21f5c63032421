"""Cohen's kappa, plain and weighted: of each two annotators, and the mean over pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.data.agree.bootstrap import Estimate
from tamis.data.agree.coefficients import NOTHING, identity
from tamis.data.agree.table import Indices, LabelTable
from tamis.evaluate.distributions import student_quantile

MOST_ANNOTATORS = 200  # of more, pairs are many and share few items: Fleiss, Krippendorff and Gwet are for them


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotators: the items that both labelled, how often they agree there, and Cohen's kappa."""

    annotators: tuple[str, str]
    items: int
    agreement: float
    kappa: Estimate

    def as_json(self) -> dict[str, Any]:
        """The values as JSON holds them; kappa is null where it is not defined."""
        return {
            "annotators": list(self.annotators),
            "items": self.items,
            "percent_agreement": self.agreement,
            "cohen_kappa": self.kappa.value,
            "interval": self.kappa.interval,
        }


@dataclass(frozen=True, slots=True)
class Pairwise:
    """Cohen's kappa of every two annotators who share an item, and its mean over the pairs (Light 1971)."""

    mean: Estimate
    pairs: tuple[Pair, ...]


def cohen(table: LabelTable, weights: Floats | None = None, *, confidence: float = 0.95) -> Pairwise:
    """Cohen's kappa of each two annotators over the items that both labelled.

    Cohen (1960; with weights 1968). The intervals are Fleiss, Cohen & Everitt's of 1969: kappa's variance by its
    derivative in each item's labels, with Student's quantile; the mean's sums an item's parts over the pairs first.
    Pairs whose kappa is not defined, both using one label only, are left out of the mean.

    Args:
        table: the labels.
        weights: agreement of each two labels in [0, 1], shape ``(labels, labels)``; None counts only equal ones.
        confidence: wanted coverage, in (0, 1).

    >>> from tamis.data import Annotation
    >>> said = {"ann": "yynnynnnyy", "bob": "yynnynnyny"}
    >>> table = LabelTable.of(Annotation(str(at), who, l) for who, row in said.items() for at, l in enumerate(row))
    >>> round(cohen(table).mean.value, 3)
    0.6
    """
    if len(table.annotators) < 2:
        return Pairwise(Estimate(None, reason="there is one annotator"), ())
    if len(table.annotators) > MOST_ANNOTATORS:
        return Pairwise(Estimate(None, reason=f"more than {MOST_ANNOTATORS} annotators: pairs share too few items"), ())
    sums = _Sums.of(table, 1 - (identity(len(table.labels)) if weights is None else weights))
    tail = (1 + confidence) / 2
    pairs = tuple(sums.pair(table, int(code), tail) for code in np.flatnonzero(sums.items))
    return Pairwise(sums.mean(tail), pairs)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the items of each pair; a pair's place is first * annotators + second, with first before second.

    Attributes:
        items: how many items both labelled.
        equal: how many of them alike.
        observed, expected: mean disagreement, and that of labels drawn from each one's own shares.
        variance: of each pair's kappa.
        influence: what each item adds to the error of the mean kappa, shape ``(items,)``.
        shared: how many items at least two annotators labelled.
    """

    items: Indices
    equal: Indices
    observed: Floats
    expected: Floats
    variance: Floats
    influence: Floats
    shared: int

    @classmethod
    def of(cls, table: LabelTable, apart: Floats) -> _Sums:
        """Two passes: what is observed and each one's shares, then how far every item stands from them."""
        many, size = len(table.annotators) ** 2, len(table.labels)
        items, equal = np.zeros(many, dtype=np.int64), np.zeros(many, dtype=np.int64)
        observed, shares = np.zeros(many), np.zeros((2, many * size))
        for pair, one, other, _ in _shared(table):
            items += np.bincount(pair, minlength=many)
            equal += np.bincount(pair[one == other], minlength=many)
            observed += np.bincount(pair, apart[one, other], minlength=many)
            for side, label in enumerate((one, other)):
                shares[side] += np.bincount(pair * size + label, minlength=many * size)
        there = np.maximum(items, 1)
        observed /= there
        first, second = shares.reshape(2, many, size) / there[:, None]
        against = first @ apart, second @ apart.T
        expected = (against[0] * second).sum(axis=1)
        spread, influence = cls._spread(table, apart, (items, observed, expected), against)
        shared = int((np.bincount(table.item) > 1).sum())
        return cls(items, equal, observed, expected, spread / there**2, influence, shared)

    @staticmethod
    def _spread(
        table: LabelTable, apart: Floats, means: tuple[Indices, Floats, Floats], against: tuple[Floats, Floats]
    ) -> tuple[Floats, Floats]:
        """Sum of squared influences of each pair's items on its kappa, and each item's influence on the mean."""
        items, observed, expected = means
        defined = expected > NOTHING
        below = np.where(defined, expected, np.inf)
        squares, influence = np.zeros(items.size), np.zeros(len(table.items))
        for pair, one, other, item in _shared(table):
            chance = against[1][pair, one] + against[0][pair, other] - 2 * expected[pair]
            moved = (observed[pair] / below[pair] * chance - (apart[one, other] - observed[pair])) / below[pair]
            squares += np.bincount(pair, moved**2, minlength=items.size)
            influence += np.bincount(item, moved / items[pair], minlength=influence.size)
        return squares, influence / max(int((defined & (items > 0)).sum()), 1)

    def pair(self, table: LabelTable, code: int, tail: float) -> Pair:
        """The figures of one pair."""
        first, second = divmod(code, len(table.annotators))
        items = int(self.items[code])
        names = (table.annotators[first], table.annotators[second])
        if self.expected[code] <= NOTHING:
            kappa = Estimate(None, reason="both use one and the same label only")
        else:
            found = 1 - float(self.observed[code] / self.expected[code])
            rarest = _rarest(items, tail) / float(self.expected[code])
            kappa = around(found, math.sqrt(self.variance[code]), items, tail, rarest)
        return Pair(names, items, float(self.equal[code] / items), kappa)

    def mean(self, tail: float) -> Estimate:
        """The mean over the pairs whose kappa is defined."""
        there = (self.items > 0) & (self.expected > NOTHING)
        if not there.any():
            what = "each two use one and the same label only" if self.items.any() else "no item has two labels"
            return Estimate(None, reason=what)
        found = float((1 - self.observed[there] / self.expected[there]).mean())
        rarest = float((_rarest(self.shared, tail) / self.expected[there]).mean())
        return around(found, math.sqrt((self.influence**2).sum()), self.shared, tail, rarest)


def around(found: float, error: float, items: int, tail: float, rarest: float) -> Estimate:
    """A kappa with its standard error as an interval within [-1, 1].

    Args:
        found: the kappa.
        error: its standard error.
        items: what it is estimated from.
        tail: the wanted quantile, as .975.
        rarest: how far below 1 it may lie where no disagreement was seen, which has no standard error.
    """
    if items < 2:
        return Estimate(found, reason="one item in common: an interval needs more")
    if found >= 1 - NOTHING:
        return Estimate(1.0, max(-1.0, 1 - rarest), 1.0)
    reach = student_quantile(tail, items - 1) * error
    return Estimate(found, max(-1.0, found - reach), min(1.0, found + reach))


def _rarest(items: int, tail: float) -> float:
    """The largest share of disputed items under which seeing none is not surprising (Clopper & Pearson 1934)."""
    return float(1 - (1 - tail) ** (1 / items))


def _shared(table: LabelTable) -> Iterator[tuple[Indices, Indices, Indices, Indices]]:
    """Every two labels of one item, in parts: the pair of annotators, both labels, and the item."""
    many = len(table.annotators)
    # Ratings stand item by item: the n-th next rating is of the same item, or no later one is.
    for step in range(1, many):
        at = np.flatnonzero(table.item[:-step] == table.item[step:])
        if not at.size:
            return
        pair = table.annotator[at] * many + table.annotator[at + step]
        yield pair, table.label[at], table.label[at + step], table.item[at]
