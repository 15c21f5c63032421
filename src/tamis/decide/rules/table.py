"""The business rules: those about scores and places, and the table of all of them by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from tamis.core import Candidate, Decision, Query
from tamis.decide.policies.forms import count, keep, number, read
from tamis.decide.rules.base import Rule, pair
from tamis.decide.rules.fields import AllowField, DenyField, Fresh, MaxPerSource
from tamis.decide.rules.wording import BannedWords, Dedup, MinLength
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class MinScore(Rule):
    """Drops candidates whose score is below ``threshold``: the loose cut before a strict one.

    Attributes:
        threshold: on the score's own scale.
        stage: whose score; "" is the score that the ranking is ordered by. A candidate without that score goes.

    >>> from tamis import Document
    >>> MinScore(0.4).reasons([Candidate(Document("a", "x"), 0.7), Candidate(Document("b", "y"), 0.3)], Query("q"))
    ['', 'score 0.3 is below 0.4']
    """

    name: ClassVar[str] = "min_score"
    threshold: float
    stage: str = ""

    def __post_init__(self) -> None:
        keep(self, threshold=number(self.threshold, "min_score: threshold"))
        if not isinstance(self.stage, str):
            raise InputError(f"min_score: stage must be a stage's name, got {self.stage!r:.60}")

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: its score."""
        return [self._reason(c.scores.get(self.stage) if self.stage else c.score) for c in candidates]

    def _reason(self, score: float | None) -> str:
        of = f"{self.stage} score" if self.stage else "score"
        if score is None:
            return f"has no {of}, at least {self.threshold:g} wanted"
        found, wanted = pair(score, self.threshold)
        return f"{of} {found} is below {wanted}" if score < self.threshold else ""


@dataclass(frozen=True, slots=True)
class MinProbability(Rule):
    """Drops candidates whose calibrated probability is below ``p``.

    ``reasons`` raises InputError where a candidate has no probability: a calibration must come before the rule.

    >>> from tamis import Document
    >>> MinProbability(0.5).reasons([Candidate(Document("a", "x"), 1.0, {"probability": 0.2})], Query("q"))
    ['probability 0.2 is below 0.5']
    """

    name: ClassVar[str] = "min_probability"
    p: float

    def __post_init__(self) -> None:
        keep(self, p=number(self.p, "min_probability: p", least=0, most=1))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: its probability.

        Raises:
            InputError: a candidate has no probability.
        """
        return [self._reason(candidate) for candidate in candidates]

    def _reason(self, candidate: Candidate) -> str:
        if candidate.probability is None:
            raise InputError(
                f"min_probability: document {candidate.doc.id!r} has no probability: calibrate the ranking first, "
                "or give the policy a calibration"
            )
        found, wanted = pair(candidate.probability, self.p)
        return f"probability {found} is below {wanted}" if candidate.probability < self.p else ""


@dataclass(frozen=True, slots=True)
class MaxK(Rule):
    """Keeps the ``k`` best-ranked candidates.

    >>> from tamis import Document
    >>> MaxK(1).reasons([Candidate(Document("a", "x"), 2.0), Candidate(Document("b", "y"), 1.0)], Query("q"))
    ['', 'place 2, 1 is shown']
    """

    name: ClassVar[str] = "max_k"
    k: int

    def __post_init__(self) -> None:
        keep(self, k=count(self.k, "max_k: k"))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: its place."""
        shown = f"{self.k} {'are' if self.k > 1 else 'is'} shown"
        return [f"place {place}, {shown}" if place > self.k else "" for place in range(1, len(candidates) + 1)]


def limited(decision: Decision, k: int | None) -> Decision:
    """A decision that shows ``k`` candidates at most; what only that cuts off a policy's list is told as left out.

    >>> from tamis import Document, Ranking
    >>> found = Ranking(Query("q"), (Candidate(Document("a", "x"), 2.0), Candidate(Document("b", "y"), 1.0)))
    >>> [why for _, why in limited(Decision(found, policy="p"), 1).rejected]
    ['top_k: place 2, 1 is shown']
    """
    if k is None:
        return decision
    shown, rejected = decision.ranking[:k], decision.rejected
    if decision.policy:
        reasons = MaxK(k).reasons(decision.ranking.items, decision.ranking.query)
        rejected += tuple((c, f"top_k: {why}") for c, why in zip(decision.ranking, reasons, strict=True) if why)
    return replace(decision, ranking=shown, rejected=rejected)


KINDS: tuple[type[Rule], ...] = (
    MinScore,
    MinProbability,
    MinLength,
    BannedWords,
    Fresh,
    AllowField,
    DenyField,
    Dedup,
    MaxPerSource,
    MaxK,
)
RULES: Mapping[str, type[Rule]] = {kind.name: kind for kind in KINDS}


def rule_from_json(value: object, where: str = "rule", *, by_hand: bool = False) -> Rule:
    """A rule from what its ``as_json`` gave; written ``by_hand``, fields that have a default may be left out.

    Raises:
        PolicyError: an unknown rule, a field that is missing or unknown, or a value that the rule refuses.

    >>> rule_from_json({"rule": "max_k", "k": 3})
    MaxK(k=3)
    """
    return read(value, RULES, where, by_hand=by_hand)
