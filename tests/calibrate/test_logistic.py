"""Logistic regression against scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss as reference_loss

from tamis.calibrate.logistic import fit_logistic, log_loss, log_odds, sigmoid, softplus


def drawn(seed, count=400, features=3):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(count, features)) * [1.0, 20.0, 0.01][:features] + [0.0, 5.0, -3.0][:features]
    standard = (columns - columns.mean(0)) / columns.std(0)
    labels = rng.random(count) < expit(standard @ [1.5, -1.0, 0.3][:features] - 0.5)
    return columns, labels.astype(float), rng.integers(1, 4, count).astype(float)


def reference(columns, labels, weights=None, ridge=0.0):
    """scikit-learn's answer to the same question; it does not standardise, so it is given standardised columns."""
    share = np.ones(len(labels)) if weights is None else weights
    center = np.average(columns, axis=0, weights=share)
    scale = np.sqrt(np.average((columns - center) ** 2, axis=0, weights=share))
    model = LogisticRegression(C=1 / ridge if ridge else np.inf, tol=1e-12, max_iter=10_000)
    model.fit((columns - center) / scale, labels, sample_weight=weights)
    slopes = model.coef_[0] / scale
    return slopes, float(model.intercept_[0] - slopes @ center)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ridge", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_scikit_learn_finds_the_same(seed, ridge, weighted):
    columns, labels, weights = drawn(seed)
    given = weights if weighted else np.ones(len(labels))
    slopes, intercept = fit_logistic(columns, labels, given, ridge=ridge)
    expected, at = reference(columns, labels, weights if weighted else None, ridge)
    assert slopes == pytest.approx(expected, rel=1e-5)
    assert intercept == pytest.approx(at, rel=1e-5, abs=1e-5)


def test_a_weight_is_a_repetition():
    columns, labels, weights = drawn(4)
    times = weights.astype(int)
    slopes, intercept = fit_logistic(columns, labels, weights, ridge=2.0)
    repeated = fit_logistic(
        np.repeat(columns, times, axis=0), np.repeat(labels, times), np.ones(times.sum()), ridge=2.0
    )
    assert slopes == pytest.approx(repeated[0], rel=1e-8) and intercept == pytest.approx(repeated[1], rel=1e-8)


def test_a_soft_target_is_a_share_of_both_labels():
    columns, labels, _ = drawn(5, 100)
    soft = 0.8 * labels + 0.1
    both = fit_logistic(
        np.vstack([columns, columns]), np.append(np.ones(100), np.zeros(100)), np.append(soft, 1 - soft), ridge=0.0
    )
    found = fit_logistic(columns, soft, np.ones(100))
    assert found[0] == pytest.approx(both[0], rel=1e-7) and found[1] == pytest.approx(both[1], rel=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_weights_that_may_not_be_negative_are_those_of_scipy(seed):
    columns, labels, weights = drawn(seed, 200)
    standard = (columns - np.average(columns, axis=0, weights=weights)) / np.sqrt(
        np.average((columns - np.average(columns, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    )

    def loss(beta):
        logits = standard @ beta[:3] + beta[3]
        return float(weights @ (np.logaddexp(0, logits) - labels * logits)) / weights.sum()

    theirs = minimize(loss, np.zeros(4), bounds=[(0, None)] * 3 + [(None, None)], method="L-BFGS-B", tol=1e-14)
    slopes, intercept = fit_logistic(columns, labels, weights, nonnegative=np.ones(3, dtype=bool))
    assert (slopes >= 0).all() and slopes[1] == 0, "the second feature speaks against relevance"
    assert log_loss(columns @ slopes + intercept, labels, weights) == pytest.approx(theirs.fun, abs=1e-9)
    free, _ = fit_logistic(columns, labels, weights)
    assert free[1] < 0


def test_each_feature_may_have_its_own_ridge():
    columns, labels, weights = drawn(6)
    alone, _ = fit_logistic(columns[:, :1], labels, weights)
    slopes, _ = fit_logistic(columns, labels, weights, ridge=np.array([0.0, 1e9, 1e9]))
    assert slopes[0] == pytest.approx(alone[0], rel=1e-4) and slopes[1:] == pytest.approx([0, 0], abs=1e-4)


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]),  # separable
        ([[1.0], [1.0], [1.0], [1.0]], [0, 0, 0, 1]),  # constant
        ([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5], [2.0, 2.0]], [0, 1, 1, 0]),  # the same twice
        ([[0.0], [1.0], [2.0], [3.0]], [1, 1, 1, 1]),  # one label
        ([[1e8], [1e8 + 1], [1e8 + 2], [1e8 + 3]], [0, 1, 0, 1]),
    ],
)
def test_degenerate_data_give_finite_weights(columns, labels):
    slopes, intercept = fit_logistic(np.array(columns), np.array(labels, dtype=float), np.ones(4))
    assert np.isfinite(slopes).all() and np.isfinite(intercept)
    if columns[0] == [1.0]:
        assert slopes[0] == 0 and intercept == pytest.approx(logit(0.25))


def test_the_functions_are_those_of_scipy_and_do_not_overflow():
    logits = np.array([-1e4, -700.0, -30.0, -1e-9, 0.0, 0.5, 30.0, 700.0, 1e4])
    assert sigmoid(logits) == pytest.approx(expit(logits), rel=1e-14, abs=0)
    assert softplus(logits) == pytest.approx(-log_expit(-logits), rel=1e-14)
    chances = np.array([1e-9, 0.2, 0.5, 0.999])
    assert log_odds(chances) == pytest.approx(logit(chances), rel=1e-12)
    assert log_odds(np.array([0.0, 1.0])).tolist() == pytest.approx([-27.631, 27.631], abs=1e-3)
    assert log_odds(np.array([1.0]), least=0.25)[0] == pytest.approx(np.log(3))


def test_the_loss_is_scikit_learns():
    rng = np.random.default_rng(0)
    logits, labels, weights = rng.normal(size=50), rng.integers(0, 2, 50).astype(float), rng.random(50) + 0.1
    assert log_loss(logits, labels, weights) == pytest.approx(
        reference_loss(labels, expit(logits), sample_weight=weights), rel=1e-12
    )
