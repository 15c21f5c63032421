"""What is observed: decisions as they are kept, what users did with them, and both together."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias, get_args

from tamis.core import Candidate, Decision
from tamis.errors import InputError

EventKind: TypeAlias = Literal["click", "skip", "dwell", "session", "rating", "conversion"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
VALUED = ("dwell", "session", "rating")  # kinds that are nothing without a value


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a user did; names and numbers only, never a text.

    Attributes:
        kind: ``click`` or ``skip`` of a document, ``dwell`` (seconds on it), ``session`` (seconds from the answer to
            the last act), ``rating`` (of a document, or of the whole answer where none is named), ``conversion``.
        event: its name; what is sent twice under one name counts once.
        request: the id that the answer carried.
        document: the document's id.
        query: a name of the query, where there is no request.
        position: the document's place on the page, from 1; None where nobody said it.
        value: seconds of a dwell or session, at least 0; the grade of a rating; the worth of a conversion.
        user: a name of the user or session, best a hashed one.
        at: when it happened, in seconds since 1970.

    Raises:
        InputError: no such kind, a value that is missing or not finite, a place below 1.

    >>> Event("dwell", "e1", request="r1", document="d7", value=31.5).value
    31.5
    """

    kind: EventKind
    event: str
    request: str = ""
    document: str = ""
    query: str = ""
    position: int | None = None
    value: float | None = None
    user: str = ""
    at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        """Refuse what no event can be."""
        if self.kind not in KINDS:
            raise InputError(f"an event's kind must be one of {', '.join(KINDS)}, got {self.kind!r:.60}")
        if not self.event:
            raise InputError("an event needs a name, so that it counts once however often it is sent")
        if self.position is not None and self.position < 1:
            raise InputError(f"an event's position is counted from 1, got {self.position}")
        if self.value is None and self.kind in VALUED:
            raise InputError(f"an event of the kind {self.kind!r} needs a value")
        if self.value is not None and not (math.isfinite(self.value) and (self.value >= 0 or self.kind == "rating")):
            raise InputError(f"the value of a {self.kind} must be a finite number of at least 0, got {self.value}")
        if not math.isfinite(self.at):
            raise InputError(f"an event's time must be seconds since 1970, got {self.at}")

    def as_json(self) -> dict[str, Any]:
        """The event as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate of a decision: what it scored, and where it was put.

    Attributes:
        document: its id.
        score: raw, of the stage that the policy reads.
        probability: calibrated; None where nothing is calibrated.
        position: its place on the page, from 1; 0 where it was left out.
        propensity: the chance that it was shown at all, in (0, 1]: 1 for what the policy shows, the rate of exploration
            for what is shown only to learn about it, and for what was left out the chance that it would not have been.
        reason: why it was left out; empty for what is shown.
        text: its text or the hash of it; empty where neither is kept.
    """

    document: str
    score: float
    probability: float | None = None
    position: int = 0
    propensity: float = 1.0
    reason: str = ""
    text: str = ""

    @property
    def shown(self) -> bool:
        """Whether users could see it."""
        return self.position > 0

    def as_json(self) -> list[Any]:
        """The candidate as a short JSON list, in the order of its fields."""
        return [getattr(self, name) for name in self.__slots__]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(*values)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it is kept.

    Attributes:
        request: its id, which the answer carried.
        at: when, in seconds since 1970.
        model: the model's name.
        scorer: what exactly gave the scores.
        policy: the policy's digest; empty where everything is shown.
        arm: which part of the traffic it belongs to, such as ``"canary"``; empty for what all others get.
        query: the query's text or the hash of it.
        user: a hash of the user's name; empty where nobody said it.
        none_relevant: calibrated probability that nothing answers; None where the policy cannot tell.
        segment: such as the query's language; empty where none was told.
        items: all candidates, best first: those that are shown, then those that were left out.
    """

    request: str
    at: float = 0.0
    model: str = ""
    scorer: str = ""
    policy: str = ""
    arm: str = ""
    query: str = ""
    user: str = ""
    none_relevant: float | None = None
    segment: str = ""
    items: tuple[Placed, ...] = ()

    @classmethod
    def of(cls, decision: Decision, request: str, *, stage: str = "", **rest: Any) -> Self:
        """A decision with the numbers of its candidates; texts stand in ``query`` and ``text`` until they are hashed.

        Args:
            decision: the decision.
            request: its id.
            stage: whose scores are kept; what the ranking is ordered by otherwise.
            rest: further fields.

        >>> from tamis.core import Document, Query, Ranking
        >>> found = Ranking(Query("sieve"), (Candidate(Document("a", "x"), 2.0),)).calibrated([0.75])
        >>> kept = Decided.of(Decision(found), "r1", model="mini")
        >>> kept.accepted, kept.best, kept.expected
        (1, 2.0, 0.75)
        """
        shown = [_placed(c, stage, place) for place, c in enumerate(decision.ranking, 1)]
        left = [_placed(c, stage, 0, why) for c, why in decision.rejected]
        query = decision.ranking.query.text
        known = {"at": time.time(), "query": query, "policy": decision.policy, "none_relevant": decision.none_relevant}
        return cls(request, items=(*shown, *left), **{**known, **rest})

    @property
    def accepted(self) -> int:
        """How many candidates are shown."""
        return sum(item.shown for item in self.items)

    @property
    def best(self) -> float | None:
        """The best raw score; None without candidates."""
        return max((item.score for item in self.items), default=None)

    @property
    def expected(self) -> float | None:
        """Mean probability of what is shown, which is its precision if the calibration holds; None where unknown."""
        known = [item.probability for item in self.items if item.shown and item.probability is not None]
        return sum(known) / len(known) if known else None


def _placed(candidate: Candidate, stage: str, position: int, reason: str = "") -> Placed:
    score = candidate.scores.get(stage, candidate.score)
    return Placed(candidate.doc.id, score, candidate.probability, position, 1.0, reason, candidate.doc.full_text)


@dataclass(frozen=True, slots=True)
class Session:
    """A decision with what its user did, in the order of time.

    >>> shown = Decided("r1", items=(Placed("a", 2.0, position=1), Placed("b", 1.0, position=2)))
    >>> session = Session(shown, (Event("click", "e1", document="b"), Event("dwell", "e2", document="b", value=40.0)))
    >>> session.clicked, session.dwell
    ({'b': 1}, {'b': 40.0})
    """

    decided: Decided
    events: tuple[Event, ...] = ()

    @property
    def clicked(self) -> Mapping[str, int]:
        """How often each document was clicked, by its id."""
        found: dict[str, int] = {}
        for event in self.events:
            if event.kind == "click":
                found[event.document] = found.get(event.document, 0) + 1
        return found

    @property
    def dwell(self) -> Mapping[str, float]:
        """Longest dwell on each document in seconds, by its id."""
        found: dict[str, float] = {}
        for event in self.events:
            if event.kind == "dwell" and event.value is not None:
                found[event.document] = max(event.value, found.get(event.document, 0.0))
        return found

    def satisfied(self, dwell: float = 0.0) -> frozenset[str]:
        """Documents with a click that satisfied, by their ids.

        Args:
            dwell: seconds below which it did not; a click whose dwell is not known did.
        """
        long = self.dwell
        return frozenset(document for document in self.clicked if long.get(document, dwell) >= dwell)

    @property
    def seconds(self) -> float | None:
        """Length of the session in seconds; None where nobody said it."""
        return max((e.value for e in self.events if e.kind == "session" and e.value is not None), default=None)

    def values(self, kind: EventKind) -> list[float]:
        """What the events of a kind say, in the order of time."""
        return [event.value for event in self.events if event.kind == kind and event.value is not None]
