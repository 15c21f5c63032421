"""The greatest product of each of some vectors with any of others, on the calling thread."""

from __future__ import annotations

import numpy as np

from tamis.core import Vectors

# Multiplications up to which OpenBLAS keeps to the calling thread. Its other threads spin for a while after each larger
# product, and on two cores that took half of the model's time.
SINGLE = 2**18


def nearest(query: Vectors, document: Vectors, least: float = -1) -> Vectors:
    """The greatest product of each query vector with a document's, shape ``(len(query),)``, at least ``least``.

    >>> nearest(np.eye(2, dtype=np.float32), np.array([[0.6, 0.8], [0.8, -0.6]], dtype=np.float32)).tolist()
    [0.800000011920929, 0.800000011920929]
    """
    best = np.full(len(query), least, dtype=np.float32)
    step = max(1, SINGLE // max(1, query.size))
    for start in range(0, len(document), step):
        part = document[start : start + step]
        # One row would make a matrix-vector product, which BLAS spreads over threads at a much smaller size.
        products = (part * query).sum(axis=1)[None] if len(query) == 1 else query @ part.T
        np.maximum(best, products.max(axis=1), out=best)
    return best
