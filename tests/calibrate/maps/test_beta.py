"""Beta calibration against betacal, its authors' package."""

import warnings

import numpy as np
import pytest

from tamis.calibrate import Beta, Platt
from tamis.calibrate.logistic import log_loss, log_odds, sigmoid
from tamis.calibrate.maps.base import smoothed_targets
from tamis.errors import InputError

from .. import worlds

betacal = pytest.importorskip("betacal", reason="the reference is not installed")


def theirs(scores, targets):
    """betacal's probabilities, fitted on soft labels: every pair stands as both, by its target."""
    shares = sigmoid(scores)
    doubled, kinds = np.tile(shares, 2), np.repeat([1, 0], len(scores))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = betacal.BetaCalibration("abm").fit(
            doubled.reshape(-1, 1), kinds, np.concatenate([targets, 1 - targets])
        )
    return fitted.predict


@pytest.mark.parametrize("trial", range(4))
def test_agrees_with_betacal(trial):
    drawn, grid = worlds.independent(600, trial), np.linspace(-7, 7, 101)
    targets = smoothed_targets(drawn.labels, np.ones(600))
    expected, ours = theirs(drawn.scores, targets), Beta().fit(drawn.scores, drawn.labels)
    np.testing.assert_allclose(ours(grid), expected(sigmoid(grid)), atol=1e-3)  # its optimiser stops early
    losses = [log_loss(log_odds(p), targets) for p in (ours(drawn.scores), expected(sigmoid(drawn.scores)))]
    assert losses[0] <= losses[1] + 1e-12


def test_bends_one_end_only_where_the_other_says_nothing():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 4, 20_000)
    truth = sigmoid(2.0 * np.minimum(scores, 0))  # above 0 a higher score means no more
    beta = Beta().fit(scores, rng.random(20_000) < truth)
    assert beta.rise_ > 5 * beta.fall_
    platt = Platt().fit(scores, rng.random(20_000) < truth)
    assert np.abs(beta(scores) - truth).mean() < np.abs(platt(scores) - truth).mean() / 2


def test_negative_weights_are_not_read():
    with pytest.raises(InputError, match=r"rise and fall must be at least 0, got -0.5"):
        Beta.from_parameters({"inputs": "logit", "rise": 1.0, "fall": -0.5, "intercept": 0.0})
