"""Calibrations from clicks: known truths are recovered, intervals cover, and clicks taken for labels are far off."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from tamis.calibrate.maps.platt import Platt
from tamis.errors import InputError
from tamis.observe.clicks import ClickCalibration, ClickModel, PositionBias, fit_clicks

from ...calibrate.worlds import calibrator_tests, posterior
from .visits import visits

MODEL = ClickModel(PositionBias(1.0, least=0.01))


def off(probabilities):
    """Mean distance to the true posterior."""
    return float(np.abs(probabilities - posterior(calibrator_tests())).mean())


@pytest.mark.parametrize("between", [0.0, 1.0])
@pytest.mark.parametrize(("count", "most"), [(2_000, 0.015), (20_000, 0.01)])
def test_clicks_alone_give_the_posterior_nearly_as_labels_do(between, count, most):
    drawn, scores = visits(count, between=between), calibrator_tests()
    found = fit_clicks(drawn.scores, drawn.positions, drawn.clicks, drawn.sessions, MODEL)
    raw = Platt().fit(drawn.scores, drawn.clicks)(scores)
    # Measured: .005 to .008, from labels .004 to .005, where clicks taken for labels are .100 off.
    assert off(found.probability(scores)) < most < 0.09 < off(raw)
    assert found.sessions == count and found.impressions == 10 * count


def drawn_by(model, slope=1.4, intercept=-1.0, sessions=400, seed=0):
    """Pages whose truth is a logistic curve; scores of a page are alike, and sorted."""
    rng = np.random.default_rng([seed, 8])
    scores = -np.sort(-(rng.standard_normal((sessions, 1)) + rng.normal(0, 1.5, (sessions, 6))), axis=1)
    places = np.broadcast_to(np.arange(1, 7), scores.shape)
    chances = model.chances(expit(slope * scores + intercept).ravel(), places.ravel())
    clicks = (rng.random(chances.size) < chances).astype(float)
    return scores.ravel(), places.ravel(), clicks, np.repeat(np.arange(sessions), 6)


def test_it_is_the_maximum_of_the_weighted_likelihood():
    scores, places, clicks, sessions = drawn_by(MODEL)

    def loss(beta):
        chances = MODEL.chances(expit(beta[0] * scores + beta[1]), places)
        return -((clicks * np.log(chances) + (1 - clicks) * np.log1p(-chances)) * places).sum()

    best = minimize(loss, [1.0, 0.0], tol=1e-10)
    found = fit_clicks(scores, places, clicks, sessions, MODEL)
    assert (found.slope, found.intercept) == pytest.approx(tuple(best.x), abs=1e-4)


def test_intervals_cover_a_truth_of_the_same_form():
    at, inside, errors, said = np.array([-2.0, 0.0, 0.7, 2.0]), [], [], []
    for seed in range(150):
        found = fit_clicks(*drawn_by(MODEL, seed=seed), MODEL)
        low, high = found.interval(at)
        inside.append((low <= expit(1.4 * at - 1)) & (expit(1.4 * at - 1) <= high))
        errors.append((found.slope, found.intercept))
        said.append(np.sqrt(np.diag(found.covariance)))
    assert (np.mean(inside, axis=0) > 0.9).all()  # measured: 93 to 96 %
    assert np.median(said, axis=0) == pytest.approx(np.std(errors, axis=0), rel=0.25)


def test_sessions_that_are_alike_widen_the_interval():
    scores, places, clicks, sessions = drawn_by(MODEL)
    twice = [np.concatenate([column, column]) for column in (scores, places, clicks)]
    once = fit_clicks(scores, places, clicks, sessions, MODEL)
    found = fit_clicks(*twice, np.concatenate([sessions, sessions]), MODEL)
    assert found.slope == pytest.approx(once.slope, abs=1e-6)
    assert np.array(found.covariance) == pytest.approx(np.array(once.covariance), rel=1e-3)


def test_explored_candidates_count_by_how_seldom_they_are_shown():
    rng, size = np.random.default_rng(7), 40_000
    scores = rng.normal(0, 2, size)
    true = np.where(scores > 0, 0.8, 0.3)  # no logistic curve: what it fits depends on what is shown
    rate = np.where(scores > 0, 1.0, 0.05)
    clicks = (rng.random(size) < ClickModel().chances(true, np.ones(size))).astype(float)
    kept = rng.random(size) < rate
    whole = fit_clicks(scores, np.ones(size), clicks, None, ClickModel())
    part, plain = (
        fit_clicks(scores[kept], np.ones(kept.sum()), clicks[kept], None, ClickModel(), propensities=p)
        for p in (rate[kept], None)
    )
    apart = [np.abs(one.probability(scores) - whole.probability(scores)).mean() for one in (part, plain)]
    assert apart[0] < 0.03 < apart[1]


def test_scores_may_have_any_scale():
    scores, places, clicks, sessions = drawn_by(MODEL)
    one = fit_clicks(scores, places, clicks, sessions, MODEL)
    other = fit_clicks(1000 * scores + 500, places, clicks, sessions, MODEL)
    assert other.probability(1000 * scores + 500) == pytest.approx(one.probability(scores), abs=1e-5)
    assert other.interval([1500.0])[0] == pytest.approx(one.interval([1.0])[0], abs=1e-4)


def test_scores_that_tell_the_wrong_way_round_get_no_slope():
    scores, places, clicks, sessions = drawn_by(ClickModel(PositionBias(0.0)))
    found = fit_clicks(-scores, places, clicks, sessions, ClickModel(PositionBias(0.0)))
    assert found.slope == 0 and np.isfinite(found.covariance).all()
    assert len(set(found.probability([-3.0, 0.0, 3.0]).tolist())) == 1


@settings(max_examples=30)
@given(st.floats(0, 9), st.floats(-9, 9), st.lists(st.floats(-50, 50), min_size=1, max_size=9), st.floats(0.01, 4))
def test_probabilities_rise_lie_in_their_intervals_and_survive_json(slope, intercept, scores, spread):
    found = ClickCalibration(slope, intercept, ((spread, 0.1 * spread), (0.1 * spread, spread)), 3, 2)
    values = found.probability(sorted(scores))
    assert (np.diff(values) >= 0).all() and ((values >= 0) & (values <= 1)).all()
    low, high = found.interval(sorted(scores))
    assert (low <= values).all() and (values <= high).all()
    assert ClickCalibration.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_what_cannot_be_fitted_is_refused():
    good = dict(scores=[0.0, 1.0, 2.0, 3.0], positions=[1] * 4, clicks=[0, 1, 0, 1], sessions=list("abcd"))
    fit_clicks(**good, model=ClickModel())
    for wrong in (
        *({"clicks": [0] * 4}, {"clicks": [1] * 4}, {"scores": [1.0] * 4}, {"sessions": list("aabb")}),
        *({"scores": [0.0, 1.0, float("nan"), 2.0]}, {"positions": [1] * 3}, {"positions": [0] * 4}),
        *({"sessions": ["a"]}, {"propensities": [0.0] * 4}),
    ):
        with pytest.raises(InputError):
            fit_clicks(**{**good, **wrong}, model=ClickModel())
    for value in (None, {}, {"slope": 1, "intercept": 0, "covariance": [1]}):
        with pytest.raises(InputError):
            ClickCalibration.from_json(value)
    with pytest.raises(InputError, match="confidence"):
        ClickCalibration(1.0, 0.0, ((1.0, 0.0), (0.0, 1.0))).interval([0.0], 1.0)
