"""Rules that choose thresholds, tried many times in worlds whose truth is known: what they claim, what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from tamis.calibrate import Labelled
from tamis.calibrate.maps.platt import Platt
from tamis.decide import FBeta, Issued, PrecisionAtLeast, certify

from ..calibrate import worlds

LEAST, CONFIDENCE = 0.9, 0.95
TARGET = PrecisionAtLeast(LEAST, confidence=CONFIDENCE)
W3_PRECISION_90 = 3.2499  # W3's truth, measured on 100,000 queries


@dataclass
class Tally:
    """What came of many trials of one rule."""

    trials: int = 0
    thresholds: list[float] = field(default_factory=list)

    @property
    def issued(self) -> float:
        return len(self.thresholds) / self.trials

    def violations(self, lowest: float) -> float:
        """Share of all trials with a threshold below that at which the truth is LEAST."""
        return float(np.sum(np.array(self.thresholds) < lowest)) / self.trials

    @property
    def recall(self) -> float:
        """Mean true recall of the issued thresholds."""
        return float(np.mean(worlds.recall(np.array(self.thresholds)))) if self.thresholds else float("nan")

    @property
    def precision(self) -> float:
        """Mean true precision of the issued thresholds, in W1 and worlds with its margins."""
        return float(np.mean(worlds.precision(np.array(self.thresholds)))) if self.thresholds else float("nan")


Rule = Callable[[Labelled], float | None]


def tally(rule: Rule, drawn: Iterable[worlds.Drawn]) -> Tally:
    found = Tally()
    for world in drawn:
        found.trials += 1
        threshold = rule(Labelled.of(world.scores, world.labels, world.groups))
        if threshold is not None:
            found.thresholds.append(threshold)
    return found


def certified(data: Labelled) -> float | None:
    found = certify(data, TARGET)
    return found.threshold if isinstance(found, Issued) else None


def same_data_f1(data: Labelled) -> float:
    """The usual recipe: the threshold with the best F1 on the labelled pairs."""
    return FBeta().choose(data)


def empirical(data: Labelled) -> float | None:
    """The other usual recipe: the loosest threshold at which the labelled pairs show the precision."""
    chosen = TARGET.choose(data)
    return chosen if np.isfinite(chosen) else None


def platt(data: Labelled) -> float | None:
    """Calibrate, then take the loosest score at which the accepted are expected to be right often enough."""
    scores = np.sort(data.scores)[::-1]
    chances = Platt().fit(data.scores, data.labels)(scores)
    good = np.flatnonzero(np.cumsum(chances) / np.arange(1, len(scores) + 1) >= LEAST)
    return float(scores[good[-1]]) if good.size else None


RULES: dict[str, Rule] = {
    "F1 on the same data": same_data_f1,
    "empirical precision": empirical,
    "Platt": platt,
    "certificate": certified,
}


def targeted(labels: int, trial: int, pool: int = 5000) -> worlds.Drawn:
    """That many labels drawn from the best-scored fifth of a pool of W1."""
    rng = np.random.default_rng([labels, trial, 3])
    grades = rng.choice(3, size=pool, p=worlds.SHARES)
    scores = worlds.MEANS[grades] + worlds.SPREADS[grades] * rng.standard_normal(pool)
    best = np.flatnonzero(scores >= np.quantile(scores, 0.8))
    drawn = rng.choice(best, size=labels, replace=False)
    return worlds.Drawn(scores[drawn], (grades[drawn] == 0).astype(float), np.arange(labels))
