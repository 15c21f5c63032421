"""Promised recalls and miss rates: how often they hold, and what they count."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tamis.calibrate import Labelled
from tamis.decide import Issued, MissRateAtMost, RecallAtLeast, Refused, certify
from tamis.decide.certificates.recall import Relevant, hoeffding_bentkus
from tamis.errors import InputError

from ...calibrate import worlds

TRIALS = 300


def of(world, **more):
    return Labelled.of(world.scores, world.labels, world.groups, **more)


def thresholds(target, drawn, *, grouped=True):
    found = [
        certify(of(world) if grouped else Labelled.of(world.scores, world.labels), target)
        for world in (drawn(trial) for trial in range(TRIALS))
    ]
    return np.array([one.threshold for one in found if isinstance(one, Issued)])


def missed(data, threshold, shown=None):
    """Share missed of each query that has a relevant pair, by hand."""
    accepted = data.scores >= threshold if shown is None else shown & (data.scores >= threshold)
    relevant = data.labels == 1
    queries = np.unique(data.groups[relevant])
    return np.array([1 - accepted[relevant & (data.groups == query)].mean() for query in queries])


@pytest.mark.parametrize("least", [0.8, 0.9])
def test_a_recall_holds_as_often_as_stated_for_independent_pairs(least):
    found = thresholds(RecallAtLeast(least), lambda trial: worlds.independent(800, trial), grouped=False)
    assert len(found) == TRIALS
    holds = (worlds.recall(found) >= least).mean()
    assert holds >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / TRIALS)
    assert holds <= 0.995, "the threshold is as strict as the promise allows"


@pytest.mark.parametrize(("queries", "between"), [(60, 1.3), (200, 1.3), (200, 0.0)])
def test_a_recall_holds_as_often_as_stated_for_queries(queries, between):
    found = thresholds(RecallAtLeast(0.8), lambda trial: worlds.clustered(queries, trial, between))
    assert len(found) >= 0.9 * TRIALS
    assert (worlds.recall(found) >= 0.8).mean() >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / TRIALS)


@pytest.mark.parametrize(("queries", "between"), [(200, 1.3), (500, 0.0)])
def test_a_miss_rate_with_confidence_holds_as_often_as_stated(queries, between):
    found = thresholds(MissRateAtMost(0.2, confidence=0.95), lambda trial: worlds.clustered(queries, trial, between))
    assert len(found) >= 0.9 * TRIALS
    assert (1 - worlds.recall(found) <= 0.2).mean() >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / TRIALS)


@pytest.mark.parametrize("queries", [30, 100])
def test_a_miss_rate_without_confidence_holds_on_average(queries):
    found = 1 - worlds.recall(thresholds(MissRateAtMost(0.1), lambda trial: worlds.clustered(queries, trial, 1.0)))
    assert len(found) == TRIALS
    assert found.mean() <= 0.1 + 2 * found.std() / math.sqrt(TRIALS)
    assert found.mean() >= 0.06, "it is as strict as the promise allows"
    assert (found > 0.1).mean() > 0.1, "in single samples it does not hold, and is not said to"


@pytest.mark.parametrize("count", [1, 10, 57, 200, 1000])
@pytest.mark.parametrize("most", [0.01, 0.1, 0.3])
def test_hoeffding_and_bentkus(count, most):
    for rate in (0.0, 0.003, 0.05, 0.0999, 0.1, 0.29, 0.31, 0.7, 1.0):
        inside = min(rate, most)
        relative = stats.entropy([inside, 1 - inside], [most, 1 - most])
        bentkus = math.e * stats.binom.cdf(math.ceil(round(count * rate, 9)), count, most)
        expected = min(1.0, math.exp(-count * relative), bentkus)
        assert hoeffding_bentkus(rate, count, most) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=100)
@given(st.integers(0, 2000), st.integers(1, 5), st.sampled_from([None, 0.9]))
def test_the_figures_are_those_of_counting_by_hand(seed, decimals, confidence):
    world = worlds.clustered(80, seed, 1.0, documents=5)
    data = Labelled.of(world.scores.round(decimals - 1), world.labels, world.groups)  # with many ties
    miss = certify(data, MissRateAtMost(0.3, confidence=confidence))
    if isinstance(miss, Issued):
        shares = missed(data, miss.threshold)
        assert miss.measured == pytest.approx(shares.mean()) and miss.measured <= 0.3
        assert miss.accepted == (data.scores >= miss.threshold).sum()
    recall = certify(data, RecallAtLeast(0.5))
    if isinstance(recall, Issued):
        accepted = data.scores >= recall.threshold
        assert recall.measured == pytest.approx(accepted[data.labels == 1].mean()) and recall.measured >= 0.5
        assert recall.threshold in data.scores[data.labels == 1]


def test_the_order_statistic_of_independent_pairs_is_wilks():
    scores = np.arange(200.0)
    for least, confidence in ((0.9, 0.95), (0.8, 0.99), (0.5, 0.6)):
        found = certify(Labelled.of(scores, np.ones(200)), RecallAtLeast(least, confidence=confidence))
        allowed = int((stats.binom.cdf(np.arange(200), 200, 1 - least) <= 1 - confidence).sum()) - 1
        assert found.threshold == scores[allowed]


def test_conformal_risk_control_is_its_formula():
    scores = np.arange(99.0)
    found = certify(Labelled.of(scores, np.ones(99), np.arange(99)), MissRateAtMost(0.1))
    assert found.threshold == 9.0 and found.measured == pytest.approx(9 / 99)  # (99 * 9 / 99 + 1) / 100 = 0.1
    assert found.confidence is None and found.bound == 0.1


@pytest.mark.parametrize("target", [RecallAtLeast(0.9), MissRateAtMost(0.1, confidence=0.95), MissRateAtMost(0.1)])
def test_too_few_relevant_pairs_are_refused_with_how_many_it_takes(target):
    fewest = 9 if getattr(target, "confidence", None) is None else 29
    for count in (fewest - 1, fewest):
        found = certify(Labelled.of(np.arange(2.0 * count), [0, 1] * count), target)
        assert found.issued == (count == fewest)
        if isinstance(found, Refused):
            assert found.labels_needed == fewest and f"at least {fewest}" in found.reason
            assert found.accepted == count


def test_queries_without_an_answer_say_nothing():
    world = worlds.clustered(200, 0, 1.0)
    data = of(world)
    answered = data.where(np.bincount(data.groups, weights=data.labels)[data.groups] > 0)
    for target in (MissRateAtMost(0.2), MissRateAtMost(0.3, confidence=0.9)):
        assert certify(data, target).threshold == certify(answered, target).threshold


def test_no_relevant_pair_and_mixed_weights_are_refused():
    for target in (RecallAtLeast(0.9), MissRateAtMost(0.1)):
        with pytest.raises(InputError, match="none of 100 labelled pairs is relevant"):
            certify(Labelled.of(np.arange(100.0), np.zeros(100)), target)
        with pytest.raises(InputError, match="drawn with different chances"):
            certify(Labelled.of(np.arange(100.0), np.ones(100), None, np.arange(100) % 2 + 1), target)


def test_a_recall_needs_as_many_queries_as_a_precision():
    found = certify(of(worlds.clustered(30, 0, 1.0)), RecallAtLeast(0.5))
    assert isinstance(found, Refused) and "20 more" in found.reason


def test_what_lists_of_k_cut_off_is_missed():
    world = worlds.clustered(300, 0, 1.0)
    data = of(world)
    shown = data.places() < 4
    beyond = int(data.labels[~shown].sum())
    assert Relevant.of(data, 4).beyond == beyond > 0
    for target in (RecallAtLeast(0.6), MissRateAtMost(0.4), MissRateAtMost(0.4, confidence=0.9)):
        found = certify(data, target, max_k=4)
        shares = missed(data, found.threshold, shown)
        by_hand = shares.mean() if isinstance(target, MissRateAtMost) else (
            (shown & (data.scores >= found.threshold))[data.labels == 1].mean()
        )  # fmt: skip
        assert found.measured == pytest.approx(by_hand)
        assert found.accepted == (shown & (data.scores >= found.threshold)).sum()
        refused = certify(data, target, max_k=1)
        assert isinstance(refused, Refused)
        assert "relevant pairs lie beyond the end of the lists, where no threshold helps: show more" in refused.reason


def test_what_is_chosen_without_a_promise_is_what_the_labels_show():
    data = of(worlds.clustered(200, 0, 1.0))
    threshold = RecallAtLeast(0.8).choose(data)
    relevant = data.scores[data.labels == 1]
    assert (relevant >= threshold).mean() >= 0.8 > (relevant > threshold).mean()
    threshold = MissRateAtMost(0.2).choose(data)
    stricter = np.min(data.scores[(data.scores > threshold) & (data.labels == 1)])
    assert missed(data, threshold).mean() <= 0.2 < missed(data, stricter).mean()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: RecallAtLeast(1.0), "a recall must lie between 0 and 1, got 1"),
        (lambda: RecallAtLeast(90), "90 % is written 0.9"),
        (lambda: RecallAtLeast(0.9, confidence=0), "a confidence must lie between 0 and 1, got 0"),
        (lambda: MissRateAtMost(0), "a miss rate must lie between 0 and 1, got 0"),
        (lambda: MissRateAtMost(10), "10 % is written 0.1"),
        (lambda: MissRateAtMost(0.1, confidence=1.0), "a confidence must lie between 0 and 1, got 1"),
    ],
)
def test_what_is_no_share_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)
