"""Betting: errs as seldom as it says, whatever the values, and gets surer with evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.decide.certificates.betting import betting_p

VALUES = st.lists(st.floats(-5, 0.9), min_size=1, max_size=40)


def skewed(rng, count):
    """Mean 0, seldom and then far below: the shape that misleads a t-test."""
    return np.where(rng.random(count) < 0.02, -0.1 * 49, 0.1)


def even(rng, count):
    return np.where(rng.random(count) < 0.9, -0.1, 0.9)


@pytest.mark.parametrize("drawn", [skewed, even, lambda rng, count: rng.uniform(-0.9, 0.9, count)])
@pytest.mark.parametrize("count", [20, 100, 500])
def test_a_mean_of_nought_is_called_negative_as_seldom_as_stated(drawn, count):
    rng = np.random.default_rng(count)
    p_values = np.array([betting_p(drawn(rng, count), 0.9) for _ in range(600)])
    for level in (0.05, 0.2):
        assert (p_values <= level).mean() <= level + 2 * np.sqrt(level * (1 - level) / 600)


def test_a_p_value_is_one_over_the_mean_fortune_of_four_gamblers():
    values, most = np.array([-0.1, -0.1, 0.7, -0.6, -0.9, 0.2, -0.8]), 0.9
    fortunes = [1.0] * 4
    for value in values:
        for at in range(4):
            fortunes[at] *= 1 - 0.99 * (at + 1) / 4 / most * value
    assert betting_p(values, most) == pytest.approx(4 / sum(fortunes), rel=1e-12)
    assert betting_p(values[2:3], most) == 1.0


def test_a_mean_below_nought_is_found():
    rng = np.random.default_rng(0)
    p_values = [betting_p(even(rng, 500) - 0.05, 0.9) for _ in range(100)]
    assert np.mean(np.array(p_values) <= 0.05) > 0.6


@settings(max_examples=200)
@given(VALUES, st.integers(0, 39), st.floats(0, 3))
def test_a_lower_value_is_more_evidence(values, at, less):
    lower = list(values)
    lower[at % len(values)] -= less
    assert betting_p(np.array(lower), 0.9) <= betting_p(np.array(values), 0.9) + 1e-12


@settings(max_examples=100)
@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_does_not_matter_and_copies_count(values, random):
    p = betting_p(np.array(values), 0.9)
    assert 0 <= p <= 1
    assert betting_p(np.array(values * 3), 0.9) == pytest.approx(betting_p(np.array(values), 0.9, times=3), rel=1e-9)
    random.shuffle(values)
    assert betting_p(np.array(values), 0.9) == pytest.approx(p, rel=1e-9)


def test_nothing_overflows():
    assert betting_p(np.full(1_000_000, -0.9), 0.9) == pytest.approx(0, abs=1e-300)
    assert betting_p(np.full(1_000_000, 0.9), 0.9) == 1.0
