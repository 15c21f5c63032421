"""What a server has decided lately, in numbers: never a text, a query's id or a document's."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.core import Decision

BINS = 20
MOST = 20_000  # decisions that are remembered, some 3 MB


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision.

    Attributes:
        at: when, in seconds since 1970.
        model: the model's name.
        policy: the policy's digest; empty where everything is shown.
        candidates: documents that were ranked.
        accepted: documents that are shown.
        best: the best raw score; None without candidates.
        probability: of the best document; None where nothing is calibrated.
        expected: mean probability of the accepted documents, which is their precision if the calibration holds.
    """

    at: float
    model: str
    policy: str
    candidates: int
    accepted: int
    best: float | None
    probability: float | None
    expected: float | None

    @classmethod
    def of(cls, decision: Decision, model: str) -> Decided:
        """The numbers of a decision."""
        shown = decision.ranking.items
        every = [*shown, *(candidate for candidate, _ in decision.rejected)]
        chances = [c.probability for c in every if c.probability is not None]
        accepted = [c.probability for c in shown if c.probability is not None]
        return cls(
            time.time(),
            model,
            decision.policy,
            len(every),
            len(shown),
            max((c.score for c in every), default=None),
            max(chances, default=None),
            sum(accepted) / len(accepted) if accepted else None,
        )


class Seen:
    """The last decisions of a server, newest last; they are gone when it ends.

    Args:
        most: how many are remembered.
    """

    def __init__(self, most: int = MOST) -> None:
        self._rows: deque[Decided] = deque(maxlen=most)

    def add(self, decision: Decision, model: str) -> None:
        """Remember the numbers of a decision."""
        self._rows.append(Decided.of(decision, model))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Decided]:
        return iter([*self._rows])  # others add meanwhile

    def described(self) -> list[dict[str, Any]]:
        """By model and policy: how many decisions, how many show nothing, what is shown, and how likely it is right.

        >>> from tamis.core import Candidate, Document, Query, Ranking
        >>> seen = Seen()
        >>> found = Ranking(Query("q"), (Candidate(Document("a", "x"), 2.0),)).calibrated([0.75])
        >>> seen.add(Decision(found), "mini")
        >>> seen.described()[0]["decisions"], seen.described()[0]["expected_precision"]
        (1, 0.75)
        """
        groups: dict[tuple[str, str], list[Decided]] = {}
        for row in self:
            groups.setdefault((row.model, row.policy), []).append(row)
        return [_described(model, policy, rows) for (model, policy), rows in groups.items()]


def histogram(values: Sequence[float], bins: int = BINS) -> tuple[list[float], list[int]]:
    """Edges and counts of bins of equal width; probabilities' bins lie between 0 and 1.

    >>> histogram([0.1, 0.9, 0.95], 2)
    ([0.0, 0.5, 1.0], [1, 2])
    """
    if not values:
        return [], []
    within = (0.0, 1.0) if min(values) >= 0 and max(values) <= 1 else None
    counts, edges = np.histogram(values, bins, within)
    return edges.tolist(), counts.tolist()


def _described(model: str, policy: str, rows: list[Decided]) -> dict[str, Any]:
    known = [row.expected for row in rows if row.expected is not None]
    return {
        "model": model,
        "policy": policy,
        "decisions": len(rows),
        "since": rows[0].at,
        "until": rows[-1].at,
        "candidates": sum(row.candidates for row in rows),
        "accepted": sum(row.accepted for row in rows),
        "empty": sum(not row.accepted for row in rows),
        "expected_precision": sum(known) / len(known) if known else None,
        "calibrated": all(row.probability is not None for row in rows if row.candidates),
        "best": histogram(_best(rows)),
    }


def _best(rows: Sequence[Decided]) -> list[float]:
    """Each decision's best probability; its best raw score where not all have one."""
    known = [row.probability for row in rows if row.probability is not None]
    scores = [row.best for row in rows if row.best is not None]
    return known if len(known) == len(scores) else scores
