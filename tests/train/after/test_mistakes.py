"""Kinds of mistakes: each rule finds what it says, and nothing where the ranking is right."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.data import Example
from tamis.train.after.mistakes import counted, mistakes
from tamis.train.after.ranked import DevSet

QUERY = "how to clean a fine mesh sieve"
GOOD = "wash the tamis gently in warm water and let it dry"
TWIN = "wash the tamis gently in warm water and let it dry soon"
FULL = "clean fine mesh sieve for sale"
OTHER = "rain fell on the drum all day"


class Fixed:
    """Scores by text; what it was told it has not read to the end, it says."""

    name = fingerprint = "fixed"

    def __init__(self, scores, unread=()):
        self.scores, self.unread = scores, dict(unread)

    def score(self, pairs):
        return np.array([self.scores[document.text] for _, document in pairs])

    def notes(self, pairs):
        return [
            {"truncated_tokens": self.unread[document.text]} if document.text in self.unread else {}
            for _, document in pairs
        ]


def found(scores, labels, unread=()):
    dev = DevSet.of([Example(QUERY, tuple(scores), tuple(labels))])
    ranked = dev.ranked("after", Fixed(scores, unread))
    return ranked, {one.kind: one for one in mistakes(ranked, [0])}


def test_an_irrelevant_document_full_of_the_querys_words():
    _, kinds = found({FULL: 2.0, GOOD: 1.0}, (0, 1))
    assert kinds["lexical"].rank == 1 and kinds["lexical"].value == 1.0


def test_a_near_copy_of_a_relevant_document_is_perhaps_a_missing_label():
    ranked, kinds = found({TWIN: 2.0, GOOD: 1.0}, (0, 1))
    assert set(kinds) == {"twin", "unlike"}
    assert kinds["twin"].value > 0.8
    assert ranked.dev.queries[0].documents[kinds["twin"].other].text == GOOD


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
    dev = DevSet.of([Example(QUERY, (FULL, GOOD), (0, 1))] * 3)
    all_three = mistakes(dev.ranked("after", Fixed({FULL: 2.0, GOOD: 1.0})), [0, 2])
    assert counted(all_three) == {"twin": 0, "lexical": 2, "unlike": 2, "truncated": 0}
