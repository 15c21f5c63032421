"""What the tests of recipes are given: a model as the founding text calls it, and results of a test set."""

from __future__ import annotations

import numpy as np

LABELS = [1, 0] * 10
SHARES = [0.9, 0.2, 0.8, 0.6, 0.7, 0.3, 0.4, 0.1, 0.85, 0.5] * 2


class ByWords:
    """A model as the founding text calls it: one query and one document in, a share out."""

    def __init__(self):
        self.asked = []

    def score(self, query, document):
        self.asked.append((query, document))
        return sum(word in document for word in query.split()) / len(query.split())


def set_of(queries=80, shift=0.0, seed=0):
    """Results of queries with ten documents each, two of them relevant; every other query scores ``shift`` higher."""
    rng = np.random.default_rng(seed)
    labels = [1, 1] + [0] * 8
    return [
        {
            "query": f"how is sieve {n} made" if n % 2 else f"怎么做筛子 {n}",
            "scores": (rng.normal(4.0 * np.array(labels)) + shift * (n % 2)).tolist(),
            "true_labels": labels,
        }
        for n in range(queries)
    ]
