"""How content the user of a session was, as far as what they did can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from tamis.errors import InputError
from tamis.observe.clicks.examination import Examination, PositionBias
from tamis.observe.events import Session

Told: TypeAlias = Literal[
    "rated", "converted", "clicked", "bounced", "skipped", "given up", "answered", "nothing shown", "unknown"
]
TIMED_OUT = 120.0  # seconds after which the founding formula gives nothing for speed


class Satisfaction(Protocol):
    """A number in [0, 1] for a session, or None where what the user did tells nothing."""

    def of(self, session: Session) -> float | None: ...


class Judged(NamedTuple):
    """How content a user was, in [0, 1] or None, and what told it."""

    value: float | None
    told: Told


@dataclass(frozen=True, slots=True)
class Founding:
    """The founding formula: ``.7 * clicks / (clicks + skips) + .3 * max(0, 1 - seconds / 120)``; .5 without an action.

    Kept for comparison. Clicks count wherever they were, a long session counts against the answer, and a page that was
    passed over looks like one that answered by itself if nobody logs skips. Where the length of the session is not
    known, the share of clicks stands alone.

    >>> from tamis.observe.events import Decided, Event
    >>> events = Event("click", "1", document="a"), Event("skip", "2", document="b"), Event("session", "3", value=60.0)
    >>> round(Founding().of(Session(Decided("r"), events)), 3)
    0.5
    """

    def of(self, session: Session) -> float | None:
        """The formula's value."""
        kinds = [event.kind for event in session.events]
        clicks, skips = kinds.count("click"), kinds.count("skip")
        if not clicks + skips:
            return 0.5
        share, seconds = clicks / (clicks + skips), session.seconds
        return share if seconds is None else 0.7 * share + 0.3 * max(0.0, 1 - seconds / TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Corrected:
    """Satisfied clicks among the places that were looked at, each weighed by one over how likely it is looked at.

    What is read first decides:

    1. *rated*: the mean of the last grade of each document, or the last grade of the whole answer where there is one.
    2. *converted*: 1.
    3. *clicked*: ``sum(satisfied / examined) / sum(1 / examined)`` over the places down to the deepest that was clicked
       or skipped (self-normalised inverse propensities, as in Swaminathan and Joachims, NIPS 2015): what stands below
       was not seen, as far as anybody knows, and does not count against the answer. In [0, 1] by itself.
    4. *bounced*: clicks, none of them satisfied: 0.
    5. *skipped*: no click, and a skip was logged: the page was seen and passed over: 0.
    6. *given up*: no click within ``patience`` seconds, where ``patience`` says that texts are read elsewhere: 0.
    7. *answered*: no click, the user left within ``quick`` seconds, and the first document had a probability of at
       least ``sure``: perhaps the page itself answered (good abandonment; Li, Huffman, Tokuda, SIGIR 2009). No number:
       what the model believes of itself is no evidence for it. It is told apart, so that it does not count as failure.
    8. *nothing shown* and *unknown*: no number.

    All skipped and answered on the page thus differ by what clients send: skips and the session's length. Where they
    send clicks only, silence says nothing, sessions without a click have no number, and the mean is of sessions with a
    click: then watch the share of *unknown* too.

    Attributes:
        examination: how likely each place is looked at.
        dwell: seconds below which a click did not satisfy; a click of unknown length did.
        ratings: the worst and the best grade; grades outside are taken as these.
        patience: seconds after which a session without a click was given up; None where texts are read on the page.
        quick: longest session, in seconds, that a page can have answered.
        sure: least probability of the first document there.

    >>> from tamis.observe.events import Decided, Event, Placed
    >>> shown = Decided("r1", items=(Placed("a", 2.0, 0.9, 1), Placed("b", 1.0, 0.6, 2), Placed("c", 0.5, 0.5, 3)))
    >>> Corrected().judged(Session(shown, (Event("click", "1", document="b"),)))
    Judged(value=0.6666666666666666, told='clicked')
    >>> Corrected().judged(Session(shown, (Event("skip", "1", document="a"),)))
    Judged(value=0.0, told='skipped')
    >>> Corrected().judged(Session(shown, (Event("session", "1", value=8.0),)))
    Judged(value=None, told='answered')
    """

    examination: Examination = field(default_factory=PositionBias)
    dwell: float = 0.0
    ratings: tuple[float, float] = (0.0, 1.0)
    patience: float | None = None
    quick: float = 30.0
    sure: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        worst, best = self.ratings
        if not (math.isfinite(worst) and math.isfinite(best) and worst < best):
            raise InputError(f"expected the worst and the best grade, got {self.ratings}")
        times = (self.dwell, self.quick, 0.0 if self.patience is None else self.patience)
        if not all(0 <= seconds < math.inf for seconds in times) or not 0 <= self.sure <= 1:
            raise InputError(
                "expected dwell, quick and patience in seconds of at least 0 and sure in [0, 1], got "
                f"{self.dwell}, {self.quick}, {self.patience} and {self.sure}"
            )

    def of(self, session: Session) -> float | None:
        """The number alone."""
        return self.judged(session).value

    def judged(self, session: Session) -> Judged:
        """The number, and what told it."""
        if (rated := self._rated(session)) is not None:
            return Judged(rated, "rated")
        if any(event.kind == "conversion" for event in session.events):
            return Judged(1.0, "converted")
        if not session.decided.accepted:
            return Judged(None, "nothing shown")
        places = {item.document: item.position for item in session.decided.items if item.shown}
        if any(document in places for document in session.clicked):
            value = self._clicked(session, places)
            return Judged(value, "clicked" if value else "bounced")
        return Judged(None, "unknown") if session.clicked else self._unclicked(session)

    def _rated(self, session: Session) -> float | None:
        latest = {event.document: event.value for event in session.events if event.kind == "rating"}
        grades = [latest[""]] if "" in latest else list(latest.values())
        known = [grade for grade in grades if grade is not None]
        worst, best = self.ratings
        return float(np.mean([(min(max(g, worst), best) - worst) / (best - worst) for g in known])) if known else None

    def _clicked(self, session: Session, places: Mapping[str, int]) -> float:
        acted = {event.document for event in session.events if event.kind in ("click", "skip")}
        deepest = max(place for document, place in places.items() if document in acted)
        good = [places[document] for document in session.satisfied(self.dwell) if document in places]
        seen = np.array(sorted(place for place in places.values() if place <= deepest))
        weights = 1.0 / self.examination.at(seen)
        return float(weights[np.isin(seen, good)].sum() / weights.sum())

    def _unclicked(self, session: Session) -> Judged:
        if any(event.kind == "skip" for event in session.events):
            return Judged(0.0, "skipped")
        seconds = session.seconds
        if seconds is None:
            return Judged(None, "unknown")
        if self.patience is not None and seconds >= self.patience:
            return Judged(0.0, "given up")
        first = min((item for item in session.decided.items if item.shown), key=lambda item: item.position)
        sure = first.probability is not None and first.probability >= self.sure
        return Judged(None, "answered" if sure and seconds <= self.quick else "unknown")


SATISFACTIONS: Mapping[str, type[Founding] | type[Corrected]] = {"founding": Founding, "corrected": Corrected}
