"""Pairs scored a piece at a time, so that people see how far it is and can stop it, however slow the model is."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from tamis.core import Floats, Pair, Progress, Scorer
from tamis.pipeline import SEEN, chunks, scored
from tamis.score import depends_on_companions

FIRST, LEAST = 32, 8  # pairs
SHORT, LONG = 0.5, 2.0  # seconds: a piece below is followed by one of twice its size, one above by one of half


def scored_in_pieces(scorer: Scorer, pairs: Sequence[Pair], told: Progress) -> Floats:
    """Raw logits of the pairs; ``told`` hears of each piece, and may end the work by raising.

    A piece is as large as what the scorer does in about a second. A scorer whose scores depend on a query's other
    candidates is given these together, whatever they cost.
    """
    told(0, len(pairs))
    if depends_on_companions(scorer):
        return scored(scorer, pairs, told)
    scores, done, size = np.zeros(len(pairs)), 0, FIRST
    for chunk in chunks(scorer, pairs):
        while len(chunk):
            began = time.monotonic()
            piece, chunk = chunk[:size], chunk[size:]
            scores[piece] = scorer.score([pairs[at] for at in piece])
            done += len(piece)
            told(done, len(pairs))
            size = resized(size, time.monotonic() - began)
    return scores


def resized(size: int, seconds: float) -> int:
    """How large the next piece is after one that took so long.

    >>> resized(32, 0.1), resized(32, 1.0), resized(32, 9.0)
    (64, 32, 16)
    """
    if seconds < SHORT:
        return min(2 * size, SEEN)
    return max(size // 2, LEAST) if seconds > LONG else size
