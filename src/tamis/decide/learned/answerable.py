"""Whether a query has an answer among its candidates at all: the probability that none of them is relevant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.calibrate.logistic import fit_logistic, log_odds, sigmoid, softplus
from tamis.core import Floats, Ranking
from tamis.decide.learned.heldout import Gain, Mask, Standard
from tamis.errors import InputError

Kind: TypeAlias = Literal["learned", "independence", "base rate"]

BEST = 5  # candidates whose scores are read
SURE = 1e-6  # no probability is stated nearer to 0 or 1 than this
RIDGE = 1.0
FEATURES = ("top", "gap", "top_3", "above", "log_none")


@dataclass(frozen=True, slots=True)
class Answerable:
    """P(no candidate is relevant) from a query's scores: a ridge logistic model on what the best of them look like.

    Read are the best score, its gap to the second, the mean of the best three, how far the best stands above the mean
    of the ``k`` best, and the log of ``prod(1 - p)`` over the ``k`` best with Platt's probabilities p. The model is
    kept only where its held-out log-loss is below that of both the base rate and the independence formula
    ``prod(1 - p)`` over all candidates; else the better of those speaks.

    Attributes:
        kind: what speaks: ``"learned"``, ``"independence"`` or ``"base rate"``.
        k: how many of the best candidates the model reads.
        slope: log-odds of one candidate's relevance a unit of score.
        intercept: those at score 0.
        standard: mean and deviation of the features.
        weights: of the standardised features, in log-odds of "none", and last the intercept.
        base_rate: share of queries without a relevant candidate.
        queries: how many it was learned from.
        losses: mean held-out log-loss of each kind.
        against_base_rate: the base rate's held-out log-loss against the model's.
        against_independence: the independence formula's held-out log-loss against the model's.

    >>> rng = np.random.default_rng(0)
    >>> relevant = (rng.random((400, 10)) < 0.2) & (rng.random((400, 1)) < 0.7)
    >>> scores = 4 * relevant + rng.normal(size=(400, 10))
    >>> data = Labelled.of(scores.ravel(), relevant.ravel(), np.repeat(np.arange(400), 10))
    >>> found = Answerable.fit(data)
    >>> found.probability([-1.0, 0.5]) > 0.9, found.probability([6.0, 0.5]) < 0.05, found.probability([])
    (True, True, 1.0)
    """

    kind: Kind
    k: int
    slope: float
    intercept: float
    standard: Standard
    weights: tuple[float, ...]
    base_rate: float
    queries: int
    losses: Mapping[Kind, float]
    against_base_rate: Gain
    against_independence: Gain

    @classmethod
    def fit(cls, data: Labelled, k: int = BEST, *, seed: int = 0) -> Self:
        """Learn from labelled queries, one row a query.

        Args:
            data: labelled pairs with their queries: ALL candidates of each query, for one that was left unlabelled may
                be the relevant one. A query weighs the mean of its pairs' weights.
            k: how many of the best candidates are read; the whole list tells more, where all lists are equally long.
            seed: another seed deals the queries to other folds.

        Raises:
            InputError: pairs without queries, fewer queries than folds, no query with or none without a relevant
                candidate, or k below 1.
        """
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}")
        seen = _Queries.of(data).with_both()
        folds = query_folds(data, FOLDS, seed=seed)[np.unique(seen.codes, return_index=True)[1]]
        held: dict[Kind, Floats] = {kind: np.zeros(folds.size) for kind in ("base rate", "independence", "learned")}
        for fold in range(FOLDS):
            model = _Model.fit(seen, folds != fold, k)
            for kind, logits in model.logits(seen).items():
                held[kind][folds == fold] = logits[folds == fold]
        losses = {kind: softplus(logits) - seen.none * logits for kind, logits in held.items()}
        means = {kind: float(np.average(loss, weights=seen.weights)) for kind, loss in losses.items()}
        model = _Model.fit(seen, np.ones(folds.size, dtype=bool), k)
        return cls(
            kind=_kept(means),
            k=k,
            slope=model.slope,
            intercept=model.intercept,
            standard=model.standard,
            weights=model.weights,
            base_rate=model.base_rate,
            queries=int(folds.size),
            losses=means,
            against_base_rate=Gain.of(losses["base rate"], losses["learned"], seed=seed),
            against_independence=Gain.of(losses["independence"], losses["learned"], seed=seed),
        )

    def probability(self, scores: ArrayLike) -> float:
        """P(none is relevant) for the scores of one query's candidates, in any order; 1 where there are none.

        Raises:
            InputError: a score that is not finite, or not one number a candidate.
        """
        column = np.asarray(scores, dtype=np.float64)
        if column.ndim != 1 or not np.isfinite(column).all():
            raise InputError(f"expected one finite score a candidate, got {column!r:.80}")
        if not column.size:
            return 1.0
        return float(self._stated(_Queries.of_one(column))[0])

    def probabilities(self, data: Labelled) -> Floats:
        """P(none is relevant) for many queries at once, in the order of their numbers, shape ``(queries,)``.

        Raises:
            InputError: pairs without queries.
        """
        return self._stated(_Queries.of(data))

    def _stated(self, seen: _Queries) -> Floats:
        model = _Model(self.slope, self.intercept, self.standard, self.weights, self.base_rate, self.k)
        return sigmoid(model.logits(seen)[self.kind])

    def none_relevant(self, ranking: Ranking) -> float:
        """P(none is relevant) for a ranking, from its current scores, which must be those that this was learned on."""
        return self.probability(ranking.scores)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "kind": self.kind,
            "k": self.k,
            "slope": self.slope,
            "intercept": self.intercept,
            "center": list(self.standard.center),
            "scale": list(self.standard.scale),
            "weights": list(self.weights),
            "base_rate": self.base_rate,
            "queries": self.queries,
            "losses": dict(self.losses),
            "against_base_rate": self.against_base_rate.as_json(),
            "against_independence": self.against_independence.as_json(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: an unknown kind, or another number of weights.
        """
        if content["kind"] not in content["losses"] or len(content["weights"]) != len(FEATURES) + 1:
            raise InputError(f"expected a kind of {', '.join(content['losses'])} and {len(FEATURES) + 1} weights, got "
                             f"{content['kind']!r:.40} and {len(content['weights'])}")  # fmt: skip
        rest = {key: value for key, value in content.items() if key not in ("center", "scale")}
        return cls(
            **{
                **rest,
                "standard": Standard(tuple(map(float, content["center"])), tuple(map(float, content["scale"]))),
                "weights": tuple(map(float, content["weights"])),
                "losses": dict(content["losses"]),
                "against_base_rate": Gain.from_json(content["against_base_rate"]),
                "against_independence": Gain.from_json(content["against_independence"]),
            }
        )


@dataclass(frozen=True, slots=True)
class _Queries:
    """Pairs by query: scores and labels with the query's number, and for each query whether none is relevant."""

    scores: Floats
    labels: Floats
    pair_weights: Floats
    codes: Codes
    none: Floats
    weights: Floats

    @classmethod
    def of(cls, data: Labelled) -> Self:
        codes = by_query(data)
        none = (group_sums(data.labels, codes) == 0).astype(np.float64)
        weights = group_sums(data.weights, codes) / group_sums(np.ones(len(data)), codes)
        return cls(data.scores, data.labels, data.weights, codes, none, weights)

    @classmethod
    def of_one(cls, scores: Floats) -> Self:
        """One query whose labels are not known."""
        unknown, ones = np.zeros(scores.size), np.ones(scores.size)
        return cls(scores, unknown, ones, np.zeros(scores.size, dtype=np.int64), np.zeros(1), np.ones(1))

    def with_both(self) -> Self:
        """Itself, where some queries have a relevant candidate and some have none."""
        if self.none.min() < self.none.max():
            return self
        what, other = ("no query has", "with") if self.none[0] else ("every query has", "without")
        raise InputError(f"{what} a relevant candidate: learning when there is none needs queries {other} one too")

    def best(self, k: int) -> Floats:
        """The k best scores of each query, falling, shape ``(queries, k)``; NaN beyond the last."""
        order = np.lexsort((-self.scores, self.codes))
        codes = self.codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        places = np.arange(codes.size) - np.repeat(starts, np.diff(starts, append=codes.size))
        found = np.full((self.none.size, k), np.nan)
        near = places < k
        found[codes[near], places[near]] = self.scores[order][near]
        return found


@dataclass(frozen=True, slots=True)
class _Model:
    """The numbers that all three kinds need."""

    slope: float
    intercept: float
    standard: Standard
    weights: tuple[float, ...]
    base_rate: float
    k: int

    @classmethod
    def fit(cls, seen: _Queries, rows: Mask, k: int) -> Self:
        pairs = rows[seen.codes]
        slopes, intercept = fit_logistic(
            seen.scores[pairs, None],
            seen.labels[pairs],
            seen.pair_weights[pairs],
            ridge=RIDGE,
            nonnegative=np.array([True]),
        )
        features = _features(seen, k, float(slopes[0]), intercept)[rows]
        weights, none = seen.weights[rows], seen.none[rows]
        standard = Standard.of(features, weights)
        learned, last = fit_logistic(standard(features), none, weights, ridge=RIDGE)
        rate = (float(weights @ none) / float(weights.mean()) + 0.5) / (none.size + 1)
        return cls(float(slopes[0]), intercept, standard, (*learned.tolist(), last), rate, k)

    def logits(self, seen: _Queries) -> dict[Kind, Floats]:
        """Log-odds of "none is relevant" for each query, by each kind."""
        learned = self.standard(_features(seen, self.k, self.slope, self.intercept)) @ np.array(self.weights[:-1])
        log_none = -group_sums(softplus(self.slope * seen.scores + self.intercept), seen.codes)
        # log(q / (1 - q)) of q = exp(log_none); the least keeps log away from 0 where q is 1 to the last digit
        independent = log_none - np.log(np.maximum(-np.expm1(log_none), 1e-300))
        found: dict[Kind, Floats] = {
            "base rate": np.full(seen.none.size, math.log(self.base_rate / (1 - self.base_rate))),
            "independence": independent,
            "learned": learned + self.weights[-1],
        }
        most = float(log_odds(np.array([1 - SURE]))[0])
        return {kind: np.clip(logits, -most, most) for kind, logits in found.items()}


def _features(seen: _Queries, k: int, slope: float, intercept: float) -> Floats:
    """The features of each query, shape ``(queries, 5)``; NaN where there is one candidate and two are needed."""
    best = seen.best(max(k, 3))
    top, gap, top_3 = best[:, 0], best[:, 0] - best[:, 1], np.nanmean(best[:, :3], axis=1)
    near = best[:, :k]
    above = np.where(np.isfinite(best[:, 1]), top - np.nanmean(near, axis=1), np.nan)
    losses = np.where(np.isfinite(near), softplus(slope * np.nan_to_num(near) + intercept), 0.0)
    return np.column_stack([top, gap, top_3, above, -losses.sum(axis=1)])


def _kept(means: Mapping[Kind, float]) -> Kind:
    """The kind with the least loss; at equal losses the simpler one."""
    return min(means, key=lambda kind: means[kind])


def by_query(data: Labelled) -> Codes:
    """The number of each pair's query, counted from 0 without gaps, shape ``(n,)``.

    Raises:
        InputError: the data says nothing of queries.
    """
    if not data.grouped:
        raise InputError("whether a query has an answer needs to know the pairs' queries: pass groups to Labelled.of")
    return np.asarray(np.unique(data.groups, return_inverse=True)[1], dtype=np.int64)
