"""A scorer for tests that costs nothing: words in common, and a little for the length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamis.core import Floats, Pair


class Shared:
    name = "shared"
    fingerprint = "shared-1"

    def __init__(self) -> None:
        self.seen: list[int] = []

    def score(self, pairs: Sequence[Pair]) -> Floats:
        self.seen.append(len(pairs))
        return np.array([len({*q.text} & {*d.full_text}) - len(d.full_text) / 1000 for q, d in pairs], dtype=np.float64)
