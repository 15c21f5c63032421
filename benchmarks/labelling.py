"""What ways of labelling do to a promise: one round, two, both counted together, looks in between, more after a no.

    python benchmarks/labelling.py [TRIALS]

Pools of 5,000 pairs of three worlds whose true precision above any threshold is known (two normal distributions of
irrelevant pairs, one of relevant ones), a tenth, a fifth and two fifths of the pairs relevant. Wanted: precision .9
with 95 % confidence. A row says how often a threshold was issued, how often it was issued and its true precision lies
below .9, its mean true recall, and how many labels were spent.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tamis.calibrate import Labelled
from tamis.core import Floats
from tamis.decide import PrecisionAtLeast, certify, plan_labels

TARGET = PrecisionAtLeast(0.9)
MEANS, SPREADS = np.array([3.0, 0.3, -2.5]), np.array([1.5, 1.2, 1.5])
WORLDS = {"a tenth": (0.1, 0.3, 0.6), "a fifth": (0.2, 0.3, 0.5), "two fifths": (0.4, 0.3, 0.3)}
POOL, PILOT, BUDGET, LOOK = 5000, 50, 200, 25
REFERENCE = 400_000  # pairs from which a world's true precision is read


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pool with its labels, which are looked at only where they are paid for."""

    scores: Floats
    labels: Floats

    def round(self, budget: int, seed: int, used: Floats, before: Labelled | None = None) -> tuple[Floats, float]:
        """Places of a round's pairs among those not used, and the size of its region."""
        rest = np.setdiff1d(np.arange(POOL), used)
        plan = plan_labels(self.scores[rest], TARGET, budget, labelled=before, seed=seed)
        return rest[plan.indices], float(plan.region)

    def at(self, places: Floats, weights: Floats | None = None) -> Labelled:
        """The labelled pairs at these places."""
        return Labelled.of(self.scores[places], self.labels[places], None, weights)


Outcome = tuple[float | None, int]  # the threshold, and the labels spent


def threshold(data: Labelled) -> float | None:
    found = certify(data, TARGET)
    return found.threshold if found.issued else None


def one_round(pool: Drawn, seed: int) -> Outcome:
    return threshold(pool.at(pool.round(BUDGET, seed, np.zeros(0))[0])), BUDGET


def looks(pool: Drawn, seed: int) -> Outcome:
    """Asked after every 25 labels, and stopped at the first yes."""
    places = pool.round(BUDGET, seed, np.zeros(0))[0]
    for count in range(LOOK, BUDGET + 1, LOOK):
        if (found := threshold(pool.at(places[:count]))) is not None:
            return found, count
    return None, BUDGET


def extended(pool: Drawn, seed: int) -> Outcome:
    """Refused, made as long again, asked once more."""
    places = pool.round(2 * BUDGET, seed, np.zeros(0))[0]
    found = threshold(pool.at(places[:BUDGET]))
    return (found, BUDGET) if found is not None else (threshold(pool.at(places)), 2 * BUDGET)


def two_rounds(pool: Drawn, seed: int) -> Outcome:
    """The second round in the region that the first points to; the promise from the second alone."""
    first, _ = pool.round(PILOT, seed, np.zeros(0))
    second, _ = pool.round(BUDGET - PILOT, seed + 1, first, pool.at(first))
    return threshold(pool.at(second)), BUDGET


def together(pool: Drawn, seed: int) -> Outcome:
    """The same two rounds, weighted and counted together."""
    first, region = pool.round(PILOT, seed, np.zeros(0))
    second, other = pool.round(BUDGET - PILOT, seed + 1, first, pool.at(first))
    both = np.concatenate([first, second])
    early = np.where(pool.scores[both] >= pool.scores[first].min(), PILOT / region, 0.0)
    late = np.where(pool.scores[both] >= pool.scores[second].min(), second.size / other, 0.0)
    return threshold(pool.at(both, 1 / (1 - (1 - early) * (1 - late)))), BUDGET


WAYS: dict[str, Callable[[Drawn, int], Outcome]] = {
    "one round of 200": one_round,
    "one round of 200, asked after every 25": looks,
    "200; refused: 200 more, asked again": extended,
    "50, then 150 elsewhere; the 150 alone": two_rounds,
    "50, then 150 elsewhere; both, weighted": together,
}


def world(shares: tuple[float, ...], size: int, key: list[int]) -> Drawn:
    rng = np.random.default_rng(key)
    grades = rng.choice(3, size=size, p=shares)
    return Drawn(MEANS[grades] + SPREADS[grades] * rng.standard_normal(size), (grades == 0).astype(np.float64))


def row(name: str, shares: tuple[float, ...], way: Callable[[Drawn, int], Outcome], trials: int) -> str:
    truth = world(shares, REFERENCE, [0])
    found = [way(world(shares, POOL, [1, trial]), 10 * trial) for trial in range(trials)]
    issued = [at for at, _ in found if at is not None]
    kept = [truth.scores >= at for at in issued]
    wrong = sum(float(truth.labels[above].mean()) < TARGET.least for above in kept)
    reached = np.mean([truth.labels[above].sum() / truth.labels.sum() for above in kept]) if kept else math.nan
    spent = np.mean([labels for _, labels in found])
    return f"| {name} | {len(issued) / trials:.3f} | {wrong / trials:.3f} | {reached:.3f} | {spent:.0f} |"


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print("| relevant | way | issued | issued and below .9 | mean true recall | labels |\n|---|---|---|---|---|---|")
    for name, shares in WORLDS.items():
        for title, way in WAYS.items():
            print(row(f"{name} | {title}", shares, way, trials), flush=True)


if __name__ == "__main__":
    main()
