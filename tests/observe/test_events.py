"""Decisions and events as they are kept."""

from __future__ import annotations

import json
import math

import pytest

from tamis.core import Candidate, Decision, Document, Query, Ranking
from tamis.errors import InputError
from tamis.observe import Decided, Event, Placed, Session


def decision() -> Decision:
    found = Ranking(Query("sieve"), tuple(Candidate(Document(n, f"text {n}"), s) for n, s in (("a", 2.0), ("b", 1.0))))
    shown = found.calibrated([0.9, 0.4])
    return Decision(shown[:1], ((shown[1], "threshold: 1 is below 1.5"),), "sha256:x", 0.1)


def test_a_decision_is_kept_with_what_was_left_out_and_why():
    kept = Decided.of(decision(), "r1", model="mini", arm="canary")
    assert [(item.document, item.position, item.reason) for item in kept.items] == [
        ("a", 1, ""),
        ("b", 0, "threshold: 1 is below 1.5"),
    ]
    assert (kept.accepted, kept.best, kept.expected, kept.none_relevant) == (1, 2.0, 0.9, 0.1)
    assert (kept.policy, kept.query, kept.model, kept.arm) == ("sha256:x", "sieve", "mini", "canary")


def test_a_candidate_comes_back_from_json():
    for item in Decided.of(decision(), "r1").items:
        assert Placed.from_json(json.loads(json.dumps(item.as_json()))) == item


@pytest.mark.parametrize(
    ("kind", "rest", "says"),
    [
        ("look", {}, "must be one of click, skip"),
        ("dwell", {}, "needs a value"),
        ("dwell", {"value": -1.0}, "at least 0"),
        ("dwell", {"value": math.nan}, "finite"),
        ("click", {"position": 0}, "counted from 1"),
        ("click", {"at": math.inf}, "seconds since 1970"),
    ],
)
def test_an_event_that_none_can_be_is_refused(kind, rest, says):
    with pytest.raises(InputError, match=says):
        Event(kind, "e1", **rest)
    with pytest.raises(InputError, match="needs a name"):
        Event("click", "")


def test_a_rating_may_be_below_zero():
    assert Event("rating", "e1", value=-1.0).value == -1.0


def test_a_session_tells_clicks_dwells_and_its_length():
    events = [
        Event("click", "1", document="a"),
        Event("click", "2", document="a"),
        Event("dwell", "3", document="a", value=4.0),
        Event("dwell", "4", document="a", value=3.0),
        Event("session", "5", value=60.0),
        Event("rating", "6", value=2.0),
    ]
    session = Session(Decided("r1"), tuple(events))
    assert session.clicked == {"a": 2}
    assert session.dwell == {"a": 4.0}
    assert session.seconds == 60.0
    assert session.values("rating") == [2.0]
    assert Session(Decided("r1")).seconds is None
