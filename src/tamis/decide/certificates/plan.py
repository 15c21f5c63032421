"""Which pairs to label next, and how many: labels where they decide something are worth five drawn anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.calibrate.labelled import Labelled
from tamis.core import Floats
from tamis.decide.certificates.outlook import pairs_for_power, reached
from tamis.decide.certificates.precision import PrecisionAtLeast
from tamis.decide.certificates.walk import STARTS, pairs_needed
from tamis.errors import InputError

TOP = 0.2  # of a pool that is labelled where nothing is known yet
RICHER = (0.25, 0.5, 0.75)  # how far between the promised precision and 1 the true one may lie, for the power table
ROOM = 1.5  # a region holds this many times the pairs that the target's own threshold would accept


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """Pairs to label, and what they are good for.

    Attributes:
        indices: places of the pairs in the pool, in the order in which to label them.
        weights: one over the chance with which each was drawn; give them to ``Labelled.of`` with the labels.
        floor: lowest score of the region from which they were drawn; no certificate from them reaches below it.
        region: pairs of the pool in that region.
        power: for several true precisions of what is accepted, how many accepted pairs show the promise in four of
            five samples.
        needed: fewest accepted pairs that can show it at all, without an error among them.
        advice: what the plan rests on, in a sentence.
    """

    indices: NDArray[np.int64]
    weights: Floats
    floor: float
    region: int
    power: Mapping[float, int]
    needed: int
    advice: str

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "indices": self.indices.tolist(),
            "weights": self.weights.tolist(),
            "floor": self.floor,
            "region": self.region,
            "power": {f"{precision:.4g}": pairs for precision, pairs in self.power.items()},
            "needed": self.needed,
            "advice": self.advice,
        }


def plan_labels(
    pool: ArrayLike, target: PrecisionAtLeast, budget: int, *, labelled: Labelled | None = None, seed: int = 0
) -> LabelPlan:
    """A simple random sample of the region of scores in which the promised precision will be decided.

    Where no labels are known yet, the region is the best fifth of the pool. With some (fifty will do), it begins where
    a calibration puts the target's own threshold and takes half as many pairs again. Drawn alike within the region, the
    labels serve ``certify`` as they are; with their weights they may be put beside labels drawn otherwise.

    Args:
        pool: scores of pairs without labels, such as a month of production, shape ``(n,)``.
        target: what shall be promised.
        budget: how many pairs can be labelled.
        labelled: pairs labelled before.
        seed: another seed draws others.

    Raises:
        InputError: a budget below 1, an empty pool, or scores that are not finite.

    >>> pool = np.random.default_rng(0).normal(size=5000)
    >>> plan = plan_labels(pool, PrecisionAtLeast(0.9), 200)
    >>> len(plan.indices), plan.region, float(plan.weights[0])
    (200, 1000, 5.0)
    >>> plan.needed, plan.power
    (36, {0.925: 1019, 0.95: 231, 0.975: 85})
    """
    scores = _checked(pool, budget)
    region, advice = _region(scores, target, labelled)
    floor = float(np.sort(scores)[::-1][region - 1])
    inside = np.flatnonzero(scores >= floor)
    drawn = np.random.default_rng(seed).permutation(inside)[:budget]
    error = (1 - target.confidence) / len(STARTS)
    power = {
        precision: pairs_for_power(target.least, precision, error)
        for precision in (round(target.least + share * (1 - target.least), 6) for share in RICHER)
    }
    return LabelPlan(
        indices=drawn.astype(np.int64),
        weights=np.full(len(drawn), len(inside) / len(drawn)),
        floor=floor,
        region=len(inside),
        power=power,
        needed=pairs_needed(target.least, error),
        advice=advice,
    )


def _region(scores: Floats, target: PrecisionAtLeast, labelled: Labelled | None) -> tuple[int, str]:
    """How many of the best-scored pairs are worth labelling, and why."""
    if labelled is None or np.unique(labelled.labels).size < 2:
        return max(1, math.ceil(TOP * scores.size)), f"the best {100 * TOP:.0f} % of the pool: nothing is labelled yet"
    good = reached(labelled, scores, target.least)
    if not good:
        few = max(1, math.ceil(TOP / 4 * scores.size))
        return (
            few,
            "the labels so far do not let the promise be expected of any part of the pool; its best 5 % is tried",
        )
    region = min(scores.size, math.ceil(ROOM * good))
    return (
        region,
        f"a calibration on {len(labelled)} labels expects the promise of the best {good} of {scores.size} pairs",
    )


def _checked(pool: ArrayLike, budget: int) -> Floats:
    try:
        scores = np.asarray(pool, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"scores must be numbers, one a pair: {error}") from error
    if scores.ndim != 1 or not scores.size:
        raise InputError(f"expected the scores of at least one pair, got shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise InputError(f"scores must be finite, got {scores[~np.isfinite(scores)][0]}")
    if budget < 1:
        raise InputError(f"a budget is at least 1 label, got {budget}")
    return scores
