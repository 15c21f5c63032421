"""Tests with one look, held against scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from tamis.errors import InputError
from tamis.observe.abtest import Sums, two_means, two_proportions


@settings(max_examples=60)
@given(
    n=st.integers(1, 500),
    m=st.integers(1, 500),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
    level=st.sampled_from([0.05, 0.01]),
)
def test_two_proportions_are_those_of_statsmodels_and_scipy(n, m, x, y, level):
    x, y = round(x * n), round(y * m)
    found = two_proportions((x, n), (y, m), level=level)
    low, high = confint_proportions_2indep(y, m, x, n, method="newcomb", compare="diff", alpha=level)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    if found.method == "z test":
        assert found.p == pytest.approx(proportions_ztest([x, y], [n, m])[1], rel=1e-9, abs=1e-300)
    else:
        assert found.p == pytest.approx(stats.fisher_exact([[x, n - x], [y, m - y]])[1], rel=1e-7)


def test_few_successes_are_tested_exactly():
    assert two_proportions((1, 20), (6, 20)).method == "Fisher's exact test"
    assert two_proportions((0, 100_000), (9, 90)).p == pytest.approx(
        stats.fisher_exact([[0, 100_000], [9, 81]])[1], rel=1e-6
    )
    assert two_proportions((0, 50), (0, 50)).p == 1.0


@settings(max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(2, 60), m=st.integers(2, 60), scale=st.floats(0.1, 10))
def test_welchs_test_is_that_of_scipy_and_statsmodels(seed, n, m, scale):
    rng = np.random.default_rng(seed)
    one, two = rng.standard_normal(n), 0.5 + scale * rng.standard_normal(m)
    found = two_means(Sums.of(one), Sums.of(two))
    assert found.p == pytest.approx(stats.ttest_ind(two, one, equal_var=False).pvalue, rel=1e-7)
    interval = CompareMeans(DescrStatsW(two), DescrStatsW(one)).tconfint_diff(usevar="unequal")
    assert (found.low, found.high) == pytest.approx(interval, rel=1e-7)
    assert found.decided == (not found.low <= 0 <= found.high)


def test_results_go_into_json():
    assert two_proportions((300, 1000), (345, 1000)).as_json()["decided"] is True


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(InputError, match="0 to n successes"):
        two_proportions((3, 2), (1, 2))
    with pytest.raises(InputError, match="0 to n successes"):
        two_proportions((0, 0), (1, 2))
    with pytest.raises(InputError, match="not all equal"):
        two_means(Sums.of([1.0, 1.0]), Sums.of([1.0, 1.0]))
    with pytest.raises(InputError, match="level"):
        two_proportions((1, 2), (1, 2), level=1.0)
