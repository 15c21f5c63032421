"""Exploration: now and then something that the threshold left out is shown, to learn whether it should have been."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tamis.core import Candidate, Decision
from tamis.decide.rules.base import Rule
from tamis.errors import InputError
from tamis.observe.events import Decided

MOST = 0.05  # of the requests: more than that is no exploration but a worse threshold
LEFT_OUT = "threshold:"  # how the reason begins of what reached no threshold
EXPLORED, PROPENSITY = "explored", "propensity"  # names of the notes


@dataclass(frozen=True, slots=True)
class Exploration:
    """A share of the requests also shows one candidate that the threshold left out, at the end of the list.

    What is never shown is never clicked: from the clicks of what a threshold shows, nobody can learn that it is too
    high. Which requests explore, and what they show, hangs on a hash of the request's id and the seed alone: all
    servers do the same, and a request that is sent again gets the same answer.

    Attributes:
        rate: share of the requests, from 0 (off) to .05.
        depth: one of so many of the best that the threshold left out is drawn, each as likely.
        seed: another seed explores in other requests.
        alone: also where nothing else is shown; off, an answer of nothing stays so, and what is learned holds for
            requests that show something.

    >>> from tamis.core import Document, Query, Ranking
    >>> shown = Ranking(Query("sieve"), (Candidate(Document("a", "tamis"), 0.9),))
    >>> decision = Decision(shown, ((Candidate(Document("b", "hat"), 0.6), "threshold: score 0.6 is below 0.7"),))
    >>> explored = [Exploration(0.05).apply(decision, f"r{n}") for n in range(2000)]
    >>> sum(len(one.ranking) == 2 for one in explored)
    96
    """

    rate: float = 0.0
    depth: int = 1
    seed: int = 0
    alone: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no exploration."""
        if not 0 <= self.rate <= MOST or self.depth < 1:
            raise InputError(
                f"expected a rate of exploration from 0 to {MOST} and a depth of at least 1, got {self.rate} and "
                f"{self.depth}: to show more, lower the threshold"
            )

    def apply(self, decision: Decision, request: str, rules: Sequence[Rule] = ()) -> Decision:
        """The decision with, perhaps, one more candidate at its end.

        What could have been explored carries ``explored`` and ``propensity`` in its notes: the chance of what became of
        it, ``rate / n`` for the one of n that is shown and ``1 - rate / n`` for the others.

        Args:
            decision: what the policy decided.
            request: the request's id.
            rules: those of the policy behind its threshold (``Policy.after``), which what was left out never met: only
                what passes them is explored. A limit on how many are shown does not apply.

        Raises:
            InputError: a request without an id cannot be told from another.
        """
        if not self.rate or not (len(decision.ranking) or self.alone):
            return decision
        if not request:
            raise InputError("exploration needs the request's id: it decides which requests explore")
        pool = self._pool(decision, rules)
        if not pool:
            return decision
        chance = self.rate / len(pool)
        turn = self._drawn(request, "turn")
        chosen = pool[int(self._drawn(request, "which") * len(pool))] if turn < self.rate else -1
        rejected, added = list[tuple[Candidate, str]](), list[Candidate]()
        for at, (candidate, reason) in enumerate(decision.rejected):
            if at == chosen:
                added.append(_noted(candidate, True, chance))
            else:
                rejected.append((_noted(candidate, False, 1 - chance) if at in pool else candidate, reason))
        ranking = replace(decision.ranking, items=(*decision.ranking.items, *added))
        return replace(decision, ranking=ranking, rejected=tuple(rejected))

    def _pool(self, decision: Decision, rules: Sequence[Rule]) -> list[int]:
        """Places in ``rejected`` of what may be explored."""
        left = [at for at, (_, reason) in enumerate(decision.rejected) if reason.startswith(LEFT_OUT)]
        for rule in rules:
            shown = decision.ranking.items
            candidates = [*shown, *(decision.rejected[at][0] for at in left)]
            reasons = rule.reasons(candidates, decision.ranking.query)[len(shown) :]
            left = [at for at, why in zip(left, reasons, strict=True) if not why]
        return left[: self.depth]

    def _drawn(self, request: str, what: str) -> float:
        """A number in [0, 1) that hangs on the seed and the request alone."""
        key = f"tamis exploration {self.seed} {what}".encode()
        hashed = hashlib.blake2b(request.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=8).digest()
        return (int.from_bytes(hashed) >> 11) / 2**53


def _noted(candidate: Candidate, explored: bool, propensity: float) -> Candidate:
    notes: Mapping[str, Any] = {**candidate.notes, EXPLORED: explored, PROPENSITY: propensity}
    return replace(candidate, notes=notes)


def propensities(decision: Decision) -> dict[str, float]:
    """The chance of what became of each candidate, by its document's id: 1 for all that no exploration touched.

    >>> from tamis.core import Document, Query, Ranking
    >>> propensities(Decision(Ranking(Query("sieve"), (Candidate(Document("a", "tamis"), 0.9),))))
    {'a': 1.0}
    """
    candidates = [*decision.ranking, *(candidate for candidate, _ in decision.rejected)]
    return {candidate.doc.id: float(candidate.notes.get(PROPENSITY, 1.0)) for candidate in candidates}


def with_propensities(decided: Decided, decision: Decision) -> Decided:
    """A decision as it is kept, its candidates with the propensities of the decision that it was made from."""
    known = propensities(decision)
    items = tuple(replace(item, propensity=known.get(item.document, item.propensity)) for item in decided.items)
    return replace(decided, items=items)
