"""Tails of distributions, held against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from scipy.stats._hypotests import _cdf_cvm_inf

from tamis.evaluate.tails import chi_square_above, cramer_von_mises_above, incomplete_gamma, kolmogorov_above


@given(st.floats(0.05, 300), st.floats(0, 600))
def test_the_incomplete_gamma_function_is_that_of_scipy(a, x):
    assert incomplete_gamma(a, x) == pytest.approx(special.gammaincc(a, x), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("freedom", [1, 2, 9, 10, 99, 2000])
def test_tails_of_chi_square_are_those_of_scipy(freedom):
    for value in stats.chi2.isf([0.9999, 0.5, 0.05, 1e-3, 1e-9, 1e-60], freedom):
        assert chi_square_above(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-8)


@given(st.floats(0, 8))
def test_kolmogorovs_tail_is_that_of_scipy(value):
    assert kolmogorov_above(value) == pytest.approx(special.kolmogorov(value), rel=1e-10, abs=1e-14)


@given(st.floats(0, 6))
def test_the_tail_of_cramer_and_von_mises_is_that_of_scipy(value):
    expected = 1.0 - float(_cdf_cvm_inf(value)) if value > 0.002 else 1.0
    assert cramer_von_mises_above(value) == pytest.approx(expected, abs=1e-9)
