"""Which pairs to label again after an alarm: near the threshold, contradicted by clicks, and some drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from tamis.decide import PrecisionAtLeast, plan_labels
from tamis.errors import InputError
from tamis.observe.events import Decided, Placed, Session

HIGH = 0.7  # probability from which clicks that do not come contradict it
NEAR, CONTRADICTED = 0.4, 0.2  # shares of the budget; the rest is drawn at random

Reason: TypeAlias = Literal["near the threshold", "contradicted by clicks", "drawn at random"]


@dataclass(frozen=True, slots=True)
class Again:
    """A pair to label again.

    Attributes:
        item: its name.
        query_id: the query's name: its text, or the hash of it.
        query: the query's text or the hash of it.
        document_id: the document's name.
        document: its text or the hash of it; empty where neither is kept.
        score: raw.
        weight: one over the chance with which it was chosen; ``Labelled.of`` takes it with the label.
        reason: why.
    """

    item: str
    query_id: str
    query: str
    document_id: str
    document: str
    score: float
    weight: float
    reason: Reason

    def as_json(self) -> dict[str, Any]:
        """The pair as a row that ``tamis label new --pairs`` reads."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Pair:
    """A pair of the window: how it was scored last, and how often it was looked at and clicked."""

    name: str
    query: str
    item: Placed
    seen: int = 0
    clicks: int = 0

    @property
    def contradiction(self) -> float:
        """How many relevant answers the probability promised those who looked, and nobody clicked."""
        chance = self.item.probability
        return self.seen * chance if chance is not None and chance >= HIGH and not self.clicks else 0.0


def relabel_queue(
    kept: Sequence[Decided | Session],
    threshold: float,
    budget: int,
    *,
    target: PrecisionAtLeast | None = None,
    seed: int = 0,
) -> list[Again]:
    """The pairs that are worth labels again, of those that were decided on.

    Two fifths lie nearest to the threshold, on both sides alike; up to a fifth has a high probability and was looked
    at, which is to say that something below it was clicked, but never clicked itself; both are chosen for sure. The
    rest is drawn at random from all others. So the chance of each is known, and with their weights all labels together
    are unbiased for the whole window. With a target, the random part is drawn from the region of scores in which its
    promise is decided (``plan_labels``), and pairs below speak for nothing but themselves.

    Args:
        kept: decisions of the window, or sessions, whose clicks count then; a pair that comes twice is taken once.
        threshold: raw score from which candidates are shown.
        budget: pairs that can be labelled.
        target: what shall be promised anew.
        seed: another seed draws others.

    Raises:
        InputError: a budget below 1, a threshold that is not finite, or decisions without candidates.

    References:
        Horvitz and Thompson, "A generalization of sampling without replacement from a finite universe" (JASA 1952).

    >>> items = tuple(Placed(f"d{n}", 0.1 * n, position=20 - n, text=f"text {n}") for n in range(20))
    >>> rows = relabel_queue([Decided("r1", query="sieve", items=items)], threshold=1.0, budget=5)
    >>> [(row.document_id, row.reason) for row in rows[:2]], rows[-1].weight
    ([('d10', 'near the threshold'), ('d9', 'near the threshold')], 6.0)
    """
    if budget < 1 or not np.isfinite(threshold):
        raise InputError(f"expected a budget of at least 1 and a finite threshold, got {budget} and {threshold}")
    pairs = list(_pairs(kept).values())
    if not pairs:
        raise InputError("no pairs: the decisions have no candidates; give a window in which something was found")
    if budget >= len(pairs):
        return [_row(pair, 1.0, "drawn at random") for pair in pairs]
    near = _nearest(pairs, threshold, int(NEAR * budget))
    taken = set(near)
    left = [pair for place, pair in enumerate(pairs) if place not in taken]
    left.sort(key=lambda pair: -pair.contradiction)
    against = [pair for pair in left[: int(CONTRADICTED * budget)] if pair.contradiction > 0]
    rest = left[len(against) :]
    drawn, weight = _drawn(rest, budget - len(near) - len(against), target, seed)
    return [
        *(_row(pairs[place], 1.0, "near the threshold") for place in near),
        *(_row(pair, 1.0, "contradicted by clicks") for pair in against),
        *(_row(pair, weight, "drawn at random") for pair in drawn),
    ]


def _pairs(kept: Sequence[Decided | Session]) -> Mapping[tuple[str, str], _Pair]:
    """Each query with each document once, as it was scored last."""
    found: dict[tuple[str, str], _Pair] = {}
    for one in kept:
        decided, clicked = (one.decided, one.clicked) if isinstance(one, Session) else (one, {})
        deepest = max((item.position for item in decided.items if item.document in clicked), default=0)
        for item in decided.items:
            key = (decided.query or decided.request, item.document)
            pair = found.setdefault(key, _Pair("", key[0], item))
            pair.name, pair.item = f"{decided.request}:{item.document}", item
            pair.clicks += clicked.get(item.document, 0)
            # People read from the top: who clicked further down has looked at what stands above.
            pair.seen += 0 < item.position < deepest
    return found


def _nearest(pairs: Sequence[_Pair], threshold: float, most: int) -> list[int]:
    """Places of the pairs nearest to the threshold, from above and from below in turn."""
    apart = np.array([pair.item.score - threshold for pair in pairs])
    order = np.argsort(np.abs(apart), kind="stable")
    above, below = (order[side[order]] for side in (apart >= 0, apart < 0))
    more = max((most + 1) // 2, most - below.size)
    kept = np.concatenate([above[:more], below[: most - min(more, above.size)]])
    return [int(place) for place in kept[np.argsort(np.abs(apart[kept]), kind="stable")]]


def _drawn(rest: Sequence[_Pair], most: int, target: PrecisionAtLeast | None, seed: int) -> tuple[list[_Pair], float]:
    """A simple random sample, and one over the chance of each of its pairs."""
    if most < 1:
        return [], 1.0
    if target is not None:
        plan = plan_labels([pair.item.score for pair in rest], target, most, seed=seed)
        return [rest[place] for place in plan.indices.tolist()], float(plan.weights[0])
    chosen = np.random.default_rng(seed).choice(len(rest), min(most, len(rest)), replace=False)
    return [rest[place] for place in chosen.tolist()], len(rest) / chosen.size


def _row(pair: _Pair, weight: float, reason: Reason) -> Again:
    item = pair.item
    return Again(pair.name, pair.query, pair.query, item.document, item.text, item.score, weight, reason)
