"""What thresholds are tuned for: right on paper, near the best in a world whose truth is known, and checked."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import f1_score, fbeta_score

from tamis.calibrate import Labelled
from tamis.decide import Cost, FBeta, Fixed, Percentile, PrecisionAtLeast, SweptCost, sweep
from tamis.errors import InputError

from ...calibrate import worlds

PAIRS = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 1)), min_size=2, max_size=25).filter(
    lambda pairs: len({label for _, label in pairs}) == 2
)
ORACLE = 19.88  # least cost of W1 a thousand pairs, at .5 and .2


def true_cost(threshold):
    """Cost a thousand pairs of W1 at .5 for a wrong and .2 for a missed document."""
    tails = worlds.tails(threshold)
    missed = worlds.BASE_RATE * norm.cdf((threshold - worlds.MEANS[0]) / worlds.SPREADS[0])
    return 1000 * (0.5 * tails[..., 1:].sum(-1) + 0.2 * missed)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: FBeta(0), "beta must be above 0, got 0"),
        (lambda: FBeta(-1), "beta must be above 0, got -1"),
        (lambda: FBeta(math.inf), "beta must be above 0, got inf"),
        (lambda: FBeta(math.nan), "beta must be above 0, got nan"),
        (lambda: FBeta.weighted(0, 1), "weights of precision and recall must be above 0, got 0 and 1"),
        (lambda: FBeta.weighted(0.5, -0.5), "must be above 0, got 0.5 and -0.5"),
        (lambda: FBeta.weighted(0.5, math.nan), "must be above 0, got 0.5 and nan"),
        (lambda: Percentile(101), "a percentile lies between 0 and 100, got 101"),
        (lambda: Percentile(-1), "a percentile lies between 0 and 100, got -1"),
        (lambda: Percentile(math.nan), "a percentile lies between 0 and 100, got nan"),
        (lambda: Fixed(math.nan), "got nan"),
        (lambda: Cost(-0.5, 0.2), "false_positive must be a cost of at least 0, got -0.5"),
        (lambda: Cost(0.5, -0.2), "false_negative must be a cost of at least 0, got -0.2"),
        (lambda: Cost(0.5, math.inf), "false_negative must be a cost of at least 0, got inf"),
        (lambda: Cost(0, 0), "both costs are 0"),
        (lambda: SweptCost(-1, 1), "false_positive must be a cost of at least 0, got -1"),
        (lambda: SweptCost(0, 0), "both costs are 0"),
        (lambda: FBeta().choose(Labelled.of([1.0, 2.0], [1, 1])), "all 2 labels are relevant"),
        (lambda: Cost(1, 1).choose(Labelled.of([1.0, 2.0], [0, 0])), "all 2 labels are irrelevant"),
    ],
)
def test_bad_input_is_one_clear_error(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)


@settings(max_examples=80)
@given(PAIRS, st.sampled_from([0.5, 1.0, 2.0]))
def test_no_threshold_has_a_better_f_measure(pairs, beta):
    scores, labels = np.array(pairs, dtype=float).T
    threshold = FBeta(beta).choose(Labelled.of(scores, labels))
    measures = {t: fbeta_score(labels, scores >= t, beta=beta, zero_division=0) for t in np.unique(scores)}
    best = max(measures.values())
    assert measures[threshold] == pytest.approx(best)
    assert threshold == max(t for t, value in measures.items() if value > best - 1e-12), "the strictest of equal ones"


@settings(max_examples=80)
@given(PAIRS, st.floats(0, 5), st.floats(0.01, 5))
def test_no_threshold_is_cheaper(pairs, wrong, missed):
    scores, labels = np.array(pairs, dtype=float).T
    threshold = SweptCost(wrong, missed).choose(Labelled.of(scores, labels))

    def cost(t):
        return wrong * ((scores >= t) & (labels == 0)).sum() + missed * ((scores < t) & (labels == 1)).sum()

    assert cost(threshold) == pytest.approx(min(cost(t) for t in [np.inf, *scores]), abs=1e-12)


def test_weights_of_precision_and_recall_are_a_beta():
    assert FBeta.weighted(0.7, 0.3).beta == pytest.approx(math.sqrt(3 / 7))
    assert FBeta.weighted(2, 2) == FBeta()
    labels, scores = [1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0]
    assert FBeta.weighted(20, 1).choose(Labelled.of(scores, labels)) == 4.0
    assert FBeta.weighted(1, 20).choose(Labelled.of(scores, labels)) == 2.0
    assert f1_score(labels, np.array(scores) >= FBeta().choose(Labelled.of(scores, labels))) == pytest.approx(0.8)


@pytest.mark.parametrize("percent", [0, 1, 37.5, 70, 100])
def test_a_percentile_accepts_a_share_of_the_pairs(percent):
    world = worlds.independent(1000, 0)
    threshold = Percentile(percent).choose(Labelled.of(world.scores, world.labels))
    assert (world.scores < threshold).mean() == pytest.approx(percent / 100, abs=0.0011)


def test_a_cost_is_near_the_oracles_and_nearer_than_the_cheapest_of_the_labelled_pairs():
    assert true_cost(np.linspace(-5, 10, 20_001)).min() == pytest.approx(ORACLE, abs=0.01)
    assert true_cost(np.array(50.0)) == pytest.approx(40.0, abs=0.01)
    ours, swept, trials = [], [], 60
    for trial in range(trials):
        world = worlds.independent(500, trial)
        data = Labelled.of(world.scores, world.labels)
        ours.append(Cost(0.5, 0.2).choose(data))
        swept.append(SweptCost(0.5, 0.2).choose(data))
    excess, other = true_cost(np.array(ours)).mean() - ORACLE, true_cost(np.array(swept)).mean() - ORACLE
    assert excess < 0.5, "published: .21"
    assert excess < 0.6 * other, "published: less than a third of .68"


def test_the_cheapest_of_the_labelled_pairs_claims_too_much():
    claims, truths = [], []
    for trial in range(100):
        world = worlds.independent(500, trial)
        found = sweep(Labelled.of(world.scores, world.labels)).cost(0.5, 0.2)
        claims.append(2 * found.min())
        truths.append(true_cost(SweptCost(0.5, 0.2).choose(Labelled.of(world.scores, world.labels))))
    assert np.mean(claims) < ORACLE - 1 < ORACLE < np.mean(truths)


def test_costs_at_the_ends_accept_all_or_none():
    world = worlds.independent(500, 0)
    data = Labelled.of(world.scores, world.labels)
    assert Cost(0, 1).choose(data) == world.scores.min()
    assert Cost(1, 0).choose(data) == math.inf or Cost(1, 0).choose(data) == world.scores.max()
    assert Cost(1, 1e-12).choose(data) >= 8, "a probability of 1 - 1e-12 is reached nowhere near the middle"


def test_targets_are_json():
    targets = (FBeta(0.5), Percentile(70), Fixed(0.7), Cost(0.5, 0.2), SweptCost(0.5, 0.2), PrecisionAtLeast(0.9))
    names = [json.loads(json.dumps(target.as_json()))["target"] for target in targets]
    assert names == ["f-beta", "percentile", "fixed", "cost", "swept cost", "precision"]


def test_a_precision_without_a_promise_is_the_loosest_that_the_labels_show():
    data = Labelled.of([5.0, 4.0, 3.0, 2.0, 1.0], [1, 0, 1, 1, 0])
    assert PrecisionAtLeast(0.75).choose(data) == 2.0
    assert PrecisionAtLeast(0.8).choose(data) == 5.0
    assert PrecisionAtLeast(0.5).choose(Labelled.of([2.0, 1.0], [0, 0])) == math.inf
