"""Folds of whole queries, so that what is fitted is never held against the queries it was fitted on."""

from __future__ import annotations

import numpy as np

from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.errors import InputError

FOLDS = 5


def query_folds(data: Labelled, folds: int = FOLDS, *, seed: int = 0) -> Codes:
    """The fold of each pair, shape ``(n,)``; a query's pairs stay together, relevant ones are spread evenly.

    Queries are put in the order of how many relevant pairs they have (then of their size and scores), and each
    neighbourhood of ``folds`` queries is dealt out by chance: the order in which the pairs come does not matter, since
    queries that are alike in all of this are told apart by what they hold.

    Args:
        data: the pairs.
        folds: how many parts.
        seed: another seed deals otherwise.

    Raises:
        InputError: fewer queries than folds.

    >>> data = Labelled.of([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1], ["a", "a", "b", "b"])
    >>> query_folds(data, 2).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    present, codes = np.unique(data.groups, return_inverse=True)
    count = present.size
    if count < folds:
        raise InputError(
            f"{count} {'queries' if count != 1 else 'query'} in the data: fitting on some and checking on others needs "
            f"at least {folds}; label more queries"
        )
    # Summed from the lowest score on, so that even rounding is the same in any order.
    rising = np.argsort(data.scores, kind="stable")
    held = np.unique(data.scores + 1j * data.labels, return_inverse=True)[1]
    marks = np.random.default_rng([seed, 1]).integers(2**40, size=len(data))[held].astype(np.float64)
    sums = [
        group_sums(values[rising], codes[rising]) for values in (marks, data.scores, np.ones(len(data)), data.labels)
    ]
    order = np.lexsort(sums)
    rng = np.random.default_rng(seed)
    blocks = -(-count // folds)
    dealt = np.concatenate([rng.permutation(folds) for _ in range(blocks)])[:count] if blocks < 4096 else (
        np.argsort(rng.random((blocks, folds)), axis=1).ravel()[:count]
    )  # fmt: skip
    fold_of = np.empty(count, dtype=np.int64)
    fold_of[order] = dealt
    return fold_of[codes]
