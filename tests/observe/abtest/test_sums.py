"""Running sums: the same mean and variance as from the values, and as statsmodels' cluster-robust ones."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe.abtest import Clusters, Sums, running


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=50))
def test_mean_and_variance_are_numpys(values):
    sums = Sums.of(values)
    assert sums.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert sums.variance == pytest.approx(np.var(values, ddof=1) / len(values), abs=1e-8)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(3, 30))
def test_the_variance_by_user_is_the_cluster_robust_one_of_statsmodels(seed, users):
    rng = np.random.default_rng(seed)
    user = np.concatenate([np.arange(users), rng.integers(0, users, 4 * users)])
    values = rng.random(users)[user] + rng.standard_normal(user.size)
    found = Sums.of(values, user)
    model = sm.OLS(values, np.ones(user.size)).fit(
        cov_type="cluster", cov_kwds={"groups": user, "use_correction": False}
    )
    # statsmodels corrects by G/(G-1) * (N-1)/(N-k), which is G/(G-1) here; it is put in by hand.
    assert found.variance == pytest.approx(model.bse[0] ** 2 * users / (users - 1), rel=1e-9)
    assert (found.units, found.sessions) == (users, user.size)
    assert found.mean == pytest.approx(values.mean())


def test_users_with_one_session_each_are_sessions():
    values = np.random.default_rng(1).random(40)
    alone, grouped = Sums.of(values), Sums.of(values, np.arange(40))
    assert grouped.variance == pytest.approx(alone.variance)
    assert grouped.clusters == Clusters(40, 40.0, pytest.approx(values.sum()))


def test_parts_add_up():
    values, users = np.arange(10.0), np.repeat(np.arange(5), 2)
    both = Sums.of(values[:4]) + Sums.of(values[4:])
    assert both == Sums.of(values)
    assert Sums.of(values[:4], users[:4]) + Sums.of(values[4:], users[4:]) == Sums.of(values, users)
    with pytest.raises(InputError, match="do not add up"):
        Sums.of(values) + Sums.of(values, users)


def test_running_sums_are_those_of_each_part():
    values = np.random.default_rng(2).random((3, 50))
    means, variances = running(values, [2, 10, 50])
    for row in range(3):
        for at, n in enumerate((2, 10, 50)):
            part = Sums.of(values[row, :n])
            assert (means[row, at], variances[row, at]) == pytest.approx((part.mean, part.variance))
    with pytest.raises(InputError, match="between 2 and 50"):
        running(values, [1, 10])


def test_binary_values_are_seen():
    assert Sums.of([0, 1, 1]).binary
    assert not Sums.of([0, 1, 2]).binary
    assert not Sums.of([0, 1, 1], ["a", "a", "b"]).binary


def test_nothing_is_told_of_no_values():
    assert np.isnan(Sums.of([]).mean)
    assert np.isnan(Sums.of([1.0]).variance)
    assert Sums(0, 0.0, 0.0).as_json()["mean"] is None


@pytest.mark.parametrize(
    "sums", [(-1, 0.0, 0.0), (3, float("nan"), 1.0), (10, 10.0, 5.0), (2, 1.0, 1.0, Clusters(1, 1.0, 1.0))]
)
def test_sums_that_no_values_have_are_refused(sums):
    with pytest.raises(InputError):
        Sums(*sums)


def test_values_and_users_must_match():
    with pytest.raises(InputError, match="expected a user for each of the 3"):
        Sums.of([1, 2, 3], ["a"])
    with pytest.raises(InputError, match="one finite value"):
        Sums.of([1.0, float("nan")])
