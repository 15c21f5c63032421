"""The pairs that were drawn for labelling, round by round, with the chance of each: ``plan.json``.

A round is a simple random sample of one region of scores, in random order. What is labelled of it, from its beginning
on, is a sample of that region too, so a round serves ``certify`` by itself. Labels of an earlier round chose the region
of the next one; counted again within it they would make a promise look better than it is. So a promise is taken from
one round, and labels of all rounds, with the weights below, serve calibrations and reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from tamis.calibrate import Labelled
from tamis.core import Floats
from tamis.data import read_artefact, write_artefact
from tamis.decide import LabelPlan, PrecisionAtLeast, plan_labels
from tamis.errors import InputError
from tamis.labelling.pool import Pool

KIND = "tamis-label-plan"


@dataclass(frozen=True, slots=True)
class Round:
    """Pairs drawn together.

    Attributes:
        items: their names, in the order in which to label them.
        floor: lowest score of the region from which they were drawn.
        region: pairs in that region, of those that no earlier round had used.
        seed: of the draw.
        power: for several true precisions, how many accepted pairs show the promise in four of five samples.
        needed: fewest accepted pairs that can show it at all.
        advice: what the region rests on, in a sentence.
    """

    items: tuple[str, ...]
    floor: float
    region: int
    seed: int
    power: Mapping[float, int]
    needed: int
    advice: str

    @classmethod
    def of(cls, plan: LabelPlan, names: Sequence[str], seed: int) -> Self:
        """The round of a plan over pairs with these names."""
        items = tuple(names[at] for at in plan.indices.tolist())
        return cls(items, plan.floor, plan.region, seed, plan.power, plan.needed, plan.advice)

    @property
    def weight(self) -> float:
        """One over the chance with which each pair of the region was drawn."""
        return self.region / len(self.items)

    def as_json(self) -> dict[str, Any]:
        """The round as JSON values."""
        return {
            "items": list(self.items),
            "weight": self.weight,
            "floor": self.floor,
            "region": self.region,
            "seed": self.seed,
            "power": {f"{precision:.6g}": pairs for precision, pairs in self.power.items()},
            "needed": self.needed,
            "advice": self.advice,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The round that ``as_json`` wrote down."""
        power = {float(precision): int(pairs) for precision, pairs in value["power"].items()}
        names, numbers = tuple(value["items"]), (value["floor"], value["region"], value["seed"])
        return cls(names, *numbers, power=power, needed=value["needed"], advice=value["advice"])


def first_round(pool: Pool, target: PrecisionAtLeast, budget: int, seed: int = 0) -> Round:
    """The round to begin with: of the best fifth of the pool.

    Raises:
        InputError: a budget below 1, or scores that are not finite.
    """
    return Round.of(plan_labels(pool.scores, target, budget, seed=seed), [item.id for item in pool.items], seed)


def next_round(
    pool: Pool, target: PrecisionAtLeast, budget: int, rounds: Sequence[Round], labelled: Labelled | None
) -> Round:
    """A round of pairs that no earlier one used, from the region that the labels so far point to.

    Raises:
        InputError: a budget below 1, or no pair is left.
    """
    rest = _rest(pool, rounds)
    if not rest.size:
        raise InputError("every pair of the pool was drawn: add pairs in a new project")
    seed = rounds[-1].seed + 1
    plan = plan_labels(pool.scores[rest], target, budget, labelled=labelled, seed=seed)
    return Round.of(plan, [pool.items[at].id for at in rest.tolist()], seed)


def longer(pool: Pool, rounds: Sequence[Round], more: int) -> Round:
    """The last round with more pairs of its region, which are the next of the same random order.

    Raises:
        InputError: fewer than one more, or the region has no more.
    """
    last = rounds[-1]
    if more < 1:
        raise InputError(f"expected one more pair at least, got {more}")
    order = np.random.default_rng(last.seed).permutation(region_of(pool, rounds))
    if len(last.items) == order.size:
        raise InputError(f"all {order.size} pairs of the region were drawn: plan another round (replan)")
    return replace(last, items=tuple(pool.items[at].id for at in order[: len(last.items) + more].tolist()))


def region_of(pool: Pool, rounds: Sequence[Round]) -> np.ndarray:
    """Places of the pairs from which the last round was drawn."""
    *before, last = rounds
    rest = _rest(pool, before)
    return np.asarray(rest[pool.scores[rest] >= last.floor])


def cut(last: Round, used: Callable[[str], bool]) -> Round | None:
    """A round without the pairs at its end that nobody began with; None where nobody began with any."""
    length = max((place for place, item in enumerate(last.items, 1) if used(item)), default=0)
    return replace(last, items=last.items[:length]) if length else None


def weights(pool: Pool, rounds: Sequence[Round], items: Sequence[str], labelled: Callable[[str], bool]) -> Floats:
    """One over the chance with which each pair came to be labelled in any of the rounds, shape ``(len(items),)``.

    A pair is left over by earlier rounds and drawn in a later one, so chances of rounds add up as
    1 - (1 - p) (1 - q) ...; a round's chance is the share of its region that was labelled, for scores in the region.
    """
    scores = pool.scores[[pool.places[item] for item in items]]
    missed = np.ones(len(items))
    for one in rounds:
        done = sum(map(labelled, one.items))
        missed *= np.where(scores >= one.floor, 1 - done / one.region, 1.0)
    return np.asarray(1 / np.maximum(1 - missed, 1 / len(pool.items)))


def save_rounds(path: Path, rounds: Sequence[Round]) -> None:
    """Write the plan; it appears whole or not at all."""
    write_artefact(path, KIND, {"rounds": [one.as_json() for one in rounds]})


def load_rounds(path: Path) -> tuple[Round, ...]:
    """The rounds of a plan file.

    Raises:
        PolicyError: it cannot be read, or was changed by hand.
    """
    return tuple(Round.from_json(value) for value in read_artefact(path, KIND)["rounds"])


def _rest(pool: Pool, rounds: Sequence[Round]) -> np.ndarray:
    """Places of the pairs that no round used."""
    used = [pool.places[item] for one in rounds for item in one.items]
    return np.setdiff1d(np.arange(len(pool.items)), np.array(used, dtype=np.int64))
