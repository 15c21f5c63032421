"""What rewriting gains, what reranking gains, and what both gain together: the 2x2, as statistics over four systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.errors import InputError
from tamis.evaluate.compare import HIT, MAIN, difference, figures, hits, on_slices
from tamis.evaluate.evaluation import Evaluation
from tamis.evaluate.family import Difference, counted, family
from tamis.evaluate.measures import RR, R
from tamis.evaluate.significance import paired
from tamis.evaluate.slices import Masks

NEITHER, REWRITE, RERANK, BOTH = SYSTEMS = ("neither", "rewrite", "rerank", "both")
INTERACTION = "interaction"
MEASURES = (MAIN, RR @ 10, HIT, R @ 100)

# What is compared: the gain's name, the better system, and what it is held against.
GAINS: Mapping[str, tuple[str, str]] = {
    "rewrite": (REWRITE, NEITHER),
    "rerank": (RERANK, NEITHER),
    "both": (BOTH, NEITHER),
    "rewrite if rerank": (BOTH, RERANK),
    "rerank if rewrite": (BOTH, REWRITE),
}
SLICED = ("rewrite", "rerank", "both")


@dataclass(frozen=True, slots=True)
class Gain:
    """The 2x2 on one set of queries.

    Attributes:
        systems: the figures of "neither", "rewrite", "rerank" and "both"; the last two are missing without a reranker.
        tests: every gain by nDCG@10, the interaction, every gain by hit@1, then the slices; all of them are one family.
    """

    systems: Mapping[str, Evaluation]
    tests: tuple[Difference, ...]

    def test(self, name: str, by: str = str(MAIN), kind: str = "", part: str = "") -> Difference:
        """One comparison.

        Raises:
            InputError: it was not made.
        """
        for one in self.tests:
            if (one.name, one.by, one.kind, one.part) == (name, by, kind, part):
                return one
        known = ", ".join(dict.fromkeys(one.name for one in self.tests))
        raise InputError(f"no comparison {name!r} by {by}, only of {known}")

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "queries": len(self.systems[NEITHER].queries),
            "systems": {name: figures(one) for name, one in self.systems.items()},
            "comparisons": counted(self.tests),
            "tests": [one.as_json() for one in self.tests],
        }


def gain(systems: Mapping[str, Evaluation], masks: Masks | None = None) -> Gain:
    """Hold the systems of the 2x2 against one another.

    The interaction is, query by query, both - rewrite - rerank + neither: what rewriting adds once there is a reranker,
    less what it adds without one. Above 0 the two help each other, below 0 they do the same work twice; its test is the
    randomisation test, so its wins are the queries where the whole is more than the parts.

    Args:
        systems: evaluations of the same queries by name: "neither" and "rewrite", and with a reranker "rerank", "both".
        masks: parts of the queries, from ``sliced``, declared before the results.

    Raises:
        InputError: a system is missing or unknown, they are not of the same queries, or lack nDCG@10 or P@1.

    >>> from tamis.evaluate import evaluate
    >>> qrels = {"q1": {"a": 1}, "q2": {"b": 1}}
    >>> poor, good = {"q1": {"z": 2.0, "a": 1.0}}, {"q1": {"a": 1.0}, "q2": {"b": 1.0}}
    >>> runs = {"neither": poor, "rewrite": good, "rerank": good, "both": good}
    >>> found = gain({name: evaluate(run, qrels, MEASURES) for name, run in runs.items()})
    >>> round(found.test("both").paired.difference, 3), round(found.test("interaction").paired.difference, 3)
    (0.685, -0.685)
    """
    names = set(systems)
    if names not in ({NEITHER, REWRITE}, set(SYSTEMS)):
        raise InputError(f"expected the systems {', '.join(SYSTEMS)}, or the first two; got {', '.join(systems)}")
    made = {name: pair for name, pair in GAINS.items() if names >= set(pair)}
    tests = [difference(name, systems[one], systems[two]) for name, (one, two) in made.items()]
    if BOTH in systems:
        tests.append(_interaction(systems))
    tests += [hits(name, systems[one], systems[two]) for name, (one, two) in made.items()]
    for name in (name for name in SLICED if name in made):
        one, two = (systems[each][MAIN] for each in made[name])
        tests += on_slices(name, one, two, masks or {})
    ordered = {name: systems[name] for name in SYSTEMS if name in systems}
    return Gain(ordered, family(tests))


def _interaction(systems: Mapping[str, Evaluation]) -> Difference:
    with_reranker = systems[BOTH][MAIN] - systems[RERANK][MAIN]
    without = systems[REWRITE][MAIN] - systems[NEITHER][MAIN]
    return Difference.of(INTERACTION, str(MAIN), paired(with_reranker, without), differences=with_reranker - without)
