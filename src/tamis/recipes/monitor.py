"""``ThresholdMonitor``: watches what users do, and proposes a threshold where that has changed."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tamis.errors import InputError
from tamis.observe import Decided, Event, Placed, Session
from tamis.observe.clicks import SATISFACTIONS, Satisfaction
from tamis.observe.drift import MeanShift
from tamis.observe.lifecycle import Bounds

CLICKED, SKIPPED = ("点击", "click"), ("跳过", "skip")
REMEMBERED = 10_000  # sessions of which the history tells
LONG = 120.0  # seconds from which on a session counts as long as any
RECENT = 200  # sessions of which a proposal tells how they went
KEPT = Bounds(step=0.05, floor=0.1, ceiling=0.9)
NAMES = itertools.count()

What = Literal["satisfaction fell", "sessions grew longer"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold that a monitor proposes, and why.

    Attributes:
        old, new: the threshold that decides, and the one that is proposed.
        reason: in a sentence.
        before, after: what was watched, in [0, 1]: its mean when the monitor began, and over the latest sessions.
        sessions: how many of those that tell it came since the monitor began or last found a change.
    """

    old: float
    new: float
    reason: str
    before: float
    after: float
    sessions: int


class ThresholdMonitor:
    """Watches feedback, and proposes another threshold where users' satisfaction has changed.

    Differs from the founding version, which moved the threshold by itself, and never did: the figures it averaged were
    not kept. Repaired as it stands it ratchets, since five falling values in a row come by chance: in a world in which
    nothing changes it went from .70 to .9 in most runs. Here clicks are corrected for where documents stood, a change
    is found by a test that raises a false alarm in at most ``error`` of 5,000 sessions, and what it finds is a
    proposal, at most a step away and between floor and ceiling, that somebody approves. For decisions that are kept,
    trials and several servers see ``tamis.observe.Watch``.

    Args:
        initial_threshold: on the scale of the scores.
        bounds: step, floor and ceiling of proposals.
        satisfaction: how content a session's user was; the founding formula by ``satisfaction="founding"``.
        reference: sessions from which the usual satisfaction is learned, at least 20.
        error: share of monitors that may propose anything in 5,000 sessions in which nothing changes.

    Attributes:
        threshold: decides now; only ``approve`` and ``rollback`` move it.
        proposals: all that were made, the newest last.
        performance_history: satisfaction and threshold of the latest sessions.

    >>> monitor = ThresholdMonitor(0.7, reference=100)
    >>> def visit(clicked):
    ...     return {"query": "q", "returned_docs": ["a"], "user_actions": ["点击" if clicked else "跳过"]}
    >>> made = [monitor.monitor_performance(visit(at % 3 < 2)) for at in range(100)]
    >>> made += [monitor.monitor_performance(visit(False)) for at in range(60)]
    >>> [(found.old, found.new, monitor.threshold) for found in made if found]
    [(0.7, 0.75, 0.7)]
    >>> monitor.approve()
    0.75
    """

    threshold: float

    def __init__(
        self,
        initial_threshold: float,
        *,
        bounds: Bounds = KEPT,
        satisfaction: Satisfaction | Literal["corrected", "founding"] = "corrected",
        reference: int = 1500,
        error: float = 0.05,
    ) -> None:
        if not isinstance(initial_threshold, int | float) or not math.isfinite(initial_threshold):
            raise InputError(f"initial_threshold must be a finite number, got {initial_threshold!r:.60}")
        self.threshold = float(initial_threshold)
        self.bounds = bounds
        self.satisfaction = SATISFACTIONS[satisfaction]() if isinstance(satisfaction, str) else satisfaction
        self.proposals: list[Proposal] = []
        self.performance_history: deque[dict[str, float]] = deque(maxlen=REMEMBERED)
        self._error, self._reference = error, reference
        self._before: list[float] = []
        self._begin()

    def monitor_performance(self, user_feedback: Mapping[str, Any]) -> Proposal | None:
        """Take the feedback of one session; a proposal where it brings a change to light.

        Args:
            user_feedback: ``query``, ``returned_docs`` in the order shown, ``user_actions`` ("点击" or "跳过", "click"
                or "skip") for each of them, and perhaps ``session_time`` in seconds.

        Raises:
            InputError: it lacks a field, or holds another action.
        """
        session = as_session(user_feedback)
        value = self.satisfaction.of(session)
        found: What | None = None
        if value is not None:
            self.performance_history.append({"threshold": self.threshold, "satisfaction": value})
            self._latest["satisfaction fell"].append(value)
            found = "satisfaction fell" if self._satisfied.update(value) else None
        if session.seconds is not None:
            length = min(1.0, session.seconds / LONG)
            self._latest["sessions grew longer"].append(length)
            found = "sessions grew longer" if self._long.update(length) and found is None else found
        return self._proposed(found) if found else None

    def calculate_satisfaction(self, feedback: Mapping[str, Any]) -> float:
        """How content a session's user was, in [0, 1]; .5, as in the founding version, where nothing tells it."""
        value = self.satisfaction.of(as_session(feedback))
        return 0.5 if value is None else value

    def adjust_threshold_based_on_trend(self) -> Proposal | None:
        """The newest proposal that nobody has answered; the threshold stays where it is. None without one."""
        return self._open

    def approve(self) -> float:
        """Move the threshold to the newest proposal, and watch anew from there; returns it.

        Raises:
            InputError: nothing is proposed.
        """
        if self._open is None:
            raise InputError("nothing is proposed that could be approved")
        self._before.append(self.threshold)
        self.threshold = self._open.new
        self._begin()
        return self.threshold

    def rollback(self) -> float:
        """Move the threshold back to where it was before the last approval, and watch anew; returns it.

        Raises:
            InputError: nothing was approved.
        """
        if not self._before:
            raise InputError("no proposal was approved: there is nothing to go back to")
        self.threshold = self._before.pop()
        self._begin()
        return self.threshold

    def _begin(self) -> None:
        self._satisfied = MeanShift(self._reference, error=0.8 * self._error, way="fell")
        self._long = MeanShift(self._reference, error=0.2 * self._error, way="rose")
        self._latest: dict[What, deque[float]] = {what: deque(maxlen=RECENT) for what in get_args(What)}
        self._open: Proposal | None = None

    def _proposed(self, what: What) -> Proposal | None:
        """The proposal for a change; None where the threshold has no room left."""
        fell = what == "satisfaction fell"
        watched, latest = self._satisfied if fell else self._long, self._latest[what]
        wanted = self.threshold + self.bounds.step * (1 if fell else -1)
        new = round(self.bounds.kept(self.threshold, wanted), 12)
        if new == self.threshold:
            return None
        advice = "show less that may be wrong" if fell else "show more, so that people find it sooner"
        reason = f"{what}: {advice}"
        self._open = Proposal(self.threshold, new, reason, watched.mean, sum(latest) / len(latest), watched.count)
        self.proposals.append(self._open)
        return self._open


def as_session(feedback: Mapping[str, Any]) -> Session:
    """Feedback in the founding form as a session.

    Raises:
        InputError: a field is missing, another number of actions than documents, or an action that is none.

    >>> as_session({"returned_docs": ["a", "b"], "user_actions": ["跳过", "点击"]}).clicked
    {'1': 1}
    """
    if not isinstance(feedback, Mapping) or "user_actions" not in feedback:
        raise InputError(f"feedback must be a mapping with 'returned_docs' and 'user_actions', got {feedback!r:.80}")
    actions = [*feedback["user_actions"]]
    documents = [*feedback.get("returned_docs", actions)]
    if len(actions) != len(documents):
        raise InputError(f"expected an action for each of {len(documents)} documents, got {len(actions)} actions")
    if odd := [action for action in actions if action not in (*CLICKED, *SKIPPED)]:
        raise InputError(f"an action must be one of {', '.join((*CLICKED, *SKIPPED))}, got {odd[0]!r:.40}")
    events = [_event("click" if action in CLICKED else "skip", at) for at, action in enumerate(actions)]
    if (seconds := feedback.get("session_time")) is not None:
        events.append(Event("session", f"s{next(NAMES)}", value=float(seconds)))
    items = tuple(Placed(str(at), 0.0, position=at + 1) for at in range(len(documents)))
    return Session(Decided("feedback", items=items), tuple(events))


def _event(kind: Literal["click", "skip"], at: int) -> Event:
    return Event(kind, f"e{at}", document=str(at), position=at + 1)
