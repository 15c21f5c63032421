"""Isotonic regression against brute force and scikit-learn; histograms of equal mass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from tamis.calibrate import Histogram, Isotonic
from tamis.calibrate.maps.isotonic import pava, pooled
from tamis.errors import InputError

from .. import worlds

VALUES = st.lists(st.tuples(st.floats(-5, 5, allow_subnormal=False), st.floats(0.1, 9)), min_size=1, max_size=14)


@settings(max_examples=150)
@given(VALUES)
def test_pooling_equals_the_largest_least_mean(rows):
    values, weights = (np.array(column) for column in zip(*rows, strict=True))
    count = len(values)
    mean = [
        [np.average(values[a : b + 1], weights=weights[a : b + 1]) if a <= b else 0 for b in range(count)]
        for a in range(count)
    ]
    expected = [max(min(mean[a][b] for b in range(i, count)) for a in range(i + 1)) for i in range(count)]
    found = pava(values, weights)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (np.diff(found) >= 0).all()


PAIRS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 1), st.sampled_from([0.5, 1.0, 3.0])), min_size=2, max_size=40
).filter(lambda rows: len({label for _, label, _ in rows}) == 2)


@settings(max_examples=150)
@given(PAIRS)
def test_agrees_with_scikit_learn_on_ties_and_weights(rows):
    scores, labels, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    grid = np.linspace(-1, 9, 81)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels, weights)
    np.testing.assert_allclose(
        Isotonic(clip=False).fit(scores, labels, None, weights)(grid), theirs.predict(grid), atol=1e-12
    )
    np.testing.assert_allclose(pooled(scores, labels, weights), theirs.predict(scores), atol=1e-12)


def test_agrees_with_scikit_learn_on_many_pairs():
    drawn, grid = worlds.independent(5000, 0), np.linspace(-12, 12, 4001)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(drawn.scores, drawn.labels)
    ours = Isotonic(clip=False).fit(drawn.scores, drawn.labels)
    np.testing.assert_allclose(ours(grid), theirs.predict(grid), atol=1e-12)
    assert len(ours.scores_) == len(theirs.X_thresholds_)


def test_clipped_it_never_says_0_or_1():
    found = Isotonic().fit([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1])
    assert found([-9.0, 9.0]) == pytest.approx([1 / 6, 5 / 6])


def test_a_histogram_shows_the_smoothed_share_of_each_bin():
    scores = np.arange(8.0)
    found = Histogram(bins=4).fit(scores, [0, 0, 0, 1, 0, 1, 1, 1])
    assert found(scores) == pytest.approx(np.repeat([0.25, 0.5, 0.5, 0.75], 2))
    assert found.edges_.tolist() == [1.5, 5.5]  # the two bins of equal share have become one


def test_a_histogram_that_would_fall_is_pooled():
    found = Histogram(bins=2).fit([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0])
    assert found([0.0, 9.0]) == pytest.approx([0.5, 0.5])


def test_neighbouring_numbers_can_be_told_apart():
    low = 1.0
    high = np.nextafter(low, 2)
    found = Histogram(bins=2).fit([low, low, high, high], [0, 0, 1, 1])
    assert found([low, high]) == pytest.approx([0.25, 0.75])


def test_parameters_that_make_no_map_are_refused():
    with pytest.raises(InputError, match="bins must be at least 1, got 0"):
        Histogram(bins=0).fit([0.0, 1.0], [0, 1])
    with pytest.raises(InputError, match="scores must rise and probabilities may not fall"):
        Isotonic.from_parameters({"clip": True, "scores": [0.0, 1.0], "probabilities": [0.5, 0.4]})
    with pytest.raises(InputError, match="expected 3 probabilities for 2 scores, got 2"):
        Histogram.from_parameters({"bins": 3, "edges": [0.0, 1.0], "probabilities": [0.5, 0.6]})
    with pytest.raises(InputError, match=r"probabilities must lie in \[0, 1\]"):
        Isotonic.from_parameters({"clip": True, "scores": [0.0], "probabilities": [1.5]})
