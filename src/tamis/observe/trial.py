"""A canary on trial: its sessions against those of the policy that decides for all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tamis.observe.abtest import Arms, Experiment, Outcome, compare, mismatch
from tamis.observe.clicks import Satisfaction
from tamis.observe.events import Session
from tamis.observe.lifecycle.rollout import ACTIVE, CANARY

MINIMUM = 0.02  # least difference in satisfaction that matters


@dataclass(slots=True)
class Arm:
    """The sessions of one side.

    Attributes:
        decisions: how many there were.
        empty: those in which nothing was shown.
        values: satisfaction in [0, 1] of those in which it could be told.
        users: the user of each value; the request where nobody said who it was.
    """

    decisions: int = 0
    empty: int = 0
    values: list[float] = field(default_factory=list)
    users: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, sessions: Iterable[Session], satisfaction: Satisfaction) -> Arm:
        """The sessions, counted and valued."""
        made = cls()
        for session in sessions:
            made.decisions += 1
            made.empty += not session.decided.accepted
            if (value := satisfaction.of(session)) is not None:
                made.values.append(value)
                made.users.append(session.decided.user or session.decided.request)
        return made


@dataclass(frozen=True, slots=True)
class Trial:
    """How a canary does.

    Attributes:
        outcome: of satisfaction; users are the units.
        decisions: by arm.
        empty: share of decisions in which nothing was shown, by arm: satisfaction cannot see those.
    """

    outcome: Outcome
    decisions: Mapping[str, int]
    empty: Mapping[str, float]

    @property
    def better(self) -> bool | None:
        """Whether the canary is better, or as good up to what matters; None while that is not told."""
        return {"better": True, "same": True, "worse": False}.get(self.outcome.verdict)

    @property
    def sentence(self) -> str:
        """What the trial says by now."""
        shares = ", ".join(f"{arm} {100 * share:.1f} %" for arm, share in self.empty.items())
        return f"{self.outcome.sentence}; nothing was shown in {shares} of the decisions"

    def as_json(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {
            **self.outcome.as_json(),
            "better": self.better,
            "decisions": dict(self.decisions),
            "empty": dict(self.empty),
        }


def tried(name: str, share: float, canary: Arm, others: Arm) -> Trial:
    """Hold a canary against what decides for all others.

    Args:
        name: the canary's digest, by which its users were drawn.
        share: of the traffic that it gets, in (0, 1).
        canary: its sessions since it began.
        others: those of the active policy in the same time.
    """
    arms = {ACTIVE: others, CANARY: canary}
    shares = {ACTIVE: 1 - share, CANARY: share}
    experiment = Experiment(arms=Arms(name, shares), control=ACTIVE, minimum=MINIMUM)
    outcome = compare(
        experiment,
        {arm: side.values for arm, side in arms.items()},
        groups={arm: side.users for arm, side in arms.items()},
    )
    # Whether a session tells satisfaction depends on what it was shown, so the sizes that must fit are all decisions'.
    counts = {arm: side.decisions for arm, side in arms.items()}
    outcome = replace(outcome, mismatch=mismatch(counts, shares))
    return Trial(outcome, counts, {arm: side.empty / max(1, side.decisions) for arm, side in arms.items()})
