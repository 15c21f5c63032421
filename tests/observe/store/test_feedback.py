"""Files of feedback that older servers wrote: brought into a store, whole lines only, each event once."""

from __future__ import annotations

import json

import pytest

from tamis.errors import DataError
from tamis.observe.store import Added, Store
from tamis.observe.store.feedback import read_feedback

AT = "2026-01-02T03:04:05.500000+00:00"
CLICK = {"kind": "click", "event": "e1", "request": "r1", "document": "a", "position": 2, "at": AT, "received": AT}


def written(path, *lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_events_keep_what_they_said(tmp_path):
    rating = {"kind": "rating", "event": "e2", "document": "乙", "value": 3, "user": "u", "at": "2026-01-02T04:04:05Z"}
    click, rated = read_feedback(written(tmp_path / "f.jsonl", CLICK, rating))
    assert (click.request, click.document, click.position, click.at) == ("r1", "a", 2, 1767323045.5)
    assert (rated.document, rated.value, rated.user, rated.at) == ("乙", 3, "u", 1767326645.0)


def test_what_is_no_event_is_passed_over(tmp_path):
    broken = [
        '{"kind": "click", "eve',
        "",
        "[1]",
        {**CLICK, "kind": "dwell"},
        {**CLICK, "at": "today"},
        {"event": 1},
        {**CLICK, "event": 1},
    ]
    path = written(tmp_path / "f.jsonl", *broken, CLICK)
    assert [event.event for event in read_feedback(path)] == ["e1"]


def test_what_was_sent_twice_counts_once_in_a_store(tmp_path):
    path = written(tmp_path / "f.jsonl", CLICK, {**CLICK, "event": "e2"}, CLICK)
    with Store.open(tmp_path / "kept.db") as store:
        assert store.add(events=read_feedback(path)) == Added(2, 1)
        assert store.add(events=read_feedback(path)) == Added(0, 3)


def test_no_file_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        list(read_feedback(tmp_path / "f.jsonl"))
