"""The planner: statsmodels' numbers for one look, and simulated ones for the always-valid test."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower, tt_ind_solve_power
from statsmodels.stats.proportion import proportion_effectsize

from tamis.errors import InputError
from tamis.observe.abtest import (
    ConfidenceSequence,
    MSprt,
    detectable_mean,
    detectable_rate,
    found_by,
    plan_means,
    plan_rates,
    running,
)


@settings(max_examples=25)
@given(
    base=st.floats(0.05, 0.7),
    change=st.floats(0.01, 0.2),
    power=st.sampled_from([0.5, 0.8, 0.95]),
    level=st.sampled_from([0.05, 0.01]),
    treated=st.sampled_from([0.5, 0.1, 0.7]),
)
def test_rates_are_planned_as_by_statsmodels(base, change, power, level, treated):
    plan = plan_rates(base, change, power=power, level=level, treated=treated)
    ratio = treated / (1 - treated)
    control = NormalIndPower().solve_power(
        proportion_effectsize(base + change, base), alpha=level, power=power, ratio=ratio
    )
    assert plan.fixed == math.ceil(control * (1 + ratio) - 1e-6)
    assert sum(plan.arms) == plan.fixed
    assert detectable_rate(base, plan.fixed, power=power, level=level, treated=treated) == pytest.approx(
        change, rel=0.05
    )
    assert plan.usual <= plan.most or power == 0.5


@pytest.mark.parametrize("effect", [0.05, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("treated", [0.5, 0.2])
def test_means_are_planned_as_by_statsmodels(effect, treated):
    ratio = treated / (1 - treated)
    control = tt_ind_solve_power(effect, alpha=0.05, power=0.8, ratio=ratio)
    plan = plan_means(3.0, 3.0 * effect, treated=treated)
    assert plan.fixed == pytest.approx(control * (1 + ratio), rel=0.003, abs=2)
    assert detectable_mean(3.0, plan.fixed, treated=treated) == pytest.approx(3.0 * effect, rel=0.02)


def test_a_fall_takes_about_as_many_sessions_as_a_rise():
    rise, fall = plan_rates(0.5, 0.04), plan_rates(0.5, -0.04)
    assert rise.fixed == fall.fixed
    assert rise.usual == pytest.approx(fall.usual, rel=0.001)


def test_nothing_is_found_before_the_test_says_anything():
    assert plan_rates(0.1, 0.8).usual >= 2 * MSprt().least
    assert plan_rates(0.1, 0.8, treated=0.1).most >= 10 * MSprt().least


def test_days_are_counted_up():
    plan = plan_rates(0.30, 0.04)
    assert plan.days(1000, looked_at=False) == math.ceil(plan.fixed / 1000)
    assert plan.days(1000, part=0.1) == math.ceil(plan.most / 100)
    assert plan.as_json()["most"] == plan.most


@pytest.mark.parametrize("test", [MSprt(tau=0.04), MSprt(tau=0.01), ConfidenceSequence(tuned_for=5000)])
def test_the_always_valid_numbers_are_what_a_simulation_finds(test):
    sessions, chances = found_by(test, 0.04, 2 * (0.21 + 0.34 * 0.66), sessions=10_000)
    looks = (sessions / 2).astype(int)
    rng = np.random.default_rng(19)
    control, treated = running(rng.random((600, 5000)) < 0.30, looks), running(rng.random((600, 5000)) < 0.34, looks)
    p = test.trace(treated[0] - control[0], (control[1], treated[1]), (looks, looks)).p
    found = (p <= 0.05).mean(axis=0)
    assert np.abs(found - chances).max() < 0.06  # 600 runs: three standard errors


def test_more_looks_change_little(monkeypatch):
    few = found_by(MSprt(), 0.04, 0.87, sessions=8000)[1][-1]
    monkeypatch.setattr("tamis.observe.abtest.power.LOOKS", 400)
    monkeypatch.setattr("tamis.observe.abtest.power.NODES", 321)
    assert found_by(MSprt(), 0.04, 0.87, sessions=8000)[1][-1] == pytest.approx(few, abs=0.01)


def test_under_no_difference_it_finds_no_more_than_its_level():
    assert found_by(MSprt(), 0.0, 0.84, sessions=40_000)[1][-1] == pytest.approx(0.02, abs=0.01)  # W10's 2 %
    assert found_by(MSprt(least=10**6), 0.1, 0.84, sessions=40_000)[1].max() == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: plan_rates(0.3, 0.8),
        lambda: plan_rates(0.0, 0.1),
        lambda: plan_rates(0.3, 0.0),
        lambda: plan_rates(0.3, 0.1, power=0.01),
        lambda: plan_rates(0.3, 0.1, treated=1.0),
        lambda: plan_means(0.0, 0.1),
        lambda: detectable_rate(0.9, 20),
        lambda: detectable_rate(1.0, 20),
        lambda: detectable_mean(1.0, 1),
        lambda: detectable_mean(-1.0, 100),
        lambda: plan_rates(0.3, 0.1).days(0),
    ],
)
def test_what_cannot_be_planned_is_refused(call):
    with pytest.raises(InputError):
        call()
