"""What a policy says of the pairs of a file's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tamis.core import Candidate, Floats, Pair, Policy, Ranking, Scorer
from tamis.scoring.lines import Line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of one pair; ``why`` is empty where it accepts it."""

    probability: float | None
    why: str


def verdicts(lines: Sequence[Line], scores: Floats, scorer: Scorer, policy: Policy) -> list[list[Verdict]]:
    """What the policy says of every pair of every line; it sees the rows of a query together, or a row's list."""
    places, at = list[list[int]](), 0
    for line in lines:
        places.append(list(range(at, at + len(line.pairs))))
        at += len(line.pairs)
    groups: dict[object, list[int]] = {}
    for number, (line, own) in enumerate(zip(lines, places, strict=True)):
        groups.setdefault(number if line.many else line.pairs[0][0], []).extend(own)
    pairs = [pair for line in lines for pair in line.pairs]
    found: dict[int, Verdict] = {}
    for own in groups.values():
        if own:
            said = _decided([pairs[i] for i in own], scores[own], scorer, policy)
            found.update(zip(own, said, strict=True))
    return [[found[i] for i in own] for own in places]


def _decided(pairs: Sequence[Pair], scores: Floats, scorer: Scorer, policy: Policy) -> list[Verdict]:
    """What the policy says of the pairs of one query, in their order."""
    candidates = tuple(Candidate(document, 0.0) for _, document in pairs)
    ranking = Ranking(pairs[0][0], candidates).rescored(scorer.name, scores, fingerprint=scorer.fingerprint)
    decision = policy.decide(ranking)
    said = {c.doc.id: Verdict(c.probability, "") for c in decision.ranking}
    said |= {c.doc.id: Verdict(c.probability, why) for c, why in decision.rejected}
    return [said[document.id] for _, document in pairs]


def said(line: Line, own: Sequence[Verdict]) -> dict[str, Any]:
    """The columns that a row gains by a policy."""
    if line.many:
        return {
            "probabilities": [verdict.probability for verdict in own],
            "accepted": [not verdict.why for verdict in own],
            "reasons": [verdict.why for verdict in own],
        }
    (only,) = own
    return {"probability": only.probability, "accepted": not only.why, "reason": only.why}
