"""Pairs from files: their names, scores, doubles, and one line for every mistake."""

import io
import json

import numpy as np
import pytest

from tamis.errors import DataError, InputError, PolicyError
from tamis.labelling import has_scores, read_pairs
from tamis.labelling.pool import Pool, score_pairs


def rows(*values):
    return io.StringIO("".join(json.dumps(value) + "\n" for value in values))


def test_names_queries_titles_and_scores_are_read():
    found = read_pairs(
        rows(
            {"query": " q ", "document": "d"},
            {"id": 7, "query_id": "q7", "query": "r", "document": "d", "title": "T", "score": None},
        )
    )
    assert [(item.id, item.query_id, item.title, item.score) for item in found] == [
        ("1", "q", "", None),
        ("7", "q7", "T", None),
    ]


def test_lists_become_pairs_with_their_scores():
    found = read_pairs(rows({"query": "q", "documents": ["a", {"text": "b", "title": "T"}], "scores": [1, -2.5]}))
    assert [(item.id, item.document, item.title, item.score) for item in found] == [
        ("1.0", "a", "", 1.0),
        ("1.1", "b", "T", -2.5),
    ]


def test_csv_reads_and_a_pair_that_stands_twice_is_taken_once():
    table = "query,document,score\nq,a,1\nq,a,1\nq,b,2\n"
    assert [(item.id, item.score) for item in read_pairs(io.StringIO(table))] == [
        ("2", 1.0),
        ("4", 2.0),
    ]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([{"query": "q"}], "line 1, field 'document': missing"),
        ([{"query": " ", "document": "d"}], "line 1: a pair takes a query and a document"),
        ([{"id": "a", "query": "q", "document": "d"}, {"id": "a", "query": "q", "document": "e"}], "'a' already"),
        ([{"query": "q", "document": "d", "score": 1}, {"query": "q", "document": "e"}], "score all of them"),
        ([{"query": "q", "document": "d", "score": "high"}], "line 1, field 'score': expected a number"),
        ([{"query": "q", "documents": ["a", "b"], "scores": [1]}], "expected 2 scores"),
        ([{"query": "q", "documents": [3]}], "line 1, field 'documents'"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(values, says):
    with pytest.raises(DataError, match=says):
        read_pairs(rows(*values))


def test_an_empty_file_has_no_pairs(tmp_path):
    with pytest.raises(DataError, match="no pairs"):
        read_pairs(io.StringIO(""))
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DataError, match="no pairs"):
        has_scores(tmp_path / "empty.jsonl")


class Lengths:
    """A scorer that counts the characters of what it reads."""

    name, fingerprint = "lengths", "l1"

    def score(self, pairs):
        return np.array([float(len(query.text + document.full_text)) for query, document in pairs])


def test_pairs_are_scored_with_their_titles_and_told_of():
    told = []
    items = read_pairs(rows({"query": "q", "document": "ab", "title": "T"}, {"query": "q", "document": "a"}))
    found = score_pairs(items, Lengths(), lambda done, total: told.append((done, total)))
    assert [item.score for item in found] == [5.0, 2.0] and told[-1] == (2, 2)
    with pytest.raises(InputError, match="--model tamis-mini"):
        score_pairs(items, None)


def test_scores_that_are_there_stay():
    items = read_pairs(rows({"query": "q", "document": "ab", "score": 0.25}))
    assert score_pairs(items, Lengths())[0].score == 0.25


def test_a_pool_is_read_back_to_the_bit_and_a_changed_one_refused(tmp_path):
    odd = {"query": "一 \u2028q", "document": '"\n\t d ', "title": " t", "score": 0.1 + 0.2}
    pool = Pool.of(read_pairs(rows(odd, {"query": "r", "document": "e", "score": 1e-300})))
    pool.save(tmp_path / "pool.jsonl")
    assert Pool.load(tmp_path / "pool.jsonl", pool.digest).items == pool.items
    text = (tmp_path / "pool.jsonl").read_text("utf-8")
    (tmp_path / "pool.jsonl").write_text(text.replace("1e-300", "2.0"), "utf-8")
    with pytest.raises(PolicyError, match="was changed"):
        Pool.load(tmp_path / "pool.jsonl", pool.digest)


def test_the_score_is_not_for_annotators():
    (item,) = read_pairs(rows({"query": "q", "document": "d", "score": 3.25}))
    assert "3.25" not in json.dumps(item.as_json())
