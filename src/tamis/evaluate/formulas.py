"""What each measure computes, and what it is expected to be when the candidates stand in random order.

Every function takes the same three: ``gains``, one number >= 0 for each ranked document; ``ideal``, the
positive grades of all judged documents, highest first; and the rank ``cutoff``, None for no cut. It returns one number
in [0, 1]. A function named ``chance_*`` reads ``gains`` in any order, since it averages over all orders.
"""

from __future__ import annotations

import numpy as np

from tamis.core import Floats


def ndcg(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Discounted gain over that of the ideal order: gain = grade, discount log2(rank + 1).

    Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 20(4), 2002, with the discount of
    Burges et al. 2005, as trec_eval's ``ndcg_cut``.

    >>> round(ndcg(np.array([0.0, 1.0]), np.array([1.0]), 10), 4)
    0.6309
    """
    return _dcg(gains[:cutoff]) / _dcg(ideal[:cutoff]) if ideal.size else 0.0


def rr(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """One over the rank of the first relevant document, 0 when none stands within the cutoff (Voorhees, TREC-8, 1999).

    >>> rr(np.array([0.0, 1.0]), np.array([1.0]), 10)
    0.5
    """
    hits = np.flatnonzero(gains[:cutoff])
    return 1.0 / (int(hits[0]) + 1) if hits.size else 0.0


def ap(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Precision at each relevant document that was found, summed, over the number of relevant documents.

    Buckley & Voorhees, Evaluating evaluation measure stability, SIGIR 2000; trec_eval's ``map`` and ``map_cut``.

    >>> ap(np.array([1.0, 0.0, 2.0]), np.array([2.0, 1.0]), None)
    0.8333333333333333
    """
    ranks = np.flatnonzero(gains[:cutoff]) + 1
    return float((np.arange(1, ranks.size + 1) / ranks).sum()) / ideal.size if ideal.size else 0.0


def precision(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Share of the first ``cutoff`` ranks that hold a relevant document; ranks beyond a short list count against it.

    >>> precision(np.array([1.0]), np.array([1.0]), 5)
    0.2
    """
    return _hits(gains[:cutoff]) / (cutoff or max(gains.size, 1))


def recall(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Share of the relevant documents that stand within the cutoff; 0 when none is relevant.

    >>> recall(np.array([0.0, 1.0]), np.array([1.0, 1.0]), 100)
    0.5
    """
    return _hits(gains[:cutoff]) / ideal.size if ideal.size else 0.0


def chance_ndcg(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Expected nDCG in random order: every rank holds the mean gain.

    >>> chance_ndcg(np.array([1.0, 0.0]), np.array([1.0]), 1)
    0.5
    """
    return ndcg(np.full_like(gains, gains.mean()), ideal, cutoff) if gains.size else 0.0


def chance_rr(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Expected RR in random order: the first of r relevant among n stands at rank i as in drawing without return.

    >>> chance_rr(np.array([1.0, 0.0]), np.array([1.0]), None)
    0.75
    """
    relevant, left = _hits(gains), np.arange(gains.size, 0, -1)[:cutoff]
    missed = np.concatenate([[1.0], np.cumprod(np.maximum(left - relevant, 0) / left)])[:-1]
    return float((missed * np.minimum(relevant / left, 1.0) / np.arange(1, left.size + 1)).sum())


def chance_ap(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Expected AP in random order.

    Rank i is relevant with probability r/n; each rank above it then is with (r - 1)/(n - 1), which gives the
    expected precision there (Bestgen, Exact expected average precision of the random baseline, 2015).

    >>> round(chance_ap(np.array([1.0, 0.0]), np.array([1.0]), None), 2)
    0.75
    """
    count, relevant = gains.size, _hits(gains)
    if not ideal.size or not count:
        return 0.0
    ranks = np.arange(1, count + 1)[:cutoff]
    above = (ranks - 1) * (relevant - 1) / max(count - 1, 1)
    return float((relevant / count * (1 + above) / ranks).sum()) / ideal.size


def chance_precision(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Expected precision in random order: the share of relevant candidates, where a candidate stands at all.

    >>> chance_precision(np.array([1.0, 0.0]), np.array([1.0]), 4)
    0.25
    """
    reached = gains[:cutoff].size / gains.size if gains.size else 0.0
    return reached * _hits(gains) / (cutoff or max(gains.size, 1))


def chance_recall(gains: Floats, ideal: Floats, cutoff: int | None) -> float:
    """Expected recall in random order: what all candidates hold, times the share of candidates within the cutoff.

    >>> chance_recall(np.array([1.0, 0.0]), np.array([1.0]), 1)
    0.5
    """
    reached = gains[:cutoff].size / gains.size if gains.size else 0.0
    return reached * recall(gains, ideal, None)


def _hits(gains: Floats) -> int:
    return int(np.count_nonzero(gains))


def _dcg(gains: Floats) -> float:
    return float((gains / np.log2(np.arange(2, gains.size + 2))).sum())
