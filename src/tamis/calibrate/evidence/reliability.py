"""Whether probabilities mean what they say: log-loss, Brier score with its parts, calibration error, the curve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.evidence.bins import CurvePoint, curve, equal_mass
from tamis.calibrate.labelled import Codes, Labelled, group_sums
from tamis.calibrate.maps.isotonic import pooled
from tamis.core import Floats
from tamis.errors import InputError

BINS = 15
ROUNDS = 400  # resamples for the error's interval, and drawn sets of labels for its null band
CELLS = 40_000_000  # labels drawn in all for the null band, at most; 100 sets at least
PART = 2_000_000  # labels held at once
BLOCKS = 4096  # more queries than this are put together by chance before they are drawn again
LEAST = 1e-15  # probabilities are kept this far from 0 and 1 for the log-loss


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well probabilities agree with labels.

    Attributes:
        pairs: how many pairs.
        queries: how many queries they belong to.
        base_rate: weighted share of relevant pairs.
        mean_probability: weighted mean of the probabilities; far from ``base_rate``, they are biased.
        log_loss: in nats.
        base_log_loss: the log-loss of always saying the base rate.
        brier: mean squared error; equals miscalibration - discrimination + uncertainty.
        miscalibration: what recalibration (isotonic regression) would gain.
        discrimination: what the probabilities know beyond the base rate.
        uncertainty: the Brier score of always saying the base rate.
        error: debiased calibration error (root mean square over bins of equal mass); 0 is perfect.
        error_low: lower end of its interval.
        error_high: upper end of it.
        null_high: what a perfectly calibrated score shows at most, at the same confidence, on pairs like these.
        plain_error: the usual binned error (bins of equal width), which is never 0; for comparisons only.
        confidence: coverage of the interval, the band and the curve.
        curve: one point a bin.
        null_band: for each of these points, between which shares of relevant pairs a perfectly calibrated score's lies,
            at the same confidence.
    """

    pairs: int
    queries: int
    base_rate: float
    mean_probability: float
    log_loss: float
    base_log_loss: float
    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    error: float
    error_low: float
    error_high: float
    null_high: float
    plain_error: float
    confidence: float
    curve: tuple[CurvePoint, ...]
    null_band: tuple[tuple[float, float], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self) | {"curve": [asdict(point) for point in self.curve]}


def reliability(
    probabilities: ArrayLike, data: Labelled, *, bins: int = BINS, confidence: float = 0.95, seed: int = 0
) -> Reliability:
    """Hold probabilities against labels; give cross-fitted ones, or the figures flatter.

    The decomposition of the Brier score is CORP: its parts do not depend on bins. The interval of the calibration error
    draws queries again and is recentred on the squared scale, where the debiased error has no bias; the null band draws
    labels from the probabilities, each pair by itself.

    Args:
        probabilities: one in [0, 1] a pair, shape ``(n,)``.
        data: the labels, with their queries and weights; its scores are not read.
        bins: how many bins of equal mass the error and the curve have; equal probabilities share a bin.
        confidence: wanted coverage, in (0, 1).
        seed: the same seed gives the same intervals.

    Raises:
        InputError: another number of probabilities than labels, one outside [0, 1], or an option out of range.

    References:
        Dimitriadis, Gneiting & Jordan (PNAS 2021); Broecker (Climate Dynamics 2012) on the bias of binned errors;
        Kumar, Liang & Ma (NeurIPS 2019) on the debiased one.

    >>> data = Labelled.of([0.0] * 4, [0, 1, 0, 1], ["a", "a", "b", "b"])
    >>> found = reliability([0.1, 0.9, 0.1, 0.9], data, bins=2)
    >>> round(found.brier, 3), round(found.discrimination, 3), round(found.log_loss, 3)
    (0.01, 0.25, 0.105)
    """
    chances = _chances(probabilities, len(data))
    if not 0 < confidence < 1 or bins < 1:
        raise InputError(f"expected at least 1 bin and a confidence between 0 and 1, got {bins} and {confidence}")
    base, rng = data.base_rate, np.random.default_rng(seed)
    codes = equal_mass(chances, data.weights, bins)
    squared = float(_squared(_Sums.of(chances, data.labels, data.weights, codes)))
    low, high = _interval(chances, data, codes, squared, confidence, rng)
    errors, shares = _drawn(chances, data.weights, codes, rng)
    ends = np.quantile(shares, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    brier = _brier(chances, data)
    recalibrated = _brier(pooled(chances, data.labels, data.weights), data)
    return Reliability(
        pairs=len(data),
        queries=data.queries,
        base_rate=base,
        mean_probability=float(np.average(chances, weights=data.weights)),
        log_loss=_log_loss(chances, data),
        base_log_loss=_log_loss(np.full(len(data), base), data),
        brier=brier,
        miscalibration=brier - recalibrated,
        discrimination=base * (1 - base) - recalibrated,
        uncertainty=base * (1 - base),
        error=_root(squared),
        error_low=low,
        error_high=high,
        null_high=_root(np.quantile(errors, confidence)),
        plain_error=_plain_error(chances, data),
        confidence=confidence,
        curve=curve(chances, data, bins=bins, confidence=confidence),
        null_band=tuple((low, high) for low, high in ends.T.tolist()),
    )


def calibration_error(probabilities: ArrayLike, data: Labelled, *, bins: int = BINS) -> float:
    """The debiased calibration error alone: 0 is perfect, and a perfectly calibrated score comes near it.

    ``sqrt(max(0, sum_b n_b / n (gap_b^2 - y_b (1 - y_b) / (n_b - 1))))`` over bins of equal mass; gap_b is the share of
    relevant pairs y_b less the mean probability.

    Raises:
        InputError: another number of probabilities than labels, or one outside [0, 1].

    >>> calibration_error([0.0, 0.0, 1.0, 1.0], Labelled.of([0.0] * 4, [1, 1, 1, 1]), bins=2) > 0.7
    True
    """
    chances = _chances(probabilities, len(data))
    codes = equal_mass(chances, data.weights, bins)
    return _root(_squared(_Sums.of(chances, data.labels, data.weights, codes)))


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a binned error is made of, by bin (last axis): mass, relevant mass, mass times probability, squared mass."""

    mass: Floats
    relevant: Floats
    expected: Floats
    squares: Floats

    @classmethod
    def of(cls, chances: Floats, labels: Floats, weights: Floats, codes: Codes) -> _Sums:
        parts = (weights, weights * labels, weights * chances, weights**2)
        return cls(*(group_sums(part, codes) for part in parts))


def _plug_in(sums: _Sums) -> Floats:
    mass = np.maximum(sums.mass, 1e-300)  # a bin may be empty among queries drawn again
    shares = mass / mass.sum(axis=-1, keepdims=True)
    return np.asarray((shares * ((sums.relevant - sums.expected) / mass) ** 2).sum(axis=-1))


def _squared(sums: _Sums) -> Floats:
    """The debiased squared error: below 0 it says that the gaps are smaller than chance alone makes them."""
    observed = sums.relevant / sums.mass
    like = sums.mass**2 / sums.squares  # pairs of equal weight that would say as much
    # One pair has no variance to take off: its gap says nothing about calibration, and is left out.
    noise = np.where(like > 1, observed * (1 - observed) / np.maximum(like - 1, 1e-9), np.inf)
    gaps = ((sums.relevant - sums.expected) / sums.mass) ** 2
    shares = sums.mass / sums.mass.sum(axis=-1, keepdims=True)
    return np.asarray((shares * np.where(np.isfinite(noise), gaps - noise, 0.0)).sum(axis=-1))


def _interval(
    chances: Floats, data: Labelled, codes: Codes, squared: float, confidence: float, rng: np.random.Generator
) -> tuple[float, float]:
    blocks = np.unique(data.groups, return_inverse=True)[1]
    count, width = int(blocks.max()) + 1, int(codes.max()) + 1
    if count > BLOCKS:
        blocks, count = rng.permutation(count)[blocks] % BLOCKS, BLOCKS
    cells = blocks * width + codes
    parts = (data.weights, data.weights * data.labels, data.weights * chances)
    table = np.concatenate([group_sums(part, cells, count * width).reshape(count, width) for part in parts], axis=1)
    drawn = rng.integers(0, count, (ROUNDS, count)) + np.arange(ROUNDS)[:, None] * count
    times = np.bincount(drawn.ravel(), minlength=ROUNDS * count).reshape(ROUNDS, count).astype(np.float64)
    mass, relevant, expected = np.split(times @ table, 3, axis=1)
    found = _plug_in(_Sums(mass, relevant, expected, mass))
    tail = (1 - confidence) / 2
    # Drawing again adds the noise a second time: what the mean moved is taken off, the spread stays.
    low, high = np.quantile(found - found.mean() + squared, [tail, 1 - tail])
    return _root(low), _root(high)


def _drawn(chances: Floats, weights: Floats, codes: Codes, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Of labels drawn from the probabilities: debiased squared errors, and shares of relevant pairs by bin.

    Shapes ``(rounds,)`` and ``(rounds, bins)``.
    """
    order = np.argsort(codes, kind="stable")
    sorted_chances, sorted_weights = chances[order].astype(np.float32), weights[order]
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    mass, expected, squares = (group_sums(part, codes) for part in (weights, weights * chances, weights**2))
    size = chances.size
    rounds = int(np.clip(CELLS // size, 100, ROUNDS))
    rows, found, shares = max(1, PART // size), [], []
    for start in range(0, rounds, rows):
        labels = rng.random((min(rows, rounds - start), size), dtype=np.float32) < sorted_chances
        relevant = np.add.reduceat(labels * sorted_weights, starts, axis=1)
        found.append(_squared(_Sums(mass, relevant, expected, squares)))
        shares.append(relevant / mass)
    return np.concatenate(found), np.concatenate(shares)


def _root(squared: ArrayLike) -> float:
    return float(np.sqrt(np.clip(float(np.asarray(squared)), 0.0, 1.0)))


def _chances(probabilities: ArrayLike, size: int) -> Floats:
    chances = np.asarray(probabilities, dtype=np.float64)
    if chances.shape != (size,):
        raise InputError(f"expected {size} probabilities, one a pair, got shape {chances.shape}")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise InputError(f"probabilities must lie in [0, 1], got {chances.min():g} to {chances.max():g}")
    return chances


def _brier(chances: Floats, data: Labelled) -> float:
    return float(np.average((chances - data.labels) ** 2, weights=data.weights))


def _log_loss(chances: Floats, data: Labelled) -> float:
    inside = np.clip(chances, LEAST, 1 - LEAST)
    return -float(np.average(np.where(data.labels == 1, np.log(inside), np.log1p(-inside)), weights=data.weights))


def _plain_error(chances: Floats, data: Labelled) -> float:
    codes = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    gaps = np.abs(group_sums(data.weights * (data.labels - chances), codes))
    return float(gaps.sum() / data.weights.sum())
