"""Ratios over sessions: held against statsmodels' clustered errors, and intervals that cover."""

import numpy as np
import pytest
import statsmodels.api as sm

from tamis.errors import InputError
from tamis.observe.clicks.clustered import ratio_of_sums


def drawn(sessions=60, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(sessions), rng.integers(1, 8, sessions))
    return (rng.random(codes.size) < rng.beta(1, 2, sessions)[codes]).astype(float), codes


def test_a_mean_has_the_clustered_error_of_statsmodels():
    values, codes = drawn()
    fitted = sm.OLS(values, np.ones(values.size)).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": True, "df_correction": True}, use_t=True
    )
    found = ratio_of_sums(values, np.ones(values.size), codes)
    assert found.value == pytest.approx(fitted.params[0], rel=1e-12)
    # statsmodels also multiplies by (n - 1) / (n - parameters), which is 1 here.
    assert found.error == pytest.approx(fitted.bse[0], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int()[0]), rel=1e-9)


def test_a_weighted_mean_has_the_clustered_error_of_weighted_least_squares():
    values, codes = drawn(seed=1)
    weights = np.random.default_rng(2).gamma(2.0, size=values.size)
    fitted = sm.WLS(values, np.ones(values.size), weights).fit(cov_type="cluster", cov_kwds={"groups": codes})
    found = ratio_of_sums(values * weights, weights, codes)
    assert found.value == pytest.approx(fitted.params[0], rel=1e-12)
    assert found.error == pytest.approx(fitted.bse[0], rel=1e-9)


def test_the_interval_covers_and_one_that_forgets_sessions_does_not():
    covered = np.zeros(2)
    for seed in range(300):
        values, codes = drawn(seed=[seed, 3])
        for at, sessions in enumerate((codes, None)):
            found = ratio_of_sums(values, np.ones(values.size), sessions)
            covered[at] += found.low <= 1 / 3 <= found.high
    assert covered[0] >= 0.91 * 300 and covered[1] <= 0.82 * 300  # measured: 92 % and 80 %


def test_sessions_may_have_any_names():
    values, codes = drawn()
    ones = np.ones(values.size)
    assert ratio_of_sums(values, ones, [f"s{code}" for code in codes]) == ratio_of_sums(values, ones, codes)


def test_a_difference_has_both_errors():
    one, two = (ratio_of_sums(v, np.ones(v.size), c) for v, c in (drawn(seed=5), drawn(seed=6)))
    apart = one.minus(two)
    assert apart.value == pytest.approx(one.value - two.value)
    assert apart.error == pytest.approx(np.hypot(one.error, two.error))
    assert apart.low < apart.value < apart.high


def test_intervals_that_say_nothing_are_named():
    assert "says nothing" in ratio_of_sums([0.0] * 50, [1.0] * 50).warning
    assert "only 4 sessions" in ratio_of_sums([0, 1, 0, 1], [1, 1, 1, 1]).warning
    assert not ratio_of_sums([0, 1] * 30, [1.0] * 60).warning


@pytest.mark.parametrize(
    ("above", "below", "sessions"),
    [
        *(([1], [1], None), ([1, 0], [1], None), ([1, 0], [0, 0], None), ([1, 0], [1, 1], ["a", "a"])),
        *(([1, 0], [1, 1], ["a"]), ([1, float("nan")], [1, 1], None), ([[1, 0]], [[1, 1]], None)),
    ],
)
def test_what_has_no_error_is_refused(above, below, sessions):
    with pytest.raises(InputError):
        ratio_of_sums(above, below, sessions)


def test_confidence_out_of_range():
    with pytest.raises(InputError, match="confidence"):
        ratio_of_sums([1, 0], [1, 1], confidence=1.0)
