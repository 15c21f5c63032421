"""Where everything stands: what decides, what it promises, what is on trial, and what the last look found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tamis.decide import Policy
from tamis.evaluate.significance import Interval
from tamis.observe.lifecycle.states import Standing, State
from tamis.observe.promise import Promise
from tamis.observe.trial import Trial


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy as it stands.

    Attributes:
        digest: of the policy; empty for the one that shows everything.
        name: what people call it.
        state: candidate, shadow, canary, active or retired.
        threshold: on the scale of the scores; None where there is none for all.
        target: what it was tuned for, as JSON values.
        share: of the traffic, for a canary.
        evidence: what it was proposed on; empty where people brought it.
    """

    digest: str
    name: str
    state: State
    threshold: float | None
    target: Mapping[str, Any]
    share: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, digest: str, policy: Policy | None, standing: Standing) -> PolicyLine:
        """A policy's line."""
        state = standing.states.get(digest, "active")
        return cls(
            digest, standing.names.get(digest, ""), state, policy.thresholds.default if policy else None,
            policy.target if policy else {}, standing.share if state == "canary" else 0.0,
            standing.evidence.get(digest, {}),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The line as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything stands.

    Attributes:
        policies: all that were ever heard of, in the order in which they were.
        standing: the fold of the ledger that this was read from.
        promise: of the policy that decides, and whether it holds.
        counts: decisions of the last seven days by model, policy and arm, as ``Store.counts`` gives them.
        events: how many of each kind in the last seven days.
        satisfaction: of the latest sessions of the active policy; None where too few told any.
        trial: how the canary does; None without one.
        at: when this was read, in seconds since 1970.
    """

    policies: Sequence[PolicyLine]
    standing: Standing
    promise: Promise
    counts: Sequence[Mapping[str, Any]]
    events: Mapping[str, int]
    satisfaction: Interval | None = None
    trial: Trial | None = None
    at: float = field(default_factory=time.time)

    @property
    def active(self) -> PolicyLine | None:
        """The policy that decides; None before any was told of."""
        return next((line for line in self.policies if line.state == "active"), None)

    @property
    def decisions(self) -> int:
        """How many there were in the last seven days."""
        return sum(int(row["decisions"]) for row in self.counts)

    @property
    def sentence(self) -> str:
        """The most important of it, as a person reads it."""
        if self.standing.alarm is not None:
            return f"ALARM: {self.standing.alarm.details.get('sentence', 'see the last look')}"
        if self.standing.of("candidate"):
            return "a policy is proposed and waits for approval"
        if self.trial is not None:
            return self.trial.sentence
        if self.standing.look is None:
            return "too few decisions since the policy began to look at: nothing is told yet"
        return "the last look found nothing that speaks against the policy"

    def as_json(self) -> dict[str, Any]:
        """The status as JSON values."""
        now, active = self.standing, self.active
        alarm = None if now.alarm is None else {"id": now.alarm.id, "at": now.alarm.at, **now.alarm.details}
        seen = self.satisfaction
        return {
            "at": self.at,
            "sentence": self.sentence,
            "active": None if active is None else active.as_json(),
            "promise": self.promise.as_json(),
            "alarm": alarm,
            "look": None if now.look is None else dict(now.look),
            "policies": [line.as_json() for line in self.policies],
            "trial": None if self.trial is None else self.trial.as_json(),
            "decisions": self.decisions,
            "counts": [dict(row) for row in self.counts],
            "events": dict(self.events),
            "satisfaction": None if seen is None else {
                "mean": seen.mean, "low": seen.low, "high": seen.high, "sessions": seen.queries,
            },
        }  # fmt: skip
