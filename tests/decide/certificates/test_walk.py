"""The tests behind a promised precision, one by one, against scipy."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tamis.calibrate import Labelled
from tamis.decide.certificates.betting import betting_p
from tamis.decide.certificates.walk import Descent, pairs_needed

from ...calibrate import worlds

LEAST = 0.9


def descent(world, *, by_query=False, strict=False, least=LEAST):
    data = Labelled.of(world.scores, world.labels, world.groups)
    return Descent(data, least, by_query=by_query, strict=strict)


def by_hand(world, accepted):
    """Labels and queries of the best-scored pairs."""
    best = np.argsort(-world.scores, kind="stable")[:accepted]
    return world.labels[best], world.groups[best]


@pytest.mark.parametrize("least", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("error", [0.4, 0.1, 0.05, 0.025, 0.001])
def test_the_fewest_pairs_are_those_of_the_binomial_test(least, error):
    for errors in (0, 1, 2, 5):
        counts = np.arange(errors, 4000)
        enough = stats.binom.cdf(errors, counts, 1 - least) <= error
        assert pairs_needed(least, error, errors) == max(1, counts[np.argmax(enough)])


def test_the_fewest_pairs_of_the_published_table():
    assert [[pairs_needed(least, 0.05, wrong) for wrong in (0, 1, 2, 5)] for least in (0.8, 0.9, 0.95, 0.99)] == [
        [14, 22, 30, 50], [29, 46, 61, 103], [59, 93, 124, 208], [299, 473, 628, 1049],
    ]  # fmt: skip
    assert [pairs_needed(least, 0.025) for least in (0.8, 0.9, 0.95, 0.99)] == [17, 36, 72, 368]


@pytest.mark.parametrize("accepted", [1, 29, 36, 90, 300])
def test_a_test_by_pairs_is_scipys(accepted):
    world = worlds.independent(1000, 3)
    labels, _ = by_hand(world, accepted)
    expected = stats.binomtest(int(labels.sum()), accepted, LEAST, alternative="greater").pvalue
    assert descent(world).p_value(accepted) == pytest.approx(expected, rel=1e-9)
    assert descent(world).p_value(accepted, perfect=True) == pytest.approx(LEAST**accepted, rel=1e-9)


@pytest.mark.parametrize("accepted", [40, 90, 300])
def test_a_test_by_queries_is_scipys_with_one_more_query_that_is_all_wrong(accepted):
    world = worlds.clustered(200, 3, 1.3)
    labels, groups = by_hand(world, accepted)
    excess = np.array([(LEAST - labels[groups == query]).sum() for query in range(200)])
    listed = len(np.unique(groups))
    t = stats.ttest_1samp([*excess, LEAST * accepted / listed], 0, alternative="less").pvalue
    pairs = stats.binom.sf(labels.sum() - 1, accepted, LEAST)
    assert descent(world, by_query=True).p_value(accepted) == pytest.approx(max(t, pairs), rel=1e-7)


def test_a_strict_test_bets():
    world = worlds.clustered(200, 3, 1.3)
    labels, groups = by_hand(world, 200)
    excess = np.array([(LEAST - labels[groups == query]).sum() for query in range(200)])
    found = descent(world, strict=True, by_query=True)
    assert found.p_value(200) == pytest.approx(betting_p(excess, LEAST * 10), rel=1e-9)


def test_walks_begin_where_they_could_pass_and_end_where_one_fails():
    found = descent(worlds.independent(2000, 0))
    steps = found.walks(0.05)
    starts = [steps[0]] + [step for before, step in itertools.pairwise(steps) if not before.passed]
    assert [step.accepted for step in starts] == [36, 90]
    for before, step in itertools.pairwise(steps):
        if before.passed:
            assert step.accepted == math.ceil(before.accepted * 1.15)
    for step in steps:
        assert step.passed == (found.p_value(step.accepted) <= 0.025)
        assert step.hits == int(found.labels[: step.accepted].sum())


def test_a_walk_that_never_fails_ends_before_the_last_pair():
    found = Descent(Labelled.of(np.arange(1000.0), np.ones(1000)), LEAST, by_query=False)
    steps = found.walks(0.05)
    assert all(step.passed for step in steps) and max(step.accepted for step in steps) < 1000


def test_with_many_pairs_walks_also_begin_further_down():
    """The best scores are often odd: a query's own copies, wrong labels."""
    rng = np.random.default_rng(0)
    labels = rng.random(20_000) < np.where(np.arange(20_000) < 10_000, 0.97, 0.2)
    labels[:200] = rng.random(200) < 0.5
    scores = -np.arange(20_000.0)
    found = Descent(Labelled.of(scores, labels), LEAST, by_query=False)
    passed = [step for step in found.walks(0.05) if step.passed]
    assert passed and 2000 <= max(step.accepted for step in passed) <= 11_000
    few = Descent(Labelled.of(scores[:1000], labels[:1000]), LEAST, by_query=False)
    assert [step.accepted for step in few.walks(0.05)] == [36, 90], "of few pairs no part of the error is kept for that"


def test_deep_walks_err_no_more_often():
    """At the precision itself, wherever the walks begin: as many pairs of which nine tenths are right."""
    rng = np.random.default_rng(1)
    false, trials = 0, 300
    for _ in range(trials):
        found = Descent(Labelled.of(-np.arange(8000.0), rng.random(8000) < 0.899), LEAST, by_query=False)
        false += any(step.passed for step in found.walks(0.05))
    assert false / trials <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / trials)


@settings(max_examples=60)
@given(st.integers(0, 500), st.integers(1, 4))
def test_ties_are_taken_as_one_and_thresholds_accept_exactly_what_was_tested(seed, values):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 10 * values, 400) / 7
    found = Descent(Labelled.of(scores, rng.random(400) < 0.97), LEAST, by_query=False)
    for step in found.walks(0.05):
        threshold = found.threshold(step.accepted)
        assert int((scores >= threshold).sum()) == step.accepted
        assert found.scores[step.accepted - 1] > found.scores[step.accepted], "a tie would be split"


def test_a_walk_ends_where_pairs_were_drawn_otherwise():
    scores = np.arange(1000.0)[::-1]
    weights = np.where(np.arange(1000) < 200, 5.0, 1.0)
    data = Labelled.of(scores, np.ones(1000), None, weights)
    assert max(step.accepted for step in Descent(data, LEAST, by_query=False).walks(0.05)) < 200


@settings(max_examples=60)
@given(st.integers(0, 1000), st.booleans())
def test_one_more_pair_at_the_top_is_evidence_for_what_it_says(seed, strict):
    rng = np.random.default_rng(seed)
    labels = (rng.random(120) < 0.9).astype(float)
    scores = np.sort(rng.normal(size=120))[::-1]
    before = Descent(Labelled.of(scores, labels), LEAST, by_query=False, strict=strict)
    for label in (1.0, 0.0):
        more = Labelled.of(np.append(scores, 9.0), np.append(labels, label))
        after = Descent(more, LEAST, by_query=False, strict=strict)
        for accepted in (20, 60, 100):
            p, then = before.p_value(accepted), after.p_value(accepted + 1)
            assert then <= p + 1e-12 if label else then >= p - 1e-12


def test_more_queries_like_these_take_less_where_they_show_the_promise_and_none_helps_where_they_do_not():
    world = worlds.clustered(100, 1, 1.0)
    found = descent(world, by_query=True)
    good = int((world.scores > 4).sum())
    times = found.growth(good, 1e-4)
    assert 1 < times < 100
    assert found.p_value(good, times=times) <= 1e-4 < found.p_value(good, times=times / 1.15)
    assert found.growth(len(world.scores) - 1, 0.05) == math.inf


def test_another_precision_is_tested_on_the_same_pairs():
    world = worlds.clustered(300, 1, 1.0)
    for strict in (False, True):
        other = descent(world, by_query=True, strict=strict).at(0.7)
        fresh = descent(world, by_query=True, strict=strict, least=0.7)
        assert other.p_value(300) == pytest.approx(fresh.p_value(300), rel=1e-12)
        assert [step.accepted for step in other.walks(0.05)] == [step.accepted for step in fresh.walks(0.05)]
