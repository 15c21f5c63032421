"""Probabilities of pairs by maps that have not seen their queries."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Labelled
from tamis.core import Calibrator, Floats
from tamis.errors import InputError


def cross_fitted(calibrator: Calibrator, data: Labelled, *, folds: int = FOLDS, seed: int = 0) -> Floats:
    """Out-of-fold probabilities, shape ``(n,)``: each pair's by a copy fitted on the other folds' queries.

    Args:
        calibrator: copied for each fold; itself it is left as it is.
        data: the pairs.
        folds: how many parts of whole queries.
        seed: another seed deals the queries otherwise.

    Raises:
        InputError: less than two folds, fewer queries than folds, or one label stands in one fold only.

    >>> from tamis.calibrate.maps.platt import Platt
    >>> data = Labelled.of([1.0, 2.0, 0.5, 4.0, 1.5, 3.0, 0.0, 2.5], [0, 1, 0, 1, 1, 0, 0, 1])
    >>> cross_fitted(Platt(), data, folds=4).shape
    (8,)
    """
    return fitted_elsewhere(calibrator, data, held_out_parts(data, folds=folds, seed=seed))


def fitted_elsewhere(calibrator: Calibrator, data: Labelled, parts: Iterable[NDArray[np.bool_]]) -> Floats:
    """Probabilities of each part's pairs by a copy fitted on all other pairs, shape ``(n,)``; 0 outside all parts."""
    found = np.zeros(len(data))
    for held_out in parts:
        train = data.where(~held_out)
        queries = train.groups if data.grouped else None
        fitted = copy.deepcopy(calibrator).fit(train.scores, train.labels, queries, train.weights)
        found[held_out] = fitted(data.scores[held_out])
    return found


def held_out_parts(data: Labelled, *, folds: int = FOLDS, seed: int = 0) -> list[NDArray[np.bool_]]:
    """Masks of the folds, shape ``(n,)`` each; outside each of them both labels occur.

    Raises:
        InputError: less than two folds, fewer queries than folds, or one label stands in one fold only.
    """
    if folds < 2:
        raise InputError(f"folds must be at least 2, got {folds}: what is fitted on some queries is checked on others")
    fold_of = query_folds(data, folds, seed=seed)
    parts = [fold_of == fold for fold in range(folds)]
    for part in parts:
        rest = data.labels[~part]
        if rest.min() == rest.max():
            what = "relevant" if rest[0] == 0 else "irrelevant"
            raise InputError(
                f"all {what} pairs stand in {'queries of one fold' if data.grouped else 'one fold'}: fitting on some "
                "queries and checking on others needs both labels on both sides; label more queries"
            )
    return parts
