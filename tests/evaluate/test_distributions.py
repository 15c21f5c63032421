"""Tails and their inverses against scipy, from the common case to the extremes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from tamis.evaluate.distributions import (
    binomial_high,
    binomial_low,
    binomial_tail,
    incomplete_beta,
    inverse,
    student_below,
    student_quantile,
)

TEN_DIGITS = 1e-10
SIZES = (0.5, 1, 2, 3.7, 10, 50, 300, 5000, 1e5)
COUNTS = (1, 2, 5, 29, 36, 100, 1000, 10_000, 100_000)
CHANCES = (0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999)
LEVELS = (1e-10, 1e-6, 0.001, 0.025, 0.05, 0.1, 0.3, 0.49, 0.51, 0.8, 0.95, 0.975, 0.9999, 1 - 1e-9)


def hits_of(count):
    hits = (0, 1, 2, count // 10, count // 2, int(0.9 * count), int(0.93 * count), count - 2, count - 1, count)
    return sorted({one for one in hits if 0 <= one <= count})


@pytest.mark.parametrize("a", [*SIZES, 5e5])
@pytest.mark.parametrize("b", SIZES)
def test_the_incomplete_beta_function(a, b):
    middle = a / (a + b)
    for x in (0, 1e-9, 1e-3, 0.05, 0.3, 0.5, 0.95 * middle, middle, 0.7, 0.95, 0.999, 1):
        expected = special.betainc(a, b, x)
        if expected == 0 or expected > 1e-290:  # below, numbers have fewer digits
            assert incomplete_beta(a, b, x) == pytest.approx(expected, rel=TEN_DIGITS)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("chance", CHANCES)
def test_the_binomial_tail(count, chance):
    for hits in (*hits_of(count), count + 1):
        expected = stats.binom.sf(hits - 1, count, chance)
        if expected == 0 or expected > 1e-290:
            assert binomial_tail(hits, count, chance) == pytest.approx(expected, rel=TEN_DIGITS)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("level", [1e-6, 0.001, 0.025, 0.05, 0.5, 0.9])
def test_clopper_and_pearson(count, level):
    for hits in hits_of(count):
        low = stats.beta.ppf(level, hits, count - hits + 1) if hits else 0.0
        high = stats.beta.isf(level, hits + 1, count - hits) if hits < count else 1.0
        assert binomial_low(hits, count, level) == pytest.approx(low, rel=TEN_DIGITS)
        assert binomial_high(hits, count, level) == pytest.approx(high, rel=TEN_DIGITS)


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 5, 10, 30, 100, 1e3, 1e5])
def test_students_distribution(freedom):
    for t in (-200, -40, -10, -5, -2, -1, -0.1, -1e-6, -1e-12, 0, 1e-12, 1e-6, 0.1, 1, 2, 5, 10, 40):
        expected = stats.t.cdf(t, freedom)
        if expected > 1e-290:
            assert student_below(t, freedom) == pytest.approx(expected, rel=TEN_DIGITS)


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 5, 10, 30, 100, 1e3, 1e5, 1e6, 1e7])
def test_students_quantile(freedom):
    for level in LEVELS:
        assert student_quantile(level, freedom) == pytest.approx(stats.t.ppf(level, freedom), rel=TEN_DIGITS)
    assert student_quantile(0.5, freedom) == pytest.approx(0, abs=1e-12)


@settings(max_examples=100)
@given(st.integers(1, 3000), st.floats(0, 1), st.floats(1e-6, 0.5))
def test_the_tail_at_the_lower_bound_is_the_level(count, share, level):
    hits = math.ceil(share * count)
    low, high = binomial_low(hits, count, level), binomial_high(hits, count, level)
    assert 0 <= low <= hits / count <= high <= 1
    if hits:
        assert binomial_tail(hits, count, low) == pytest.approx(level, rel=1e-8)


def test_halving_finds_the_place_of_a_value():
    assert inverse(lambda x: x**3, 8.0, 0.0, 5.0) == pytest.approx(2.0, rel=1e-15)
