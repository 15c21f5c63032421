"""What is learnt and what is measured on: never the same query."""

from __future__ import annotations

import json

import pytest

from tamis.errors import InputError
from tamis.train.lessons import read_lessons


def _rows(path, queries):
    rows = [{"query": query, "documents": ["right", "wrong"], "labels": [1, 0]} for query in queries]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_queries_of_the_dev_file_are_not_learnt(tmp_path):
    data = _rows(tmp_path / "data.jsonl", ["one", "two", "three"])
    dev = _rows(tmp_path / "dev.jsonl", ["  TWO ", "four"])
    found = read_lessons(data, dev, "refuse", 0)
    assert [example.query for example in found.learn] == ["one", "three"]
    assert (len(found.dev), found.left_out) == (2, 1)


def test_a_share_leaves_nothing_out(tmp_path):
    found = read_lessons(_rows(tmp_path / "data.jsonl", map(str, range(40))), 0.25, "refuse", 0)
    assert len(found.learn) + len(found.dev) == 40
    assert found.left_out == 0


def test_data_that_are_the_dev_data_are_refused(tmp_path):
    data = _rows(tmp_path / "data.jsonl", ["one"])
    with pytest.raises(InputError, match="nothing left to learn from"):
        read_lessons(data, data, "refuse", 0)
