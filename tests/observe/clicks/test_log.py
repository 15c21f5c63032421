"""Impressions as columns, from click logs and from sessions."""

import numpy as np
import pytest

from tamis.data.impressions import Impression
from tamis.errors import InputError
from tamis.observe import Decided, Event, Placed, Session
from tamis.observe.clicks import ClickLog

ROWS = [
    Impression("q", "a", 1, True, dwell=40.0, session="1"),
    Impression("q", "b", 2, True, dwell=2.0, session="1"),
    Impression("q", "a", 2, False, session="2"),
    Impression("r", "a", 3, True, session="2"),
]


def test_pairs_are_a_document_of_a_query():
    log = ClickLog.of(ROWS)
    assert log.pairs[0] == log.pairs[2] and len(set(log.pairs.tolist())) == 3
    assert log.positions.tolist() == [1, 2, 2, 3] and log.clicks.tolist() == [1, 1, 0, 1]
    assert log.units.tolist() == [0, 0, 0, 1]
    assert ClickLog.of(ROWS, unit="session").units.tolist() == [0, 0, 1, 1]


def test_a_click_that_was_left_soon_does_not_count_and_one_of_unknown_length_does():
    assert ClickLog.of(ROWS, dwell=30).clicks.tolist() == [1, 0, 0, 1]


def test_sessions_give_a_row_for_all_that_was_shown():
    decided = Decided(
        "r1", query="q", items=(Placed("a", 2.0, position=1), Placed("b", 1.0, position=2), Placed("c", 0.0))
    )
    events = (
        Event("click", "1", document="a"),
        Event("click", "2", document="b"),
        Event("dwell", "3", document="a", value=3.0),
        Event("click", "4", document="c"),
    )
    assert ClickLog.of_sessions([Session(decided, events)]).clicks.tolist() == [1, 1]
    log = ClickLog.of_sessions([Session(decided, events), Session(decided)], dwell=30, unit="session")
    assert log.clicks.tolist() == [0, 1, 0, 0] and log.positions.tolist() == [1, 2, 1, 2]


def test_the_first_places_of_a_log():
    log = ClickLog.of(ROWS).upto(1)
    assert len(log) == 1 and log.pairs.tolist() == [0]
    assert ClickLog.of(ROWS[2:]).upto(2).units.tolist() == [0]
    with pytest.raises(InputError, match="got none"):
        ClickLog.of(ROWS[2:]).upto(1)


@pytest.mark.parametrize(
    "columns",
    [
        *((["q"], ["a"], [0], [1]), (["q"], ["a"], [1.5], [1]), (["q"], ["a"], [1], [2]), ([], [], [], [])),
        *((["q", "r"], ["a"], [1], [1]), (["q"], ["a", "b"], [1], [1]), (["q"], ["a"], [1, 2], [1])),
        (["q"], ["a"], [np.nan], [1]),
    ],
)
def test_columns_that_are_no_log(columns):
    with pytest.raises(InputError):
        ClickLog.columns(*columns)


def test_a_log_without_rows():
    with pytest.raises(InputError, match="got none"):
        ClickLog.of([])
