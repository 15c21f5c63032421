"""Whether users are as content as they were: sessions' satisfaction as a stream, heard a little more at each look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tamis.observe.clicks import Satisfaction
from tamis.observe.drift import ADWIN, Finding
from tamis.observe.events import Session

MEASURE = "satisfaction"


class Heard(NamedTuple):
    """What was heard of some sessions.

    Attributes:
        state: of the detector, from which the next look goes on.
        until: when the last of the sessions began, in seconds since 1970; None without sessions.
        finding: what the stream says by now; None while nobody has said anything.
    """

    state: Mapping[str, Any] | None
    until: float | None
    finding: Finding | None


def heard(
    sessions: Iterable[Session], satisfaction: Satisfaction, state: Mapping[str, Any] | None, least: float
) -> Heard:
    """Hear sessions that were not heard before, in the order in which they began.

    ADWIN (Bifet and Gavalda, SDM 2007) says when the mean has changed; a fall of at least ``least`` alarms.

    Args:
        sessions: those whose users have had time to act.
        satisfaction: how content each user was; sessions that do not tell are passed over.
        state: of the detector, as the look before left it; None begins.
        least: fall of the mean that matters, in [0, 1].

    >>> from tamis.observe.clicks import Corrected
    >>> from tamis.observe.events import Decided, Event
    >>> def visits(count, rating):
    ...     return [Session(Decided(f"r{n}", n), (Event("rating", "e", value=rating),)) for n in range(count)]
    >>> first = heard(visits(600, 0.8), Corrected(), None, 0.05)
    >>> first.finding.alarm, heard(visits(200, 0.3), Corrected(), first.state, 0.05).finding.alarm
    (False, True)
    """
    detector = ADWIN() if state is None else ADWIN.from_json(state)
    until, fall, was = None, 0.0, 0.0
    for session in sessions:
        until = session.decided.at
        if (value := satisfaction.of(session)) is None:
            continue
        before = detector.mean
        if detector.update(value) and before - detector.mean > fall:
            fall, was = before - detector.mean, before
    if not detector.width:
        return Heard(state, until, None)
    alarm = fall >= least and fall > 0
    words = f"satisfaction fell from {was:.3f} to {detector.mean:.3f}" if alarm else "satisfaction has not fallen"
    finding = Finding(MEASURE, "", detector.mean, None, 0.0 if alarm else 1.0, fall, alarm, words)
    return Heard(detector.as_json(), until, finding)
