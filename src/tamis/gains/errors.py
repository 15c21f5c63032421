"""Which queries of a study are worth a look: the worst, those that a stage hurts, near misses, suspect labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tamis.core import Floats
from tamis.evaluate.compare import MAIN
from tamis.evaluate.gain import BOTH, NEITHER, RERANK, REWRITE
from tamis.evaluate.mistakes import (
    KINDS,
    Listed,
    Mistake,
    counted,
    hurt,
    mistakes,
    moved,
    near_miss,
    suspects,
    worst,
)
from tamis.gains.study import Found

MOST = 30  # queries of a list
LOOKED_AT = 200  # worst queries in which mistakes are looked for
MOVES = 8  # documents of a query whose move is told

# A list's name, the system that hurts, and what it is held against.
HURTS: Mapping[str, tuple[str, str]] = {
    "rerank hurts": (RERANK, NEITHER),
    "rewrite hurts": (REWRITE, NEITHER),
    "rewrite hurts rerank": (BOTH, RERANK),
}


@dataclass(frozen=True)
class Errors:
    """The queries of a study that are worth a look, by their places among its queries.

    Attributes:
        found: the study's figures and rankings.
    """

    found: Found

    @cached_property
    def lists(self) -> dict[str, list[int]]:
        """By name: the worst queries of the last system, those that lost most by a stage, near misses, suspects."""
        last = self.found.last
        made = {"worst": worst(self._values(last), MOST)}
        for name, (one, other) in HURTS.items():
            if one in self.found.rankings and other in self.found.rankings:
                made[name] = hurt(self._values(other), self._values(one), MOST)
        places = range(len(self.found.queries))
        made["near miss"] = [at for at in places if near_miss(self._listed(last, at)) is not None]
        if RERANK in self.found.rankings:
            made["suspect label"] = sorted(self.suspects)
        return made

    @cached_property
    def suspects(self) -> dict[int, list[str]]:
        """Documents that may be relevant though no label says so, by the query's place; none without a reranker."""
        rankings = self.found.rankings
        if RERANK not in rankings:
            return {}
        pairs = enumerate(zip(rankings[RERANK], rankings[NEITHER], strict=True))
        made = {at: suspects(one, first, self.grades(at)) for at, (one, first) in pairs}
        return {at: documents for at, documents in made.items() if documents}

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The kinds of mistakes of the last system, in its worst queries."""
        last = self.found.last
        return mistakes({at: self._listed(last, at) for at in worst(self._values(last), LOOKED_AT)})

    def grades(self, at: int) -> Mapping[str, int]:
        """The grades of a query."""
        return self.found.study.collection.qrels[self.found.queries[at].id]

    def as_json(self) -> dict[str, Any]:
        """The lists as JSON values; where a stage hurts, what moved."""
        return {
            "lists": {name: [self._row(name, at) for at in places] for name, places in self.lists.items()},
            "mistakes": {kind: count for kind, count in counted(self.mistakes).items() if kind in KINDS},
        }

    def _row(self, name: str, at: int) -> dict[str, Any]:
        found = self.found
        row: dict[str, Any] = {
            "query": found.queries[at].id,
            "text": found.queries[at].text,
            "rewritten": found.asked[at][0].text,
            str(MAIN): {system: float(self._values(system)[at]) for system in found.rankings},
        }
        if name in HURTS:
            one, other = HURTS[name]
            moves = moved(found.rankings[other][at], found.rankings[one][at], self.grades(at))
            row["moved"] = [move.as_json() for move in moves[:MOVES]]
        elif name == "near miss":
            row["rank"] = near_miss(self._listed(found.last, at))
        elif name == "suspect label":
            row["documents"] = self.suspects[at]
        return row

    def _values(self, system: str) -> Floats:
        return self.found.gain.systems[system][MAIN]

    def _listed(self, system: str, at: int) -> Listed:
        return Listed.of(self.found.rankings[system][at], self.grades(at))
