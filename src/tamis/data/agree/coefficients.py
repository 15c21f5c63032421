"""Agreement of any number of annotators with labels missing: percent agreement, Fleiss, Krippendorff, Gwet.

Each coefficient is 1 - observed / expected disagreement, both between 0 and 1, and both ratios of sums over items: so a
coefficient is a function of the items' counts and of how often each item is taken, which is all a bootstrap needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError

Parts: TypeAlias = tuple[Floats, Floats]  # observed and expected disagreement, shape (rows,) each

NOTHING = 1e-12  # disagreement below this is rounding


class Coefficient(Protocol):
    """Observed and expected disagreement of annotators."""

    def parts(self, counts: Floats, times: Floats) -> Parts:
        """Both disagreements for every row of ``times``.

        Args:
            counts: how many annotators gave each item each label, shape ``(items, labels)``.
            times: how often each item is taken, shape ``(rows, items)``.
        """
        ...


def value(coefficient: Coefficient, counts: Floats) -> float | None:
    """A coefficient of the items as they are; None where it is not defined, as where only one label is used.

    Args:
        coefficient: one of those below.
        counts: how many annotators gave each item each label, shape ``(items, labels)``.

    Raises:
        InputError: counts of another shape, or below 0.

    >>> round(value(Fleiss(), np.array([[2, 0], [2, 0], [0, 2], [1, 1]])), 4)
    0.4667
    """
    counts = checked(counts)
    observed, expected = coefficient.parts(counts, np.ones((1, len(counts))))
    return float(1 - observed[0] / expected[0]) if expected[0] > NOTHING else None


def checked(counts: Floats) -> Floats:
    """Counts as an array of numbers.

    Raises:
        InputError: another shape than ``(items, labels)``, or a count below 0.
    """
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 2 or not counts.size or not (counts >= 0).all():
        raise InputError(f"expected counts of items x labels, none below 0, got an array of shape {counts.shape}")
    return counts


def identity(labels: int) -> Floats:
    """Weights of agreement where any two labels are equally far apart, shape ``(labels, labels)``."""
    return np.eye(labels)


def linear(labels: int) -> Floats:
    """Weights that fall with the distance of two labels in their order (Cicchetti & Allison 1971).

    >>> linear(3)[0].tolist()
    [1.0, 0.5, 0.0]
    """
    return 1 - _distance(labels)


def quadratic(labels: int) -> Floats:
    """Weights that fall with the squared distance of two labels in their order (Fleiss & Cohen 1973).

    >>> quadratic(3)[0].tolist()
    [1.0, 0.75, 0.0]
    """
    return np.asarray(1 - _distance(labels) ** 2)


def _distance(labels: int) -> Floats:
    at = np.arange(labels, dtype=np.float64)
    return np.asarray(np.abs(at[:, None] - at) / max(labels - 1, 1))


@dataclass(frozen=True, slots=True)
class PercentAgreement:
    """How often two annotators of an item give the same label: the mean over items with two labels or more.

    Inputs: counts. When to use: beside every other figure; it does not allow for agreement by chance.
    """

    weights: Floats | None = None

    def parts(self, counts: Floats, times: Floats) -> Parts:
        """Observed disagreement, and 1."""
        observed = _disagreement(counts, times, self.weights)
        return observed, np.where(np.isnan(observed), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Fleiss:
    """Fleiss' kappa: chance agreement is that of labels drawn from everybody's pooled shares.

    With labels missing: observed agreement is the mean over items with two labels or more, a label's share the mean
    over items of its share in the item (Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, chapter 2); this is
    Fleiss (Psychological Bulletin 1971) where every item has as many labels. ``weights`` count near misses as part
    agreement.

    When to use: many annotators, labels used about equally often; with one rare label read Gwet's AC1 beside it.
    """

    weights: Floats | None = None

    def parts(self, counts: Floats, times: Floats) -> Parts:
        """Both disagreements."""
        shares = _shares(counts, times)
        apart = 1 - (identity(counts.shape[1]) if self.weights is None else self.weights)
        expected = ((shares @ apart) * shares).sum(axis=1)
        return _both(_disagreement(counts, times, self.weights), expected)


@dataclass(frozen=True, slots=True)
class Gwet:
    """Gwet's AC1, or with weights AC2: chance is how often annotators would guess, taken from how even the shares are.

    Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement" (British Journal of
    Mathematical and Statistical Psychology 2008), and the Handbook of 2014 for weights and for labels missing.

    When to use: one label is rare or rules, where kappa calls nearly all agreement chance. Relation: equal to kappa and
    alpha, nearly, where all labels are used as often.
    """

    weights: Floats | None = None

    def parts(self, counts: Floats, times: Floats) -> Parts:
        """Both disagreements; nothing is expected where only one label is ever used."""
        size = counts.shape[1]
        shares = _shares(counts, times)
        if (counts.sum(axis=0) > 0).sum() < 2:
            return _both(_disagreement(counts, times, self.weights), np.zeros(len(times)))
        total = float(size if self.weights is None else self.weights.sum())
        chance = total / (size * (size - 1)) * (shares * (1 - shares)).sum(axis=1)
        return _both(_disagreement(counts, times, self.weights), 1 - chance)


class Metric(Protocol):
    """How far apart two labels are, for Krippendorff's alpha."""

    def scores(self, totals: Floats) -> Floats | None:
        """Where each label stands on a line of length 1 for every row of totals; None where any two are 1 apart."""
        ...


@dataclass(frozen=True, slots=True)
class Nominal:
    """Labels are the same or not."""

    def scores(self, totals: Floats) -> None:
        """None: any two labels are 1 apart."""
        return


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Labels have an order: a label stands at the mean rank of its uses, so that distances count the uses between two.

    Krippendorff's sum of the uses from one label to another, less half those of the two, is a difference of mean ranks.
    """

    def scores(self, totals: Floats) -> Floats:
        """Mean ranks, scaled."""
        return _scaled(np.cumsum(totals, axis=1) - totals / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """Labels are numbers whose differences mean something."""

    numbers: Floats

    def scores(self, totals: Floats) -> Floats:
        """The numbers, scaled."""
        return _scaled(np.broadcast_to(self.numbers, totals.shape))


@dataclass(frozen=True, slots=True)
class Krippendorff:
    """Krippendorff's alpha: every pair of labels of an item against every pair of labels there is.

    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). Items with one label say nothing. When to use:
    any number of annotators, labels missing, few items (it corrects for their number). Relation: Fleiss' kappa where
    nothing is missing and items are many.
    """

    metric: Metric = field(default_factory=Nominal)

    def parts(self, counts: Floats, times: Floats) -> Parts:
        """Both disagreements."""
        rated = counts.sum(axis=1)
        counts, times, rated = counts[rated > 1], times[:, rated > 1], rated[rated > 1]
        totals = times @ counts
        all_uses = totals.sum(axis=1)
        scores = self.metric.scores(totals)
        if scores is None:
            observed = times @ ((rated**2 - (counts**2).sum(axis=1)) / (rated - 1))
            expected = all_uses**2 - (totals**2).sum(axis=1)
        else:
            between = ((times / (rated - 1)) * (scores @ counts.T) ** 2).sum(axis=1)
            observed = 2 * ((((times * (rated / (rated - 1))) @ counts) * scores**2).sum(axis=1) - between)
            expected = 2 * (all_uses * (totals * scores**2).sum(axis=1) - (totals * scores).sum(axis=1) ** 2)
        pairs = all_uses * (all_uses - 1)
        return _both(_over(observed, all_uses), np.where(pairs > 0, _over(expected, pairs), 0.0))


def _disagreement(counts: Floats, times: Floats, weights: Floats | None) -> Floats:
    """Mean over items with two labels or more of the share of pairs that differ; NaN where there is no such item."""
    rated = counts.sum(axis=1)
    near = counts if weights is None else counts @ weights
    pairs = np.maximum(rated * (rated - 1), 1)
    apart = np.where(rated > 1, 1 - (counts * (near - 1)).sum(axis=1) / pairs, 0.0)
    return _over(times @ apart, times @ (rated > 1).astype(np.float64))


def _shares(counts: Floats, times: Floats) -> Floats:
    """Mean over items of each label's share in the item, shape ``(rows, labels)``."""
    rated = counts.sum(axis=1, keepdims=True)
    items = times @ (rated > 0).astype(np.float64)
    return np.asarray((times @ (counts / np.maximum(rated, 1))) / np.maximum(items, 1))


def _scaled(scores: Floats) -> Floats:
    low = scores[:, :1]
    span = scores[:, -1:] - low
    return np.asarray((scores - low) / np.where(span > 0, span, 1.0))


def _over(top: Floats, bottom: Floats) -> Floats:
    """A quotient that is NaN where nothing stands below."""
    return np.asarray(np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0))


def _both(observed: Floats, expected: Floats) -> Parts:
    """Disagreements without rounding; nothing is expected where nothing could be observed."""
    return np.where(observed > NOTHING, observed, 0.0), np.where(np.isnan(observed), 0.0, np.maximum(expected, 0.0))
