"""What files with labels hold, and what wrong ones are told."""

from __future__ import annotations

import json

import pytest

from tamis.errors import DataError, InputError
from tamis.thresholds import GOALS, Contents, contents, goal


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_scores_are_told_from_documents(tmp_path):
    table = write(tmp_path, "s.csv", "query_id,score,label,segment\nq1,0.5,2,zh\nq1,0.2,0,en\nq2,0.9,1,zh\n")
    assert contents(table) == Contents(True, 3, 2, (0.0, 1.0, 2.0), ("en", "zh"), True)
    assert contents(table).graded
    lists = write(tmp_path, "l.jsonl", json.dumps({"query_id": "q", "scores": [1, -1], "labels": [1, 0]}))
    assert contents(lists) == Contents(True, 2, 1, (0.0, 1.0))
    texts = write(tmp_path, "t.jsonl", json.dumps({"query": "q", "documents": ["a", "b"], "labels": [1, 0]}))
    assert contents(texts) == Contents(False, 2, 1, (0.0, 1.0)) and not contents(texts).graded


@pytest.mark.parametrize("row", ['{"score": 1, "label": 1}', '{"query": "q", "documents": ["a"], "labels": [1]}'])
def test_more_rows_than_wanted_are_one_clear_error(tmp_path, row):
    path = write(tmp_path, "many.jsonl", "\n".join([row] * 11))
    with pytest.raises(DataError, match=r"many\.jsonl.*holds more than 10 labelled pairs"):
        contents(path, most=10)
    assert contents(path, most=11).pairs == 11


def test_more_pairs_in_a_list_than_wanted_are_one_too(tmp_path):
    for row in (
        {"scores": [0.0] * 11, "labels": [1] * 11},
        {"query": "q", "documents": ["d"] * 11, "labels": [1] * 11},
    ):
        with pytest.raises(DataError, match="holds more than 10"):
            contents(write(tmp_path, "list.jsonl", json.dumps(row)), most=10)


def test_rows_without_what_is_needed_are_refused_with_their_place(tmp_path):
    with pytest.raises(DataError, match="line 3"):
        contents(write(tmp_path, "s.csv", "score,label\n1,1\nx,0\n"))
    with pytest.raises(DataError):
        contents(write(tmp_path, "s.csv", "name,age\nx,0\n"))
    with pytest.raises(DataError):
        contents(write(tmp_path, "empty.csv", ""))


@pytest.mark.parametrize("name", GOALS)
def test_every_goal_is_made_of_what_people_start_from(name):
    row = GOALS[name]
    made = goal(name, row.numbers)
    assert hasattr(made, "certificate") == row.promises
    assert list(made.as_json().values())[1:] == list(row.numbers.values())


def test_goals_that_are_not_there_or_lack_a_number_are_refused():
    with pytest.raises(InputError, match="known are precision, recall"):
        goal("best", {})
    with pytest.raises(InputError, match="takes a number for share"):
        goal("recall", {"share": None, "confidence": 0.9})
    with pytest.raises(InputError, match=r"95 % is written 0\.95"):
        goal("precision", {"share": 95, "confidence": 0.95})
