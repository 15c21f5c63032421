"""The best of many scores, in an order that does not depend on how they were found."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def top(scores: NDArray[np.floating[Any]], ranks: NDArray[np.integer[Any]], k: int) -> NDArray[np.int64]:
    """Where the ``k`` highest scores stand, highest first; equal scores in the order of ``ranks``.

    Args:
        scores: shape ``(n,)``.
        ranks: shape ``(n,)``, the rank of each document's id among all ids.
        k: at least 1.

    >>> top(np.array([1.0, 3.0, 1.0, 0.5]), np.array([2, 0, 1, 3]), 2).tolist()
    [1, 2]
    """
    kept = np.arange(len(scores))
    if k < len(scores):
        kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
    return kept[np.lexsort((ranks[kept], -scores[kept]))][:k]
