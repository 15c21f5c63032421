"""Intervals of agreement coefficients, by drawing the items again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tamis.core import Floats
from tamis.data.agree.coefficients import NOTHING, Coefficient, checked
from tamis.errors import InputError

CELLS = 1 << 22  # numbers held at once while drawing
WORK = 2_000_000_000  # kinds of items x labels x resamples: above, fewer are drawn
LEAST = 200
DEFINED = 0.5  # an interval needs at least this share of resamples in which the coefficient is defined


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval; None and the reason where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends, or None."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def estimates(
    coefficients: Mapping[str, Coefficient],
    counts: Floats,
    *,
    confidence: float = 0.95,
    rounds: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Coefficients with percentile bootstrap intervals over items, all from the same resamples.

    Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Resamples in which a coefficient is not
    defined are left out. Where no two annotators disagree at all, drawing again shows nothing else: the lower end is
    then what the coefficient would be at the upper limit of the share of disputed items (Clopper & Pearson 1934).

    Args:
        coefficients: by the name under which the estimates are wanted.
        counts: how many annotators gave each item each label, shape ``(items, labels)``.
        confidence: wanted coverage, in (0, 1).
        rounds: resamples drawn; fewer, but at least 200, of more than two million different items x labels.
        seed: the same seed gives the same intervals, whatever the order of items and annotators.

    Raises:
        InputError: counts of another shape, or an option out of range.

    >>> from tamis.data.agree.coefficients import Fleiss
    >>> found = estimates({"kappa": Fleiss()}, np.array([[2, 0], [2, 0], [0, 2], [1, 1]] * 25))["kappa"]
    >>> round(found.value, 3), round(found.low, 1), round(found.high, 1)
    (0.467, 0.3, 0.6)
    """
    if not 0 < confidence < 1 or rounds < 1:
        raise InputError(f"confidence must lie between 0 and 1 and rounds be 1 or more, got {confidence} and {rounds}")
    # Items with the same counts are interchangeable: a resample is how often each kind of item comes up.
    kinds, times = np.unique(checked(counts), axis=0, return_counts=True)
    rounds = min(rounds, max(LEAST, WORK // kinds.size))
    drawn: dict[str, list[Floats]] = {name: [] for name in coefficients}
    for part in _drawn(times, rounds, seed):
        for name, coefficient in coefficients.items():
            observed, expected = coefficient.parts(kinds, part)
            defined = expected > NOTHING
            drawn[name].append(1 - observed[defined] / expected[defined])
    shared = int(times[kinds.sum(axis=1) > 1].sum())
    tail = (1 - confidence) / 2
    found = {}
    for name, coefficient in coefficients.items():
        observed, expected = coefficient.parts(kinds, times[None].astype(np.float64))
        point = (float(observed[0]), float(expected[0]))
        found[name] = _estimate(*point, np.concatenate(drawn[name]), (shared, rounds), tail)
    return found


def _estimate(observed: float, expected: float, drawn: Floats, sizes: tuple[int, int], tail: float) -> Estimate:
    items, rounds = sizes
    if not items:
        return Estimate(None, reason="no item has labels of two annotators")
    if expected <= NOTHING:
        return Estimate(None, reason="only one label is used, so there is nothing to correct agreement for")
    value = 1 - observed / expected
    if observed <= NOTHING:
        return Estimate(value, max(-1.0, 1 - (1 - tail ** (1 / items)) / expected), value)
    if items < 2:
        return Estimate(value, reason="one item has labels of two annotators: an interval needs more")
    if drawn.size < DEFINED * rounds:
        return Estimate(value, reason="one label is so rare that most resamples have only the other")
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))


def _drawn(times: np.ndarray, rounds: int, seed: int) -> Iterator[Floats]:
    """How often each kind of item comes up in each resample, shape ``(some rounds, kinds)``, in parts."""
    rng, items = np.random.default_rng(seed), int(times.sum())
    few = times.size * 16 < items
    which = np.repeat(np.arange(times.size), times)
    rows = max(1, CELLS // (times.size if few else items))
    for start in range(0, rounds, rows):
        size = min(rows, rounds - start)
        if few:
            yield rng.multinomial(items, times / items, size).astype(np.float64)
        else:
            taken = which[rng.integers(0, items, (size, items))] + np.arange(size)[:, None] * times.size
            yield np.bincount(taken.ravel(), minlength=size * times.size).reshape(size, -1).astype(np.float64)
