"""Simulated worlds whose truth is known: W1 to W5 (thresholds) and W7, W8 (calibrators); every draw is seeded.

Three grades of pairs (relevant, partial, irrelevant) have normal logits; label 1 is relevant. ``precision``, ``recall``
and ``posterior`` are the exact truths of W1, which W2 shares and W4 and W5 shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

MEANS = np.array([3.0, 0.3, -2.5])
SPREADS = np.array([1.5, 1.2, 1.5])
SHARES = np.array([0.2, 0.3, 0.5])
BASE_RATE = float(SHARES[0])
PRECISION_90 = 2.2796528  # the logit at which precision is 0.9
RECALL_90 = 0.6844686  # recall there


@dataclass(frozen=True)
class Drawn:
    """Pairs drawn from a world: logits, labels (0.0 or 1.0), queries, and segments where the world has them."""

    scores: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    segments: np.ndarray | None = None


def tails(logit):
    """Mass of each grade at or above a logit, shape ``(..., 3)``."""
    return SHARES * norm.sf((np.asarray(logit, dtype=float)[..., None] - MEANS) / SPREADS)


def precision(logit):
    """True share of relevant pairs among those at or above a logit."""
    mass = tails(logit)
    return mass[..., 0] / mass.sum(-1)


def recall(logit):
    """True share of relevant pairs that lie at or above a logit."""
    return norm.sf((np.asarray(logit, dtype=float) - MEANS[0]) / SPREADS[0])


def posterior(logit):
    """True probability of relevance at a logit."""
    density = SHARES * norm.pdf((np.asarray(logit, dtype=float)[..., None] - MEANS) / SPREADS) / SPREADS
    return density[..., 0] / density.sum(-1)


def independent(count, trial):
    """W1: independent pairs."""
    return _mixture(np.random.default_rng([count, trial]), count)


def clustered(queries, trial, between=1.0, documents=10):
    """W2: queries with an offset of variance ``between`` (0 to 1.3), 30 % of them without an answer; W1's margins."""
    rng = np.random.default_rng([queries, trial, 7])
    relevant = np.where(rng.random(queries) < 0.7, 0.2 / 0.7, 0.0)[:, None]
    drawn = rng.random((queries, documents))
    grades = np.where(drawn < relevant, 0, np.where(drawn < relevant + (1 - relevant) * 0.375, 1, 2))
    offsets = np.sqrt(between) * rng.standard_normal((queries, 1))
    rest = np.sqrt(SPREADS**2 - between)[grades] * rng.standard_normal((queries, documents))
    return _by_query(MEANS[grades] + offsets + rest, grades)


def confused(queries, trial=None, documents=20):
    """W3: in 6 % of queries partial documents score like relevant ones; precision 0.9 at 3.2499, recall .4334 there.

    Without a trial, the draw that this truth was measured on (100,000 queries, key 0).
    """
    rng = np.random.default_rng(0 if trial is None else [queries, trial, 11])
    grades = rng.choice(3, size=(queries, documents), p=SHARES)
    bad = rng.random(queries) < 0.06
    scores = MEANS[grades] + SPREADS[grades] * rng.standard_normal((queries, documents))
    other = MEANS[0] + SPREADS[0] * rng.standard_normal((queries, documents))
    return _by_query(np.where(bad[:, None] & (grades == 1), other, scores), grades)


def segmented(trial, count=6000):
    """W4: 30 % of the pairs are segment 1, where all scores are 1 higher: precision there is W1's at a logit less 1."""
    rng = np.random.default_rng([trial, 31])
    drawn = _mixture(rng, count)
    shifted = rng.random(count) < 0.3
    return Drawn(drawn.scores + shifted, drawn.labels, drawn.groups, shifted.astype(np.int64))


def swapped(scores):
    """W5: the logits that another model gives to the same pairs; the ranking is the same."""
    return 1.6 * np.asarray(scores) - 1


def for_calibrators(count, run):
    """W7: W1's pairs, drawn for calibrators; the truth is ``posterior``."""
    return _mixture(np.random.default_rng([count, run, 21]), count)


def calibrator_tests(count=20_000):
    """W7's test logits."""
    return _mixture(np.random.default_rng(99), count).scores


def calibrated(count, run):
    """W8: probabilities that are true, and labels drawn from them."""
    rng = np.random.default_rng([count, run, 9])
    chances = rng.beta(0.6, 1.5, count)
    return Drawn(chances, (rng.random(count) < chances).astype(float), np.arange(count))


def divergence(truth, predicted, least=1e-6):
    """Mean Kullback-Leibler divergence in nats of predicted probabilities from true ones."""
    kept = np.clip(predicted, least, 1 - least)
    return float(np.mean(_times_log(truth, truth / kept) + _times_log(1 - truth, (1 - truth) / (1 - kept))))


def _times_log(factor, ratio):
    return np.where(factor > 0, factor * np.log(np.where(factor > 0, ratio, 1.0)), 0.0)


def _mixture(rng, count):
    grades = rng.choice(3, size=count, p=SHARES)
    scores = MEANS[grades] + SPREADS[grades] * rng.standard_normal(count)
    return Drawn(scores, (grades == 0).astype(float), np.arange(count))


def _by_query(scores, grades):
    queries, documents = scores.shape
    return Drawn(scores.ravel(), (grades == 0).ravel().astype(float), np.repeat(np.arange(queries), documents))
