"""Labelled scores: what they are checked for, and what can be asked of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.calibrate import Labelled
from tamis.calibrate.labelled import group_sums
from tamis.errors import InputError

PAIRS = st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Labelled.of([], []), "no scored pairs"),
        (lambda: Labelled.of([[1.0]], [1]), "scores must be one number a pair, got shape (1, 1)"),
        (lambda: Labelled.of(["high"], [1]), "scores must be numbers"),
        (lambda: Labelled.of([[1.0], [1.0, 2.0]], [1, 0]), "scores must be numbers"),
        (lambda: Labelled.of([None], [1]), "scores must be finite"),
        (lambda: Labelled.of([1.0, float("nan")], [1, 0]), "scores must be finite, got nan at position 1"),
        (lambda: Labelled.of([1.0, float("inf")], [1, 0]), "scores must be finite, got inf at position 1"),
        (lambda: Labelled.of([1.0, -1.7e308], [1, 0]), "scores must be at most 1e+100 in size, got -1.7e+308"),
        (lambda: Labelled.of([1.0], [1, 0]), "expected 1 labels, one a score, got 2"),
        (lambda: Labelled.of([1.0], [float("nan")]), "labels must be finite, got nan at position 0"),
        (lambda: Labelled.of([1.0], ["yes"]), "labels must be numbers"),
        (lambda: Labelled.of([1.0, 2.0, 3.0], [0, 2, 1]), "labels are grades (0, 1, 2), expected 0 and 1"),
        (lambda: Labelled.of(range(9), range(9)), "labels are grades (0, 1, 2, 3, 4, 5, ...)"),
        (lambda: Labelled.of([1.0], [-1]), "labels are grades (-1)"),
        (lambda: Labelled.of([1.0], [1], ["a", "b"]), "expected 1 groups, one a score, got 2"),
        (lambda: Labelled.of([1.0], [1], None, [1.0, 2.0]), "expected 1 weights, one a score, got 2"),
        (lambda: Labelled.of([1.0], [1], None, [0.0]), "weights must be above 0, got 0"),
        (lambda: Labelled.of([1.0], [1], None, [-2.0]), "weights must be above 0, got -2"),
        (lambda: Labelled.of([1.0], [1], None, [float("inf")]), "weights must be finite"),
        (lambda: Labelled.of([1.0, 2.0], [1, 1]).with_both("a map"), "all 2 labels are relevant: a map needs irrel"),
        (lambda: Labelled.of([1.0], [0]).with_both("a map"), "all 1 labels are irrelevant: a map needs relevant"),
    ],
)
def test_what_cannot_be_used_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)


def test_lists_arrays_and_truth_values_say_the_same():
    scores, labels, queries = [2.0, 1.0, -1.0], [1, 0, 1], [7, 3, 7]
    one = Labelled.of(scores, labels, queries, [1, 2, 3])
    for other in (
        Labelled.of(tuple(scores), [True, False, True], ["a", "b", "a"], [1.0, 2.0, 3.0]),
        Labelled.of(np.array(scores), np.array(labels), np.array(queries), np.array([1, 2, 3])),
        Labelled.of(np.float32(scores), np.array(labels, dtype=bool), np.array(["x", "y", "x"]), one.weights),
    ):
        assert other.groups.tolist() == [0, 1, 0]
        assert other.digest == one.digest
    assert (one.queries, len(one), one.base_rate) == (2, 3, pytest.approx(4 / 6))


def test_the_digest_knows_every_column():
    of = Labelled.of
    found = {
        one.digest
        for one in (
            of([1, 2], [0, 1]),
            of([1, 3], [0, 1]),
            of([1, 2], [1, 1]),
            of([1, 2], [0, 1], [0, 0]),
            of([1, 2], [0, 1], None, [1, 2]),
            of([2, 1], [1, 0]),
        )
    }
    assert len(found) == 6


def test_grades_become_labels_from_a_grade_on():
    assert Labelled.of([1, 2, 3, 4], [0, 1, 2, 3], relevant_if=2).labels.tolist() == [0, 0, 1, 1]
    assert Labelled.of([1, 2], [0, 1], relevant_if=0.5).labels.tolist() == [0, 1]


def test_without_groups_each_pair_is_its_own_query():
    data = Labelled.of([3.0, 2.0, 1.0], [1, 0, 1])
    assert (data.queries, data.grouped, data.weights.tolist()) == (3, False, [1, 1, 1])
    assert data.top(1) is data, "lists are not known, so nothing is cut"


@settings(max_examples=150)
@given(PAIRS, st.integers(1, 4))
def test_places_and_tops_are_those_of_sorted_lists(pairs, k):
    scores, labels, queries = zip(*pairs, strict=True)
    data = Labelled.of(scores, labels, queries)
    for query in set(queries):
        own = [at for at, name in enumerate(queries) if name == query]
        best_first = sorted(own, key=lambda at: -scores[at])  # sorted is stable: ties keep their order
        assert data.places()[best_first].tolist() == list(range(len(own)))
    kept = [at for at, place in enumerate(data.places()) if place < k]
    shown = data.top(k)
    assert shown.scores.tolist() == [scores[at] for at in kept]
    assert shown.groups.tolist() == data.groups[kept].tolist()
    assert shown.queries == data.queries and shown.grouped


def test_a_part_keeps_its_pairs_together():
    data = Labelled.of([3.0, 2.0, 1.0], [1, 0, 1], ["a", "b", "b"], [1, 2, 3])
    part = data.where(data.scores < 3)
    assert (part.scores.tolist(), part.labels.tolist(), part.groups.tolist(), part.weights.tolist()) == (
        [2.0, 1.0], [0, 1], [1, 1], [2, 3],
    )  # fmt: skip
    assert part.queries == 1
    assert data.where(np.array([2, 0])).scores.tolist() == [1.0, 3.0]


def test_sums_by_group_have_a_place_for_every_group():
    assert group_sums(np.array([1.0, 2.0]), np.array([0, 2]), 4).tolist() == [1, 0, 2, 0]
    assert group_sums(np.zeros(0), np.zeros(0, dtype=np.int64)).tolist() == []
