"""What share of candidates cannot be told apart by their score, and of queries nothing was shown for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.evaluate.ratios import Ratio, ratio
from tamis.observe.events import Decided


def tied(scores: ArrayLike, groups: Groups) -> NDArray[np.bool_]:
    """Which scores another candidate of the same query has too, as saturated ones do; shape ``(n,)``.

    >>> tied([0.5, 0.5, 0.5, 0.9], ["a", "a", "b", "b"]).tolist()
    [True, True, False, False]
    """
    values, names = np.asarray(scores, dtype=np.float64), np.asarray(groups)
    if values.ndim != 1 or values.shape != names.shape:
        raise InputError(f"expected a score and a query a candidate, got shapes {values.shape} and {names.shape}")
    if not values.size:
        return np.zeros(0, dtype=np.bool_)
    codes = np.unique(names, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((values, codes))
    same = (np.diff(values[order]) == 0) & (np.diff(codes[order]) == 0)
    found = np.zeros(values.size, dtype=np.bool_)
    found[order] = np.concatenate([same, [False]]) | np.concatenate([[False], same])
    return found


def tie_rate(scores: ArrayLike, groups: Groups, *, confidence: float = 0.95) -> Ratio:
    """Share of candidates whose score another candidate of the same query has, with an interval over queries.

    Ties are what half precision and quantised heads make of scores near their ends: the order among them is chance.

    Args:
        scores: shape ``(n,)``.
        groups: the query of each.
        confidence: of the interval, in (0, 1).

    Raises:
        InputError: other counts of queries than of scores, or a confidence outside (0, 1).

    >>> tie_rate([0.5, 0.5, 0.5, 0.9], ["a", "a", "b", "b"]).value
    0.5
    """
    found, codes = tied(scores, groups), _codes(groups)
    return ratio(_sums(codes, found.astype(np.float64)), _sums(codes, np.ones(found.size)), confidence=confidence)


def answerless_rate(decisions: Sequence[Decided], *, confidence: float = 0.95) -> Ratio:
    """Share of decisions that show nothing, with an interval.

    >>> answerless_rate([Decided("r1"), Decided("r2")]).value
    1.0
    """
    empty = np.array([decided.accepted == 0 for decided in decisions], dtype=np.float64)
    return ratio(empty, np.ones(empty.size), confidence=confidence)


def _codes(groups: Groups) -> NDArray[np.int64]:
    return np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1).astype(np.int64)


def _sums(codes: NDArray[np.int64], values: Floats) -> Floats:
    return np.asarray(np.bincount(codes, weights=values), dtype=np.float64)
