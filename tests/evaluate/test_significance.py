"""The randomisation test and the bootstrap: properties, and agreement with scipy where it is installed."""

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import AP, RR, compare, evaluate, interval, paired

UNIT = st.floats(0, 1).map(lambda x: round(x, 3))
PAIRS = st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=9)


def both(size=200, shift=0.0, seed=1):
    rng = np.random.default_rng(seed)
    first = rng.random(size)
    return np.clip(first + shift + rng.normal(0, 0.2, size), 0, 1), first


@settings(max_examples=80)
@given(PAIRS)
def test_the_exact_p_value_counts_all_sign_patterns(pairs):
    first, second = np.array(pairs).T
    d = first - second
    sums = [abs(float(np.dot(signs, d))) for signs in product((1, -1), repeat=d.size)]
    expected = np.mean([s >= abs(d.sum()) - 1e-9 for s in sums])
    assert paired(first, second, rounds=50).p_value == pytest.approx(expected, abs=1e-12)


@settings(max_examples=50)
@given(PAIRS)
def test_turning_the_pair_round_turns_the_result_round(pairs):
    first, second = np.array(pairs).T
    one, two = paired(first, second, rounds=50), paired(second, first, rounds=50)
    assert (one.p_value, one.wins, one.losses, one.ties) == (two.p_value, two.losses, two.wins, two.ties)
    assert one.difference == -two.difference
    assert one.wins + one.losses + one.ties == one.queries == len(pairs)
    assert one.low <= one.difference + 1e-12 and one.difference - 1e-12 <= one.high


def test_equal_systems_do_not_differ_even_by_rounding():
    values = np.linspace(0, 1, 50)
    found = paired(values, values + 1e-15)
    assert (found.difference, found.low, found.high, found.p_value, found.ties) == (0.0, 0.0, 0.0, 1.0, 50)


def test_one_query_proves_nothing():
    assert paired([1.0], [0.0]).p_value == 1.0


def test_the_same_seed_gives_the_same_and_drawn_p_values_are_never_0():
    first, second = both(shift=0.5)
    assert paired(first, second, seed=3) == paired(first, second, seed=3)
    assert paired(first, second).p_value == pytest.approx(1 / 10_001)


def test_drawn_signs_agree_with_counted_ones(monkeypatch):
    first, second = both(size=18, shift=0.05)
    counted = paired(first, second).p_value
    monkeypatch.setattr("tamis.evaluate.significance.EXACT", 0)
    assert paired(first, second, rounds=50_000).p_value == pytest.approx(counted, abs=0.01)


def test_results_do_not_depend_on_how_much_is_held_at_once(monkeypatch):
    first, second = both()
    whole = paired(first, second)
    monkeypatch.setattr("tamis.evaluate.significance.CELLS", 1000)
    assert paired(first, second) == pytest.approx(whole)


def test_the_test_keeps_its_level_when_nothing_differs():
    p_values = [paired(*both(size=12, seed=seed), rounds=20).p_value for seed in range(400)]
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    found = [interval(rng.beta(2, 3, 60), rounds=400, seed=at) for at in range(300)]
    assert np.mean([i.low <= 0.4 <= i.high for i in found]) == pytest.approx(0.95, abs=0.04)


def test_more_confidence_is_wider():
    values = both()[0]
    narrow, wide = interval(values, confidence=0.5), interval(values, confidence=0.99)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high


def test_p_value_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    # Drawn p-values: scipy doubles the smaller tail, so its error is about 2 * sqrt(.25 / 50 000); .02 is four of both.
    for size, close in ((10, 1e-12), (150, 0.02)):
        first, second = both(size, shift=0.02)
        ours = paired(first, second, rounds=50_000)
        theirs = stats.permutation_test(
            (first, second),
            lambda x, y, axis: np.mean(x - y, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=50_000,
            rng=np.random.default_rng(0),
        )
        assert ours.p_value == pytest.approx(theirs.pvalue, abs=close)


def test_interval_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    values = both()[0]
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(0))
    ours = interval(values)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval), abs=2e-3)


def test_evaluations_are_compared_query_by_query():
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}}
    better = evaluate({"q1": {"a": 2, "b": 1}, "q2": {"a": 1, "b": 2}}, qrels, [RR])
    worse = evaluate({"q1": {"a": 1, "b": 2}}, qrels, [RR])
    found = compare(better, worse, RR)
    assert (found.difference, found.wins, found.losses) == (0.5, 2, 0)
    with pytest.raises(InputError, match="ap was not computed here"):
        compare(better, worse, AP)


def test_evaluations_of_other_queries_are_refused():
    one, two = (evaluate({}, {q: {"a": 1}, "q": {"a": 1}}, [RR]) for q in ("q1", "q2"))
    with pytest.raises(InputError, match="2 stand in only one, such as 'q1'"):
        compare(one, two, RR)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: paired([], []), "at least one query, got shape (0,)"),
        (lambda: paired([1.0, 2.0], [1.0]), "got 2 and 1 values"),
        (lambda: paired([[1.0]], [[1.0]]), "got shape (1, 1)"),
        (lambda: interval([1.0, float("nan")]), "got nan"),
        (lambda: interval([1.0], confidence=95), "between 0 and 1, got 95"),
        (lambda: interval([1.0], rounds=0), "at least 1, got 0"),
    ],
)
def test_unusable_values_are_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)


def test_ten_thousand_permutations_of_a_thousand_queries_take_less_than_half_a_second():
    first, second = both(size=1000, shift=0.02)
    seconds = []
    for _ in range(3):  # the best of three: .1 s of the processor, the bootstrap of the interval with it
        start = time.process_time()
        assert paired(first, second, rounds=10_000).queries == 1000
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.5
