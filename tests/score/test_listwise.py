"""Listwise weights, against scipy's own minimiser and the conditions that hold at a least point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from tamis.errors import InputError
from tamis.score.listwise import listwise_weights


def problem(seed, lists, members, strength=1.0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(lists), rng.integers(2, 9, lists))
    labels = rng.integers(0, 3, len(groups)).astype(float)
    features = rng.normal(size=(len(groups), members))
    features += strength * rng.normal(size=members) * labels[:, None]
    return features, labels, groups


def loss(weights, features, labels, groups, l2):
    """The formula, list by list."""
    total = l2 / 2 * (weights**2).sum()
    for group in np.unique(groups):
        x, t = features[groups == group], labels[groups == group]
        if t.max() > t.min():
            z = x @ weights
            total += logsumexp(z) - (t / t.sum()) @ z
    return total


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(3, 30), st.integers(1, 6), st.sampled_from([0.01, 1.0, 30.0]))
def test_no_other_weights_are_better(seed, lists, members, l2):
    features, labels, groups = problem(seed, lists, members)
    if all(np.ptp(labels[groups == g]) == 0 for g in np.unique(groups)):
        return
    weights = listwise_weights(features, labels, groups, l2=l2)
    assert (weights >= 0).all()
    peer = minimize(loss, np.ones(members), (features, labels, groups, l2), "L-BFGS-B", bounds=[(0, None)] * members)
    assert loss(weights, features, labels, groups, l2) <= peer.fun + 1e-7 * (1 + abs(peer.fun))
    np.testing.assert_allclose(weights, peer.x, atol=2e-3 * (1 + np.abs(peer.x).max()))


def test_separable_lists_converge():
    features = np.array([[9.0, 0], [0, 9], [8, 1], [1, 8]] * 50)
    weights = listwise_weights(features, np.array([1.0, 0, 1, 0] * 50), np.repeat(np.arange(100), 2), l2=1e-6)
    assert np.isfinite(weights).all()
    assert weights[0] > 0.5
    assert weights[1] == 0


def test_the_order_of_items_does_not_matter():
    features, labels, groups = problem(1, 20, 3)
    order = np.random.default_rng(0).permutation(len(groups))
    np.testing.assert_allclose(
        listwise_weights(features[order], labels[order], groups[order]),
        listwise_weights(features, labels, groups),
        atol=1e-9,
    )


def test_lists_without_contrast_say_nothing():
    features, labels, groups = problem(2, 10, 2)
    more = np.concatenate([features, np.ones((6, 2)) * [5, -5]])
    weights = listwise_weights(more, np.append(labels, [1, 1, 1, 0, 0, 0]), np.append(groups, [90, 90, 90, 91, 91, 91]))
    np.testing.assert_array_equal(weights, listwise_weights(features, labels, groups))
    with pytest.raises(InputError, match="no query has both"):
        listwise_weights(features, np.zeros(len(labels)), groups)
    with pytest.raises(InputError, match="no query has both"):
        listwise_weights(np.zeros((0, 2)), np.zeros(0), np.zeros(0, dtype=np.int64))
