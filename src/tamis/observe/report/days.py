"""What sessions were like day by day (UTC): how many, how empty, how precise, how content, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from tamis.errors import InputError
from tamis.observe.clicks.clustered import ratio_of_sums
from tamis.observe.clicks.examination import Examination
from tamis.observe.events import Placed, Session

DAY = 86_400.0
LEAST = 30  # sessions below which a day has no figure: its interval could not be trusted
GROUPS = 256  # of users: enough for a standard error, whatever number of sessions a day has
MOST_DAYS = 3_660
Z = 1.96


class Figure(NamedTuple):
    """A figure of a day with its 95 % interval, and how many sessions it rests on."""

    value: float
    low: float
    high: float
    sessions: int


class Valued(Protocol):
    """How content a session's user was, in [0, 1]; None where that cannot be told."""

    def of(self, session: Session) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Day:
    """The sessions of one day.

    Attributes:
        start: when it begins, in seconds since 1970; midnight UTC, or later where the time asked for begins later.
        decisions: how many there were.
        clicks: clicks on what they showed.
        empty: share of decisions that showed nothing.
        shown: documents shown a decision.
        precision: mean calibrated probability of what was shown, which is its precision if the calibration holds.
        satisfaction: mean over the sessions in which it can be told.
        clicked: clicks for each look that the documents' places let expect, so that places do not count.

    Figures are None where fewer than 30 sessions tell them.
    """

    start: float
    decisions: int = 0
    clicks: int = 0
    empty: Figure | None = None
    shown: Figure | None = None
    precision: Figure | None = None
    satisfaction: Figure | None = None
    clicked: Figure | None = None

    def as_json(self) -> dict[str, Any]:
        """The day as JSON values; a figure is a list of its numbers."""
        return {name: getattr(self, name) for name in self.__slots__}


def window(days: float, until: float) -> tuple[float, float]:
    """From when to when a look back reaches: whole days (UTC), the last of them up to now; parts of a day as they are.

    Args:
        days: how many, above 0; at most ten years.
        until: its end, in seconds since 1970.

    Raises:
        InputError: no length of time that can be looked back on.

    >>> window(2, 5 * DAY + 3600.0) == (4 * DAY, 5 * DAY + 3600.0)
    True
    """
    if not 0 < days <= MOST_DAYS or not math.isfinite(until):
        raise InputError(f"days must be above 0 and at most {MOST_DAYS}, until a time in seconds, got {days}, {until}")
    if days < 1:
        return until - days * DAY, until
    return (math.ceil(until / DAY) - math.ceil(days)) * DAY, until


def by_day(
    sessions: Iterable[Session], satisfaction: Valued, examination: Examination, *, since: float, until: float
) -> list[Day]:
    """Figures of every day from ``since`` to ``until``, days without a session among them.

    Sessions are read once, in any order; what is held does not grow with their number. Those of one user are not
    independent: users are put into 256 groups by their names, and standard errors are of the groups' sums (random
    groups; Wolter, Introduction to Variance Estimation, 2007, chapter 2). Intervals of shares are Wilson's with the
    number of independent sessions that would have the same error (Korn and Graubard, Survey Methodology 1998), so that
    one at 0 or 1 still has a width.

    Args:
        sessions: those outside of the time are passed over.
        satisfaction: how content a session's user was.
        examination: how likely each place is looked at.
        since: seconds since 1970, from which on.
        until: before which.

    >>> from tamis.observe.clicks import PositionBias
    >>> from tamis.observe.events import Decided
    >>> class Clicked:
    ...     def of(self, session: Session) -> float | None:
    ...         return float(bool(session.clicked))
    >>> some = [Session(Decided(f"r{n}", at=60.0 * n)) for n in range(100)]
    >>> first, second = by_day(some, Clicked(), PositionBias(), since=0.0, until=2 * DAY)
    >>> first.decisions, first.empty.value, round(first.empty.low, 3), second.decisions, second.empty
    (100, 1.0, 0.963, 0, None)
    """
    start = math.floor(since / DAY)
    totals = [_Totals() for _ in range(start, max(start, math.ceil(until / DAY)))]
    looks = _Looks(examination)
    for session in sessions:
        if since <= session.decided.at < until:
            totals[math.floor(session.decided.at / DAY) - start].add(session, satisfaction.of(session), looks)
    return [total.day(max(since, (start + place) * DAY)) for place, total in enumerate(totals)]


class _Looks:
    """How likely each place is looked at, asked once a place."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self._known: list[float] = []

    def at(self, items: Sequence[Placed]) -> float:
        """Looks that documents on these places let expect."""
        deepest = max((item.position for item in items), default=0)
        if deepest > len(self._known):
            self._known = self._examination.at(range(1, 2 * deepest + 1)).tolist()
        return sum(self._known[item.position - 1] for item in items)


@dataclass(slots=True)
class _Sums:
    """A ratio of two sums over sessions, by group of users."""

    above: list[float] = field(default_factory=lambda: [0.0] * GROUPS)
    below: list[float] = field(default_factory=lambda: [0.0] * GROUPS)
    sessions: int = 0

    def add(self, group: int, above: float, below: float) -> None:
        """One session more."""
        self.above[group] += above
        self.below[group] += below
        self.sessions += 1

    def figure(self, *, share: bool) -> Figure | None:
        """The ratio with its interval; None where too few sessions tell it."""
        used = [(above, below) for above, below in zip(self.above, self.below, strict=True) if below > 0]
        if self.sessions < LEAST or len(used) < 2:
            return None
        found = ratio_of_sums(*zip(*used, strict=True))
        if not share:
            return Figure(found.value, max(0.0, found.low), found.high, self.sessions)
        return Figure(found.value, *_wilson(found.value, found.error, self.sessions), self.sessions)


@dataclass(slots=True)
class _Totals:
    """All sums of a day."""

    decisions: int = 0
    clicks: int = 0
    empty: _Sums = field(default_factory=_Sums)
    shown: _Sums = field(default_factory=_Sums)
    precision: _Sums = field(default_factory=_Sums)
    satisfaction: _Sums = field(default_factory=_Sums)
    clicked: _Sums = field(default_factory=_Sums)

    def add(self, session: Session, value: float | None, looks: _Looks) -> None:
        """One session more."""
        decided = session.decided
        group = crc32((decided.user or decided.request).encode()) % GROUPS
        shown = [item for item in decided.items if item.shown]
        clicked = session.clicked
        clicks = sum(item.document in clicked for item in shown)
        known = [item.probability for item in shown if item.probability is not None]
        self.decisions += 1
        self.clicks += clicks
        self.empty.add(group, not shown, 1.0)
        self.shown.add(group, len(shown), 1.0)
        if known:
            self.precision.add(group, sum(known), len(known))
        if value is not None:
            self.satisfaction.add(group, value, 1.0)
        if shown:
            self.clicked.add(group, clicks, looks.at(shown))

    def day(self, start: float) -> Day:
        """What the sums say."""
        shares = (self.empty, self.precision, self.satisfaction)
        empty, precision, satisfaction = (sums.figure(share=True) for sums in shares)
        shown, clicked = (sums.figure(share=False) for sums in (self.shown, self.clicked))
        return Day(start, self.decisions, self.clicks, empty, shown, precision, satisfaction, clicked)


def _wilson(value: float, error: float, sessions: int) -> tuple[float, float]:
    """The interval of a share in [0, 1] with this standard error; where nothing varies, of independent sessions."""
    spread = value * (1 - value)
    size = spread / error**2 if error > 1e-9 and spread > 0 else float(sessions)
    middle = (value + Z * Z / (2 * size)) / (1 + Z * Z / size)
    reach = Z / (1 + Z * Z / size) * math.sqrt(max(0.0, spread) / size + Z * Z / (4 * size * size))
    return max(0.0, middle - reach), min(1.0, middle + reach)
