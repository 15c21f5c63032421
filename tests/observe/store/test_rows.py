"""Rows: what a decision or an event says survives the way into a row and back, but for what is veiled."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.observe.events import KINDS, Decided, Event, Placed
from tamis.observe.store.privacy import Veil
from tamis.observe.store.rows import decided_of, decision_row, event_of, event_row

VEIL, OPEN = Veil(b"a key of the owner"), Veil(b"a key of the owner", texts=True)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CHANCES = st.none() | st.floats(0, 1)
ITEMS = st.builds(Placed, NAMES, NUMBERS, CHANCES, st.integers(0, 99), st.floats(0, 1, exclude_min=True), NAMES, NAMES)
DECIDED = st.builds(
    Decided, NAMES.filter(bool), NUMBERS, NAMES, NAMES, NAMES, NAMES, NAMES, NAMES, CHANCES, NAMES,
    st.lists(ITEMS, max_size=4).map(tuple),
)  # fmt: skip
EVENTS = st.builds(
    Event, st.sampled_from(KINDS), NAMES.filter(bool), NAMES, NAMES, NAMES, st.none() | st.integers(1, 10**6),
    st.floats(0, 1e9), NAMES, NUMBERS,
)  # fmt: skip


@settings(max_examples=60)
@given(DECIDED)
def test_a_decision_survives(decided):
    row = decision_row(decided, OPEN)
    assert decided_of({**row, "items": json.loads(json.dumps(row["items"]))}) == replace(
        decided, user=OPEN.user(decided.user)
    )


@settings(max_examples=60)
@given(EVENTS)
def test_an_event_survives(event):
    assert event_of(event_row(event, OPEN)) == replace(event, user=OPEN.user(event.user))


@settings(max_examples=60)
@given(DECIDED, EVENTS)
def test_veiled_rows_hold_hashes_where_texts_were(decided, event):
    row = decision_row(decided, VEIL)
    hashes = [row["query"], row["who"], *(item[-1] for item in row["items"])]
    texts = [decided.query, decided.user, *(item.text for item in decided.items)]
    assert [len(one) for one in hashes] == [32 * bool(text) for text in texts]
    assert event_row(replace(event, query=decided.query), VEIL)["query"] == row["query"]  # they still meet
