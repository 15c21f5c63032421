"""Ratios over queries: their intervals cover as often as they say, and know what belongs together."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tamis.errors import InputError
from tamis.evaluate import ratio

TRIALS = 400
LISTS = st.lists(st.integers(0, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=30)


def coverage(queries, pairs, between, truth=0.8):
    """Share of 95 % intervals that cover the truth, where queries have chances of their own."""
    rng = np.random.default_rng([queries, pairs])
    covered = 0
    for _ in range(TRIALS):
        sizes = rng.integers(1, pairs + 1, queries)
        chances = rng.beta(truth / between, (1 - truth) / between, queries) if between else truth
        found = ratio(rng.binomial(sizes, chances), sizes)
        covered += found.low <= truth <= found.high
    return covered / TRIALS


@pytest.mark.parametrize(("queries", "pairs", "between"), [(40, 10, 0.5), (100, 10, 0.5), (40, 10, 0), (100, 1, 0)])
def test_the_interval_covers_as_often_as_it_says(queries, pairs, between):
    assert 0.92 <= coverage(queries, pairs, between) <= 0.985


def test_without_the_queries_the_same_interval_covers_far_too_seldom():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(TRIALS):
        chances = rng.beta(1.6, 0.4, 40)
        hits = int(rng.binomial(10, chances).sum())
        found = stats.binomtest(hits, 400).proportion_ci(method="wilson")
        covered += found.low <= 0.8 <= found.high
    assert covered / TRIALS < 0.8


@pytest.mark.parametrize("copies", [1, 2, 7])
def test_pairs_that_say_the_same_count_once(copies):
    labels = np.arange(50) % 5 > 0
    found = ratio(copies * labels, np.full(50, copies))
    assert found.design_effect == pytest.approx(copies * 50 / 49)
    once = ratio(labels, np.ones(50))
    assert (found.low, found.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize(("hits", "count"), [(50, 100), (970, 1000), (9990, 10_000), (3, 10_000)])
def test_one_pair_a_query_is_wilsons_interval(hits, count):
    found = ratio(np.arange(count) < hits, np.ones(count))
    expected = stats.binomtest(hits, count).proportion_ci(method="wilson")
    # Student's quantile and n - 1 in the place of n widen it by less than 2 % at a hundred pairs.
    width = expected.high - expected.low
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=4 * width / count)


def test_queries_that_are_all_alike_narrow_nothing():
    found = ratio([1, 1, 1, 1], [2, 2, 2, 2])
    assert found.design_effect == 0
    assert found.low == pytest.approx(ratio([1, 0] * 4, [1] * 8, confidence=0.95).low, abs=0.1)
    assert found.low < 0.3 and found.high > 0.7


@settings(max_examples=60)
@given(LISTS, st.randoms(use_true_random=False))
def test_order_and_empty_queries_do_not_matter(lists, random):
    found = ratio(*np.array(lists, dtype=float).T)
    random.shuffle(lists)
    again = ratio(*np.array([*lists, (0, 0)], dtype=float).T)
    if not sum(size for _, size in lists):
        assert math.isnan(found.value) and (found.low, found.high, found.queries) == (0.0, 1.0, 0)
        return
    assert 0 <= found.low <= found.value + 1e-12 and found.value - 1e-12 <= found.high <= 1
    assert again.queries == found.queries == sum(size > 0 for _, size in lists)
    assert (again.value, again.low, again.high) == pytest.approx((found.value, found.low, found.high))


def test_more_confidence_is_wider():
    narrow, wide = (ratio([8, 9, 3], [10, 10, 10], confidence=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ratio([1], [1, 2]), "shapes (1,) and (2,)"),
        (lambda: ratio([[1]], [[1]]), "shapes (1, 1)"),
        (lambda: ratio([1], [1], confidence=95), "between 0 and 1, got 95"),
    ],
)
def test_unusable_values_are_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)
