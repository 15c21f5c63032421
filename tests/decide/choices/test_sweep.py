"""The sweep against scikit-learn and against counting by hand."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score, precision_recall_curve

from tamis.calibrate import Labelled
from tamis.decide import sweep

from ...calibrate import worlds

PAIRS = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=25)


def counted(scores, labels, weights, threshold):
    """Accepted, hits, false positives and misses, by hand."""
    taken = scores >= threshold
    right = labels == 1
    return [float(weights[mask].sum()) for mask in (taken, taken & right, taken & ~right, ~taken & right)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_scikit_learns_curve(weighted, decimals):
    world = worlds.independent(3000, 0)
    scores = world.scores.round(decimals)
    weights = np.random.default_rng(0).random(3000) + 0.1 if weighted else None
    found = sweep(Labelled.of(scores, world.labels, None, weights))
    precision, recall, thresholds = precision_recall_curve(world.labels, scores, sample_weight=weights)
    assert found.thresholds[1:].tolist() == thresholds[::-1].tolist()
    assert found.precision[1:] == pytest.approx(precision[-2::-1], rel=1e-12)
    assert found.recall == pytest.approx(recall[::-1], rel=1e-12)


@settings(max_examples=60)
@given(PAIRS)
def test_every_threshold_counts_what_it_accepts(pairs):
    scores, labels, weights = np.array(pairs, dtype=float).T
    found = sweep(Labelled.of(scores, labels, None, weights))
    assert found.thresholds.tolist() == [np.inf, *sorted(set(scores.tolist()), reverse=True)]
    for at, threshold in enumerate(found.thresholds):
        expected = counted(scores, labels, weights, threshold)
        counts = (found.accepted[at], found.hits[at], found.false_positives[at], found.misses[at])
        assert list(counts) == expected
        assert found.cost(0.5, 0.2)[at] == pytest.approx(0.5 * expected[2] + 0.2 * expected[3])
        if labels.any() and at:
            reference = fbeta_score(labels, scores >= threshold, beta=0.5, sample_weight=weights, zero_division=0)
            assert found.f_beta(0.5)[at] == pytest.approx(reference)
    assert (found.total, found.relevant) == (weights.sum(), weights @ labels)


@settings(max_examples=60)
@given(PAIRS, st.randoms(use_true_random=False))
def test_a_weight_is_a_repetition_and_order_does_not_matter(pairs, random):
    repeated = [(score, label) for score, label, weight in pairs for _ in range(weight)]
    random.shuffle(repeated)
    one = sweep(Labelled.of(*np.array(pairs, dtype=float).T[:2], None, [weight for *_, weight in pairs]))
    other = sweep(Labelled.of(*np.array(repeated, dtype=float).T))
    assert one.thresholds.tolist() == other.thresholds.tolist()
    assert one.accepted.tolist() == other.accepted.tolist() and one.hits.tolist() == other.hits.tolist()


def test_equal_scores_go_together():
    found = sweep(Labelled.of([1.0] * 5, [1, 0, 1, 0, 0]))
    assert found.thresholds.tolist() == [np.inf, 1.0] and found.precision[1] == 0.4


def test_saturated_and_tiny_differences_are_thresholds_of_their_own():
    top = np.nextafter(1.0, 0.0)
    found = sweep(Labelled.of([1.0, top, 0.0, 5e-324], [1, 0, 0, 1]))
    assert found.thresholds.tolist() == [np.inf, 1.0, top, 5e-324, 0.0]


def test_what_is_undefined_is_nan_and_nothing_warns():
    none = sweep(Labelled.of([2.0, 1.0], [0, 0]))
    assert np.isnan(none.recall).all() and np.isnan(none.precision[0])
    assert none.precision[1:].tolist() == [0, 0] and none.f_beta().tolist() == [0, 0, 0]


def test_a_million_pairs_take_a_moment():
    rng = np.random.default_rng(0)
    data = Labelled.of(rng.normal(size=1_000_000), rng.integers(0, 2, 1_000_000))
    start = time.process_time()
    assert len(sweep(data).f_beta()) == 1_000_001
    assert time.process_time() - start < 6  # three times the 2 s that are promised
