"""Batches: every item once, within the budget, with little padding, and padding that says what it is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tamis.score.batch import BUDGET, MAX_WASTE, distinct, fair, pad, plan
from tamis.score.threads import kept_steady

lengths = st.lists(st.integers(0, 600), max_size=200)


@given(lengths)
def test_every_item_stands_in_exactly_one_batch(sizes):
    batches = plan(sizes)
    assert sorted(np.concatenate([*batches, np.empty(0, int)]).tolist()) == list(range(len(sizes)))


@given(lengths)
def test_batches_keep_the_budget_and_the_waste(sizes):
    for batch in plan(sizes):
        width, real = max(sizes[i] for i in batch), sum(sizes[i] for i in batch)
        padded = width * len(batch)
        assert len(batch) == 1 or padded <= BUDGET
        assert padded - real <= MAX_WASTE * padded


@given(lengths)
def test_longest_first_so_that_memory_peaks_at_once(sizes):
    widths = [max(sizes[i] for i in batch) for batch in plan(sizes)]
    assert widths == sorted(widths, reverse=True)


def test_an_item_over_the_budget_goes_alone():
    assert [batch.tolist() for batch in plan([2000, 10, 10])] == [[0], [1, 2]]


def test_nothing_gives_no_batch():
    assert plan([]) == []


def test_pad_fills_on_the_right_and_masks():
    ids, mask = pad([[5, 6, 7], [8]], pad_id=1)
    assert ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


@given(st.lists(st.text(max_size=3)))
def test_distinct_can_be_undone(texts):
    found, at = distinct(texts)
    assert [found[i] for i in at] == texts
    assert len(set(found)) == len(found)


def test_steady_batches_do_not_know_of_threads():
    with kept_steady():
        assert [fair([10, 20], threads) for threads in (1, 2, 64)] == [BUDGET] * 3
    assert fair([300, 300], 2) < BUDGET
