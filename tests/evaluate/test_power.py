"""The least difference that is seen: against statsmodels, and by trying it out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import detectable, paired


@pytest.mark.parametrize("queries", [20, 50, 300, 2000])
def test_it_agrees_with_statsmodels(queries):
    power = pytest.importorskip("statsmodels.stats.power", reason="the reference is missing: statsmodels")
    differences = np.random.default_rng(queries).normal(0, 0.3, queries)
    effect = power.TTestPower().solve_power(nobs=queries, alpha=0.05, power=0.8)
    assert detectable(differences) == pytest.approx(effect * differences.std(ddof=1), rel=0.01)


def test_a_difference_of_that_size_is_found_in_four_of_five_cases():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.25, (300, 120))
    shift = detectable(noise.ravel()[:120])
    found = [paired(shift + row, np.zeros(120), rounds=400).p_value <= 0.05 for row in noise]
    assert np.mean(found) == pytest.approx(0.8, abs=0.07)


@given(st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=3, max_size=30), st.floats(-0.4, 0.4))
def test_it_hangs_on_the_spread_and_not_on_what_was_found(differences, shift):
    column = np.array(differences)
    least = detectable(column)
    if least is None:
        assert np.ptp(column) == 0
        return
    assert least > 0
    assert detectable(column + shift) == pytest.approx(least, rel=1e-6)
    assert detectable(-column) == pytest.approx(least)
    assert detectable(np.tile(column, 4)) < least
    assert detectable(column, power=0.95) > least


def test_nothing_can_be_said_of_one_query_or_equal_systems():
    assert detectable([0.3]) is None and detectable([0.0] * 40) is None


@pytest.mark.parametrize("call", [lambda: detectable([0.1, float("nan")]), lambda: detectable([0.1, 0.2], power=1)])
def test_unusable_values_are_refused(call):
    with pytest.raises(InputError):
        call()
