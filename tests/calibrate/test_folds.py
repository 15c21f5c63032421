"""Folds keep queries whole, are alike, and do not depend on the order of the pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.calibrate import Labelled
from tamis.calibrate.folds import query_folds
from tamis.errors import InputError

from . import worlds


@st.composite
def labelled(draw, least=5):
    queries = draw(st.integers(least, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    sizes = rng.integers(1, 6, queries)
    groups = np.repeat(np.arange(queries), sizes)
    scores = rng.integers(-2, 3, groups.size) / 10  # few values, so that many queries are nearly alike
    return scores, (rng.random(groups.size) < 0.4).astype(float), groups


def members(data, fold_of):
    """What each fold holds, whatever the order of pairs and queries."""
    whole = [[], [], [], [], []]
    for group in np.unique(data.groups):
        own = data.groups == group
        (fold,) = set(fold_of[own].tolist())
        whole[fold].append(sorted(zip(data.scores[own].tolist(), data.labels[own].tolist(), strict=True)))
    return [sorted(fold) for fold in whole]


@settings(max_examples=100)
@given(labelled(), st.integers(0, 3))
def test_queries_stay_whole_and_folds_are_alike(drawn, seed):
    data = Labelled.of(*drawn)
    fold_of = query_folds(data, seed=seed)
    assert all(len(set(fold_of[data.groups == group])) == 1 for group in range(data.queries))
    queries = np.bincount(fold_of[np.unique(data.groups, return_index=True)[1]], minlength=5)
    assert queries.max() - queries.min() <= 1
    relevant = np.bincount(data.groups, weights=data.labels)
    spread = np.ptp(np.bincount(fold_of, weights=data.labels, minlength=5))
    assert spread <= 2 * relevant.max(), "queries with as many relevant pairs are dealt to different folds"


@settings(max_examples=100)
@given(labelled(), st.integers(0, 10_000))
def test_the_order_of_the_pairs_does_not_matter(drawn, seed):
    scores, labels, groups = drawn
    order = np.random.default_rng(seed).permutation(scores.size)
    one, other = Labelled.of(scores, labels, groups), Labelled.of(scores[order], labels[order], groups[order])
    assert members(one, query_folds(one)) == members(other, query_folds(other))


def test_pairs_without_queries_are_spread_by_label():
    world = worlds.independent(1000, 0)
    data = Labelled.of(world.scores, world.labels)
    fold_of = query_folds(data, 10)
    assert np.bincount(fold_of).tolist() == [100] * 10
    assert np.ptp(np.bincount(fold_of, weights=data.labels)) <= 1


def test_many_queries_are_dealt_as_evenly_as_few():
    world = worlds.clustered(30_000, 0, documents=2)
    fold_of = query_folds(Labelled.of(world.scores, world.labels, world.groups))
    assert np.ptp(np.bincount(fold_of)) == 0
    assert np.ptp(np.bincount(fold_of, weights=world.labels)) <= 4


def test_another_seed_deals_otherwise_and_the_same_seed_the_same():
    world = worlds.independent(100, 0)
    data = Labelled.of(world.scores, world.labels)
    assert (query_folds(data) == query_folds(data)).all()
    assert (query_folds(data) != query_folds(data, seed=1)).any()


@pytest.mark.parametrize(("queries", "says"), [(1, "1 query in the data"), (4, "4 queries in the data")])
def test_too_few_queries_are_refused(queries, says):
    data = Labelled.of(np.arange(8.0), [0, 1] * 4, np.arange(8) % queries)
    with pytest.raises(InputError) as caught:
        query_folds(data)
    assert says in str(caught.value) and "at least 5" in str(caught.value)
