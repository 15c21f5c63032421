"""Logistic models held against queries that they were not fitted on, and whether one beats another there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.calibrate.newton import projected_newton
from tamis.core import Floats
from tamis.evaluate import paired

Mask: TypeAlias = NDArray[np.bool_]

OFF = 1e12  # a ridge under which a weight is 0
TOLERANCE = 1e-7  # slope of the mean loss at which a fit ends
ROUNDS = 2000  # resamples of the interval that decides
ROW_ROUNDS = 500  # resamples of a row's in an ablation table, which has one for each feature
LEAST_QUERIES = 30  # an interval from fewer is not to be trusted


@dataclass(frozen=True, slots=True)
class Gain:
    """How much smaller a second model's held-out loss is than a first one's: above 0 means that the second is better.

    Attributes:
        loss: mean loss of the first, over queries.
        difference: mean of the first's loss minus the second's.
        low: lower end of the difference's 95 % interval over queries.
        high: upper end of it.
        p_value: two-sided, of the paired randomisation test over queries.
        queries: how many there are.
    """

    loss: float
    difference: float
    low: float
    high: float
    p_value: float
    queries: int

    @classmethod
    def of(cls, first: Floats, second: Floats, *, rounds: int = ROUNDS, seed: int = 0) -> Self:
        """Compare losses query by query, shapes ``(queries,)``.

        >>> Gain.of(np.array([0.75, 0.5]), np.array([0.5, 0.25])).difference
        0.25
        """
        found = paired(first, second, rounds=rounds, seed=seed)
        return cls(float(first.mean()), found.difference, found.low, found.high, found.p_value, found.queries)

    @property
    def shown(self) -> bool:
        """Whether there is a gain beyond chance: enough queries, and an interval above 0."""
        return self.queries >= LEAST_QUERIES and self.low > 0

    def __str__(self) -> str:
        return f"{self.difference:.4f} [{self.low:.4f}, {self.high:.4f}] over {self.queries} queries"

    def as_json(self) -> dict[str, Any]:
        """Its fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(**content)


@dataclass(frozen=True, slots=True)
class Ablation:
    """What the held-out loss of a model grows by when one feature is left out of it.

    Attributes:
        name: the feature.
        weight: its weight in the whole model, in log-odds a standard deviation.
        without: loss without the feature against loss with it: a difference above 0 says that the feature helps.
        adjusted_p: the p-value adjusted for looking at all features (Holm 1979).
    """

    name: str
    weight: float
    without: Gain
    adjusted_p: float

    def as_json(self) -> dict[str, Any]:
        """Its fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(**{**content, "without": Gain.from_json(content["without"])})


@dataclass(frozen=True, slots=True)
class Standard:
    """Columns brought to mean 0 and standard deviation 1; what is not known (NaN) becomes 0, which moves nothing."""

    center: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def of(cls, columns: Floats, weights: Floats) -> Self:
        """Mean and deviation of each column's known values, shape ``(n, m)``; a constant column gets deviation 1."""
        known = np.isfinite(columns)
        counted = np.maximum(weights @ known, 1e-300)
        center = weights @ np.where(known, columns, 0.0) / counted
        spread = np.sqrt(weights @ np.where(known, columns - center, 0.0) ** 2 / counted)
        # A constant's deviation is rounding, not 0.
        scale = np.where(spread > 1e-12 * (1 + np.abs(center)), spread, 1.0)
        return cls(tuple(center.tolist()), tuple(scale.tolist()))

    def __call__(self, columns: Floats) -> Floats:
        """The columns, standardised."""
        return np.where(np.isfinite(columns), (columns - np.array(self.center)) / np.array(self.scale), 0.0)


class Design:
    """Standardised columns with the labels and weights of their rows, laid out for many fits."""

    def __init__(self, lines: Floats, data: Labelled) -> None:
        """Keep lines, one a column and last one of ones, shape ``(m + 1, n)``."""
        self.lines, self.data = lines, data
        self.light = lines.astype(np.float32)
        self.share = data.weights / data.weights.sum()

    @classmethod
    def of(cls, columns: Floats, data: Labelled) -> Self:
        """Lay out columns, shape ``(n, m)``."""
        return cls(np.vstack([columns.T, np.ones(len(data))]), data)

    def part(self, rows: Codes) -> Design:
        """Some of the rows."""
        return Design(np.take(self.lines, rows, axis=1), self.data.where(rows))

    def fit(self, ridge: Floats, *, bounded: Mask | None = None, start: Floats | None = None) -> Floats:
        """Weights of the columns and, last, the intercept, shape ``(m + 1,)``, that make the labels likeliest.

        The model of ``tamis.calibrate.logistic.fit_logistic``; but it can begin at a neighbour's weights, so that the
        dozens of fits of an ablation table take a step or two each.

        Args:
            ridge: ``ridge / 2`` times the squared weight is added to the summed loss, shape ``(m,)``.
            bounded: columns whose weight may not fall below 0.
            start: weights to begin with.
        """
        base = float(np.clip(self.share @ self.data.labels, 1e-6, 1 - 1e-6))
        begin = np.append(np.zeros(ridge.size), np.log(base / (1 - base))) if start is None else start
        free = None if bounded is None else np.append(bounded, False)
        # A row counts as one observation on average, whatever the unit of the weights.
        penalty = np.append(ridge / len(self.data) + 1e-10, 0.0)
        return projected_newton(
            lambda beta: self._loss(beta, penalty), begin, nonnegative=free, tolerance=TOLERANCE
        )  # fmt: skip

    def _loss(self, beta: Floats, penalty: Floats) -> tuple[float, Floats, Floats]:
        logits = beta @ self.lines
        chances = 0.5 + 0.5 * np.tanh(logits / 2)
        losses = np.maximum(logits, 0.0) + np.log1p(np.exp(-np.abs(logits))) - self.data.labels * logits
        slope = self.lines @ (self.share * (chances - self.data.labels)) + penalty * beta
        # Half the digits do for the curvature, which only steers: the slope decides where the search ends.
        curvature = (self.share * len(self.data) * chances * (1 - chances)).astype(np.float32)
        curve = ((self.light * curvature) @ self.light.T).astype(np.float64) / len(self.data)
        return float(self.share @ losses) + float(penalty @ beta**2) / 2, slope, curve + np.diag(penalty + 1e-9)


class HeldOut:
    """Columns cut into folds of whole queries: every row's logit comes from a fit on other queries.

    Attributes:
        folds: the fold of each row, shape ``(n,)``.
    """

    def __init__(self, design: Design, *, bounded: Mask | None = None, seed: int = 0) -> None:
        """Cut standardised columns.

        Raises:
            InputError: fewer queries than folds.
        """
        self.folds = query_folds(design.data, FOLDS, seed=seed)
        self._bounded = bounded
        rows = [np.flatnonzero(self.folds == fold) for fold in range(FOLDS)]
        self._held = [(held, np.take(design.lines, held, axis=1)) for held in rows]
        self._fitted = [design.part(np.flatnonzero(self.folds != fold)) for fold in range(FOLDS)]

    def logits(self, ridge: Floats, starts: Sequence[Floats] | None = None) -> tuple[Floats, list[Floats]]:
        """Held-out logits, shape ``(n,)``, and the weights of each fold's fit, to begin another fit with."""
        found = np.zeros(self.folds.size)
        ends: list[Floats] = []
        for at, (design, (rows, lines)) in enumerate(zip(self._fitted, self._held, strict=True)):
            beta = design.fit(ridge, bounded=self._bounded, start=starts[at] if starts else None)
            found[rows] = beta @ lines
            ends.append(beta)
        return found, ends


def ablations(
    held: HeldOut, names: Sequence[str], data: Labelled, *, weights: Floats, ridge: Floats, starts: Sequence[Floats]
) -> tuple[Ablation, ...]:
    """One row a feature: the held-out log-loss without it, against that with all of them.

    Args:
        held: a design whose LAST columns are the named features.
        names: the features.
        data: the pairs.
        weights: each feature's weight in the whole model.
        ridge: of all columns, shape ``(m,)``.
        starts: each fold's weights in the whole model.
    """
    before = ridge.size - len(names)
    whole = query_losses(pair_losses(held.logits(ridge, starts)[0], data), data)
    gains = []
    for at in range(len(names)):
        without = np.where(np.arange(ridge.size) == before + at, OFF, ridge)
        begun = [np.where(np.arange(beta.size) == before + at, 0.0, beta) for beta in starts]
        left = query_losses(pair_losses(held.logits(without, begun)[0], data), data)
        gains.append(Gain.of(left, whole, rounds=ROW_ROUNDS))
    adjusted = holm([gain.p_value for gain in gains])
    rows = zip(names, weights.tolist(), gains, adjusted, strict=True)
    return tuple(Ablation(name, weight, gain, p) for name, weight, gain, p in rows)


def pair_losses(logits: Floats, data: Labelled) -> Floats:
    """Negative log-likelihood of each label in nats, shape ``(n,)``."""
    return np.asarray(np.logaddexp(0.0, logits) - data.labels * logits, dtype=np.float64)


def query_losses(losses: Floats, data: Labelled) -> Floats:
    """Weighted mean of pair losses for each query, shape ``(queries,)``: each query counts the same."""
    present, codes = np.unique(data.groups, return_inverse=True)
    sums = group_sums(data.weights * losses, codes, present.size)
    return np.asarray(sums / group_sums(data.weights, codes, present.size), dtype=np.float64)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for all of them being looked at.

    References:
        Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics 1979).

    >>> holm([0.01, 0.04, 0.02])
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(np.asarray(p_values, dtype=np.float64), kind="stable")
    adjusted = np.zeros(len(p_values))
    largest = 0.0
    for rank, at in enumerate(order.tolist()):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return adjusted.tolist()
