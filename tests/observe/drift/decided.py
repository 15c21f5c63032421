"""Decisions of simulated worlds, as they are kept."""

from __future__ import annotations

import numpy as np

from tamis.observe import Decided, Placed

from ...calibrate import worlds

CHANCES = np.linspace(-12, 14, 2001)


def probability(scores):
    """The true probability of relevance in W1 and W2, looked up."""
    return np.interp(scores, CHANCES, worlds.posterior(CHANCES))


def decided(scores, threshold=worlds.PRECISION_90, **fields):
    """Decisions over lists of scores, shape ``(queries, candidates)``, with what reaches the threshold shown."""
    found = []
    for name, (row, chances) in enumerate(zip(scores, probability(scores), strict=True)):
        order = np.argsort(-row)
        items = []
        for place, at in enumerate(order.tolist(), 1):
            shown = row[at] >= threshold
            items.append(Placed(f"d{at}", float(row[at]), float(chances[at]), place if shown else 0, text=f"t{at}"))
        found.append(Decided(f"r{name}", items=tuple(items), query=f"q{name}", **{"scorer": "sha256:a", **fields}))
    return found


def clustered(queries, trial, between=1.0, change=lambda scores: scores, **fields):
    """Decisions over W2."""
    return decided(change(worlds.clustered(queries, trial, between).scores.reshape(queries, -1)), **fields)
