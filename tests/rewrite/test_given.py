"""Rewrites from a file."""

from __future__ import annotations

import json

import pytest

from tamis.core import Query
from tamis.errors import DataError
from tamis.rewrite import Given, Rewriter


def test_a_file_of_rewrites_says_what_queries_mean(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps({"id": "q", "text": "is a tamis washable?"}) + "\n", encoding="utf-8")
    given = Given.open(path)
    assert isinstance(given, Rewriter) and given.name == "people"
    (variant,) = given.rewrite(Query("is it washable?", "q", history=("a tamis",)))
    assert variant.changed and variant.query == Query("is a tamis washable?", "q", "", "is it washable?", ("a tamis",))
    assert variant.changes[0].before == "is it washable?"
    (other,) = given.rewrite(Query("is it washable?", "other"))
    assert not other.changed and other.query.source == "" and other.changes == ()


def test_fingerprints_tell_texts_apart():
    assert Given({"q": "a", "r": "b"}).fingerprint == Given({"r": "b", "q": "a"}).fingerprint
    assert Given({"q": "a"}).fingerprint != Given({"q": "b"}).fingerprint


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"id": "q", "text": " "}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.jsonl, line 1"):
        Given.open(tmp_path / "bad.jsonl")
