"""What can be said about observing: where it is kept, for how long, and how far a machine may go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tamis.errors import InputError
from tamis.observe.clicks import ClickModel, Corrected, Exploration, PositionBias, Satisfaction
from tamis.observe.drift import LookOptions
from tamis.observe.lifecycle.bounds import Bounds


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How decisions and feedback are kept and watched.

    Attributes:
        store: the path of an SQLite file, or ``postgresql://...``; empty keeps nothing.
        texts: keep texts of queries and documents, which labelling again needs; hashes of them otherwise.
        kept_first: a server answers when its decision is on the disk, some milliseconds later, and refuses where it
            cannot be kept; otherwise it is written behind the answer, and ``kill -9`` may lose the last ones.
        days: after which decisions and events are deleted; 0 keeps them. The ledger is always kept.
        every: seconds between two looks of a server.
        settle: seconds that a session's user has to act before what they did not click counts.
        approval: ``"human"`` lets people move policies; ``"auto"`` moves a proposed one to shadow, canary and, where
            sessions show that it is better, into charge.
        share: of the traffic that a canary gets where nobody says more.
        dwell: seconds below which a click did not satisfy.
        eta: how fast people look less far down: places are looked at with probability ``1 / position ** eta``.
        relevant, noise: chance of a click on a document that is relevant, or is not, once it was looked at.
        exploration: showing a little of what is left out, to learn about it; off by default.
        looks: when a look raises an alarm.
        bounds: what proposals keep to.

    Raises:
        InputError: a number that cannot be.

    >>> WatchOptions().model.noise
    0.1
    """

    store: str = ""
    texts: bool = False
    kept_first: bool = False
    days: float = 0.0
    every: float = 60.0
    settle: float = 600.0
    approval: Literal["human", "auto"] = "human"
    share: float = 0.05
    dwell: float = 0.0
    eta: float = 1.0
    relevant: float = 0.8
    noise: float = 0.1
    exploration: Exploration = field(default_factory=Exploration)
    looks: LookOptions = field(default_factory=LookOptions)
    bounds: Bounds = field(default_factory=Bounds)

    def __post_init__(self) -> None:
        """Refuse what cannot be before anything is kept."""
        if min(self.days, self.dwell, self.settle) < 0 or not self.every > 0 or not 0 < self.share < 1:
            raise InputError(
                "observe: expected days, dwell and settle of at least 0, every above 0 and a share between 0 and 1, "
                f"got {self.days}, {self.dwell}, {self.settle}, {self.every} and {self.share}"
            )
        _ = self.model

    @property
    def model(self) -> ClickModel:
        """How clicks come about."""
        return ClickModel(PositionBias(self.eta), self.relevant, self.noise)

    @property
    def satisfaction(self) -> Satisfaction:
        """How content a session's user was."""
        return Corrected(PositionBias(self.eta), dwell=self.dwell)
