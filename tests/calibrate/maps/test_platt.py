"""Platt's map and temperature against scikit-learn; what smoothing does where labels are separable."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.calibration import _SigmoidCalibration
from sklearn.linear_model import LogisticRegression

from tamis.calibrate import Platt, Temperature
from tamis.calibrate.logistic import log_loss
from tamis.calibrate.maps.base import evidence, smoothed_targets
from tamis.errors import InputError

from .. import worlds


@pytest.mark.parametrize("count", [30, 100, 2000])
def test_equals_the_sigmoid_calibration_of_scikit_learn(count):
    drawn = worlds.independent(count, 1)
    ours, theirs = Platt().fit(drawn.scores, drawn.labels), _SigmoidCalibration().fit(drawn.scores, drawn.labels)
    assert ours.slope_ == pytest.approx(-theirs.a_, rel=1e-4)
    assert ours.intercept_ == pytest.approx(-theirs.b_, rel=1e-4)


def test_weights_are_those_of_a_logistic_regression_on_soft_labels():
    drawn, weights = worlds.independent(400, 2), np.random.default_rng(0).uniform(0.2, 5, 400)
    counts = evidence(weights)
    targets = smoothed_targets(drawn.labels, counts)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.tile(drawn.scores, 2)[:, None],
        np.repeat([1, 0], 400),
        np.concatenate([counts * targets, counts - counts * targets]),
    )
    ours = Platt().fit(drawn.scores, drawn.labels, None, weights)
    assert ours.slope_ == pytest.approx(theirs.coef_[0, 0], rel=1e-5)
    assert ours.intercept_ == pytest.approx(theirs.intercept_[0], rel=1e-5)


def test_separable_labels_get_a_finite_slope_and_the_smoothed_shares():
    found = Platt().fit([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    assert 0.5 < found.slope_ < 2
    assert found([-1.5, 1.5]) == pytest.approx([0.25, 0.75], abs=0.05)


def test_scores_that_point_the_wrong_way_get_the_base_rate():
    found = Platt().fit([3.0, 2.0, 1.0, 0.0, -1.0], [0, 0, 0, 1, 1])
    assert found.slope_ == 0
    assert found([-9.0, 9.0]) == pytest.approx([0.42, 0.42], abs=0.02)


@pytest.mark.parametrize("trial", range(3))
def test_temperature_is_where_the_loss_is_least(trial):
    drawn = worlds.independent(300, trial)
    targets = smoothed_targets(drawn.labels, np.ones(300))
    best = minimize_scalar(
        lambda slope: log_loss(slope * drawn.scores, targets),
        bounds=(1e-3, 20),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert Temperature().fit(drawn.scores, drawn.labels).slope_ == pytest.approx(best.x, rel=1e-5)


def test_temperature_stays_above_0_and_leaves_0_at_one_half():
    found = Temperature().fit([1.0, 2.0, -1.0, -2.0], [0, 0, 1, 1])
    assert 0 < found.slope_ < 0.01
    assert found([0.0]) == [0.5]
    assert found([-1.0]) < found([1.0])


def test_slopes_that_would_turn_the_order_round_are_not_read():
    with pytest.raises(InputError, match="parameters of 'platt': the slope must be at least 0, got -1"):
        Platt.from_parameters({"inputs": "logit", "slope": -1, "intercept": 0.0})
    with pytest.raises(InputError, match="parameters of 'temperature': the slope must be above 0, got 0"):
        Temperature.from_parameters({"inputs": "logit", "slope": 0})
