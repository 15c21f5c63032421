"""Kinds of mistakes: each rule finds what it says, and nothing where the ranking is right."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.core import Candidate, Document, Query, Ranking
from tamis.evaluate.mistakes import Listed, counted, mistakes, near_miss, suspects

QUERY = "how to clean a fine mesh sieve"
GOOD = "wash the tamis gently in warm water and let it dry"
TWIN = "wash the tamis gently in warm water and let it dry soon"
FULL = "clean fine mesh sieve for sale"
OTHER = "rain fell on the drum all day"


def listed(scores, labels, unread=()):
    cut = dict(unread)
    candidates = tuple(
        Candidate(Document(text, text), score, notes={"truncated_tokens": cut[text]} if text in cut else {})
        for text, score in scores.items()
    )
    return Listed.of(Ranking(Query(QUERY), candidates), dict(zip(scores, labels, strict=True)))


def found(scores, labels, unread=()):
    one = listed(scores, labels, unread)
    return one, {mistake.kind: mistake for mistake in mistakes({0: one})}


def test_an_irrelevant_document_full_of_the_querys_words():
    _, kinds = found({FULL: 2.0, GOOD: 1.0}, (0, 1))
    assert kinds["lexical"].rank == 1 and kinds["lexical"].value == 1.0


def test_a_near_copy_of_a_relevant_document_is_perhaps_a_missing_label():
    one, kinds = found({TWIN: 2.0, GOOD: 1.0}, (0, 1))
    assert set(kinds) == {"twin", "unlike"}
    assert kinds["twin"].value > 0.8
    assert one.documents[kinds["twin"].other].text == GOOD


def test_a_relevant_document_without_a_shared_word():
    _, kinds = found({OTHER: 2.0, GOOD: 1.0}, (0, 1))
    assert set(kinds) == {"unlike"} and kinds["unlike"].rank == 2
    _, kinds = found({OTHER: 2.0, "a sieve is cleaned with a brush": 1.0}, (0, 1))
    assert not kinds


def test_a_relevant_document_that_was_not_read_to_its_end():
    _, kinds = found(
        {OTHER: 2.0, "a sieve is cleaned with a brush": 1.0}, (0, 1), {"a sieve is cleaned with a brush": 7}
    )
    assert set(kinds) == {"truncated"} and kinds["truncated"].value == 7


@pytest.mark.parametrize(
    ("scores", "labels"),
    [({GOOD: 2.0, FULL: 1.0, TWIN: 0.0}, (1, 0, 0)), ({FULL: 2.0, OTHER: 1.0}, (0, 0)), ({GOOD: 1.0}, (1,))],
    ids=["right order", "no relevant one", "only one"],
)
def test_nothing_is_found_where_nothing_is_wrong(scores, labels):
    assert found(scores, labels)[1] == {}


def test_only_the_first_ten_ranks_are_looked_at():
    scores = {f"{OTHER} {i}": 20.0 - i for i in range(10)} | {FULL: 2.0, "a sieve is cleaned": 1.0}
    assert found(scores, (0,) * 11 + (1,))[1] == {}


def test_counts_are_of_queries():
    one = listed({FULL: 2.0, GOOD: 1.0}, (0, 1))
    assert counted(mistakes({0: one, 2: one})) == {"twin": 0, "lexical": 2, "unlike": 2, "truncated": 0}


def ranking(order, scores=None):
    scores = scores or range(len(order), 0, -1)
    return Ranking(
        Query("q", "q"), tuple(Candidate(Document(d, d), float(s)) for d, s in zip(order, scores, strict=True))
    )


@pytest.mark.parametrize(("rank", "expected"), [(10, None), (11, 11), (15, 15), (16, None)])
def test_a_near_miss_stands_within_five_ranks_below_the_cut(rank, expected):
    one = Listed.of(ranking([f"d{at:02}" for at in range(1, 21)]), {f"d{rank:02}": 1})
    assert near_miss(one) == expected


def test_without_a_relevant_document_nothing_is_nearly_found_nor_suspect():
    assert near_miss(Listed.of(ranking("abcd"), {})) is None
    assert suspects(ranking("abcd"), ranking("abcd"), {"a": 0}) == []


def test_a_suspect_stands_above_the_relevant_one_in_both_orders_and_far_in_the_scores():
    far = ranking("xgab", (9.0, 2.0, 1.0, 0.0))
    grades = {"g": 1}
    assert suspects(far, ranking("xagb"), grades) == ["x"]
    assert suspects(far, ranking("gxab"), grades) == []
    assert suspects(ranking("xgab", (2.1, 2.0, 1.0, 0.0)), ranking("xgab"), grades) == []
    assert suspects(ranking("gxab", (9.0, 8.0, 1.0, 0.0)), ranking("xgab"), grades) == []


def test_ties_go_as_in_measures():
    assert np.array_equal(Listed.of(ranking("ab", (1.0, 1.0)), {}).ranks, [2, 1])
