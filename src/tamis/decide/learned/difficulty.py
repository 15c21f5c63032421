"""Difficulty-aware thresholds: what a threshold should move by for a query, learned, and used only where it helps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.core import Floats, Ranking
from tamis.decide.learned.heldout import (
    LEAST_QUERIES,
    OFF,
    Ablation,
    Design,
    Gain,
    HeldOut,
    Standard,
    ablations,
    pair_losses,
    query_losses,
)
from tamis.decide.learned.predictors import Predictors
from tamis.errors import InputError

STRENGTHS = (OFF, 1000.0, 200.0, 40.0, 8.0)  # ridges on a standardised feature's weight, strongest first


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Offsets on a threshold by query, from the model ``log-odds = slope * score + weights . features + intercept``.

    Where the model says that a query's pairs are likelier relevant than their scores tell, its threshold is lower:
    ``threshold(query) = t - weights . (features - center) / scale / slope``, at most ``cap`` away from ``t``. Offsets
    are 0 unless held-out queries showed a gain (``enabled``); ``reason`` says in a sentence what was found.

    Attributes:
        predictors: what the features are.
        standard: mean and deviation of each feature, by which it is standardised.
        weights: of the standardised features, in log-odds.
        slope: log-odds a unit of score.
        cap: largest offset either way, in units of the score.
        ridge: strength of shrinkage that cross-validation chose.
        enabled: whether offsets are used.
        reason: why, or why not.
        log_loss: held-out log-loss with one threshold for all, against that with offsets.
        cost: the same for the expected cost a pair; None where no costs were given.
        ablation: what leaving out each feature costs.

    >>> rng = np.random.default_rng(0)
    >>> english = np.repeat(rng.integers(0, 2, 300), 10)
    >>> relevant = rng.random(3000) < 0.3
    >>> scores = 3 * relevant + 2 * english + rng.normal(size=3000)
    >>> data = Labelled.of(scores, relevant, np.repeat(np.arange(300), 10))
    >>> found = Difficulty.fit(data, english[::10, None], ["language:en"])
    >>> found.enabled, (found.offsets([[1], [0]]) @ [1, -1]).round(1).tolist()
    (True, 1.9)
    """

    predictors: Predictors
    standard: Standard
    weights: tuple[float, ...]
    slope: float
    cap: float
    ridge: float
    enabled: bool
    reason: str
    log_loss: Gain
    cost: Gain | None = None
    ablation: tuple[Ablation, ...] = ()

    @classmethod
    def fit(
        cls,
        data: Labelled,
        features: ArrayLike,
        names: Sequence[str] | Predictors,
        *,
        costs: tuple[float, float] | None = None,
        cap: float | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn offsets, and find out whether they help on queries that they were not learned from.

        The shrinkage of a fold's model is chosen by the other folds' queries, so that the choice is held out too.

        Args:
            data: labelled pairs with their queries, which should hold all candidates that a query's scores are of.
            features: one row a query: row i is that of the pairs with group number i; shape ``(queries, len(names))``;
                NaN where one is not known, which moves nothing. ``Predictors(...).rows(rankings)`` makes them.
            names: of the features.
            costs: of an accepted irrelevant pair and of a rejected relevant one; offsets must then lower the expected
                cost, too.
            cap: largest offset either way, in units of the score; one standard deviation of the scores if not given.
            seed: another seed deals the queries to other folds.

        Raises:
            InputError: pairs without queries, one query, all labels alike, another shape of features, costs or a cap
                not above 0.
        """
        predictors = Predictors.named(names)
        columns = _columns(data, features, predictors.names)
        standard = Standard.of(columns, data.weights)
        columns = standard(columns)
        widest = standard.scale[0] if cap is None else _positive(cap, "cap")
        log_ratio = None if costs is None else math.log(_positive(costs[0], "a cost") / _positive(costs[1], "a cost"))
        rising = np.arange(columns.shape[1]) == 0
        design = Design.of(columns, data)
        held = HeldOut(design, bounded=rising, seed=seed)
        path = _Path.walked(held, design, widest / standard.scale[0])
        ridge = path.ridges[path.best]
        beta = design.fit(ridge, bounded=rising, start=path.ends[path.best][0])
        log_loss = Gain.of(*(query_losses(pair_losses(z, data), data) for z in (path.plain, path.chosen)), seed=seed)
        cost = None
        if costs is not None and log_ratio is not None:
            spent = (query_losses(_spent(z >= log_ratio, data, costs), data) for z in (path.plain, path.chosen))
            cost = Gain.of(*spent, seed=seed)
        weights = beta[1:-1]
        rows = ablations(held, predictors.names, data, weights=weights, ridge=ridge, starts=path.ends[path.best])
        reason = _against(float(ridge[-1]), float(beta[0]), log_loss, cost)
        return cls(
            predictors=predictors,
            standard=Standard(standard.center[1:], standard.scale[1:]),
            weights=tuple(weights.tolist()),
            slope=float(beta[0]) / standard.scale[0],
            cap=widest,
            ridge=float(ridge[-1]),
            enabled=not reason,
            reason=reason or f"offsets lower the held-out log-loss by {log_loss}",
            log_loss=log_loss,
            cost=cost,
            ablation=rows,
        )

    def offsets(self, features: ArrayLike) -> Floats:
        """What to add to the threshold for each query, in units of the score, shape ``(queries,)``.

        Args:
            features: shape ``(queries, len(predictors.names))``; NaN where one is not known.

        Raises:
            InputError: another number of features.
        """
        table = np.asarray(features, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(self.weights):
            raise InputError(f"expected {len(self.weights)} features a query, got shape {table.shape}")
        if not self.enabled:
            return np.zeros(len(table))
        shift = -(self.standard(table) @ np.array(self.weights)) / self.slope
        return np.asarray(np.clip(shift, -self.cap, self.cap), dtype=np.float64)

    def offset(self, ranking: Ranking) -> float:
        """What to add to the threshold for this query, in units of the score; 0 where offsets are not enabled.

        Raises:
            InputError: a feature is none of the named predictors, or a candidate lacks the score of a stage.
        """
        return float(self.offsets(self.predictors.rows([ranking]))[0]) if self.enabled else 0.0

    def adjusted(self, data: Labelled, features: ArrayLike) -> Labelled:
        """The pairs with scores from which their query's offset is taken off.

        One threshold on these is the moving threshold on the scores, so that whatever tunes or certifies a threshold
        can do so for moving ones; by pairs of other queries than the offsets were learned from.

        Raises:
            InputError: features of fewer queries, or another number of them.
        """
        offsets = self.offsets(features)
        if len(offsets) <= data.groups.max():
            raise InputError(f"expected features of {data.groups.max() + 1} queries, got {len(offsets)} rows")
        return replace(data, scores=data.scores - offsets[data.groups])

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "predictors": self.predictors.as_json(),
            "center": list(self.standard.center),
            "scale": list(self.standard.scale),
            "weights": list(self.weights),
            "slope": self.slope,
            "cap": self.cap,
            "ridge": self.ridge,
            "enabled": self.enabled,
            "reason": self.reason,
            "log_loss": self.log_loss.as_json(),
            "cost": self.cost and self.cost.as_json(),
            "ablation": [row.as_json() for row in self.ablation],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(
            predictors=Predictors.from_json(content["predictors"]),
            standard=Standard(tuple(map(float, content["center"])), tuple(map(float, content["scale"]))),
            weights=tuple(map(float, content["weights"])),
            slope=float(content["slope"]),
            cap=float(content["cap"]),
            ridge=float(content["ridge"]),
            enabled=bool(content["enabled"]),
            reason=str(content["reason"]),
            log_loss=Gain.from_json(content["log_loss"]),
            cost=Gain.from_json(content["cost"]) if content["cost"] else None,
            ablation=tuple(Ablation.from_json(row) for row in content["ablation"]),
        )


@dataclass(frozen=True, slots=True)
class _Path:
    """Held-out logits along falling shrinkage: ``plain`` without offsets, ``chosen`` with shrinkage chosen held out."""

    ridges: list[Floats]
    ends: list[list[Floats]]
    plain: Floats
    chosen: Floats
    best: int

    @classmethod
    def walked(cls, held: HeldOut, design: Design, limit: float) -> Self:
        ridges = [np.append(0.0, np.full(len(design.lines) - 2, strength)) for strength in STRENGTHS]
        ends: list[list[Floats]] = []
        for ridge in ridges:
            ends.append(held.logits(ridge, ends[-1] if ends else None)[1])
        data = design.data
        logits = np.stack([_capped(design.lines, held.folds, betas, limit) for betas in ends])
        fold_losses = np.stack([group_sums(data.weights * pair_losses(z, data), held.folds) for z in logits])
        total = fold_losses.sum(axis=1)
        # A fold's own loss has no say in its shrinkage.
        picked = np.argmin(total[:, None] - fold_losses, axis=0)
        chosen = logits[picked[held.folds], np.arange(len(data))]
        return cls(ridges, ends, logits[0], chosen, int(np.argmin(total)))


def _capped(lines: Floats, folds: Codes, betas: Sequence[Floats], limit: float) -> Floats:
    """Held-out logits with no query's threshold moved by more than ``limit`` standard deviations of the score."""
    own = np.stack(betas)[folds].T
    shift = np.einsum("ij,ij->j", lines[1:-1], own[1:-1])
    return np.asarray(lines[0] * own[0] + np.clip(shift, -limit * own[0], limit * own[0]) + own[-1])


def _against(ridge: float, slope: float, log_loss: Gain, cost: Gain | None) -> str:
    """Why offsets are not used; empty where they are."""
    if slope <= 0:
        return "a higher score does not make relevance likelier here: no threshold means anything"
    if ridge == OFF:
        return "no offsets predict held-out queries better than one threshold for all"
    if log_loss.queries < LEAST_QUERIES:
        return f"{log_loss.queries} queries cannot show a gain: label at least {LEAST_QUERIES}"
    if not log_loss.shown:
        return f"the held-out log-loss falls by {log_loss}: that may be chance"
    if cost is not None and not cost.shown:
        return f"the held-out cost a pair falls by {cost}: that may be chance"
    return ""


def _spent(accepted: Any, data: Labelled, costs: tuple[float, float]) -> Floats:
    return np.where(accepted, costs[0] * (1 - data.labels), costs[1] * data.labels)


def _columns(data: Labelled, features: ArrayLike, names: Sequence[str]) -> Floats:
    """Scores and, for each pair, its query's features, shape ``(n, 1 + m)``."""
    if not data.grouped:
        raise InputError("offsets by query need to know the pairs' queries: pass groups to Labelled.of")
    data.with_both("learning offsets")
    table = np.asarray(features, dtype=np.float64)
    rows = int(data.groups.max()) + 1
    # More rows than queries are left where queries were taken out; as many as pairs would be one row a pair.
    enough = table.ndim == 2 and (len(table) == rows or rows < len(table) < len(data))
    if not enough or table.shape[1] != len(names) or not names:
        raise InputError(f"expected features of shape ({rows}, {len(names)}), one row a query and at least one "
                         f"name, got {table.shape}")  # fmt: skip
    if np.isinf(table).any():
        raise InputError("features must be finite, or NaN where they are not known, got an infinite one")
    return np.column_stack([data.scores, table[data.groups]])


def _positive(value: float, what: str) -> float:
    if not 0 < value < math.inf:
        raise InputError(f"{what} must be above 0, got {value}")
    return float(value)
