"""Projected Newton steps against scipy's solvers."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from tamis.calibrate.newton import projected_newton


def squares(matrix, target):
    """The loss |Aw - b|^2 / 2."""

    def loss(weights):
        rest = matrix @ weights - target
        return float(rest @ rest) / 2, matrix.T @ rest, matrix.T @ matrix

    return loss


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("size", [2, 5, 12])
def test_least_squares_without_negative_weights_are_those_of_scipy(seed, size):
    rng = np.random.default_rng([seed, size])
    matrix, target = rng.normal(size=(3 * size, size)), rng.normal(size=3 * size)
    expected, residual = nnls(matrix, target)
    bounded = np.ones(size, dtype=bool)
    for start in (np.zeros(size), np.ones(size), -np.ones(size)):
        found = projected_newton(squares(matrix, target), start, nonnegative=bounded)
        assert (found >= 0).all()
        assert np.linalg.norm(matrix @ found - target) == pytest.approx(residual, rel=1e-9)
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_correlated_features_are_no_trouble(seed):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(60, 1))
    matrix, target = common + 0.1 * rng.normal(size=(60, 6)), rng.normal(size=60) + common[:, 0]
    _, residual = nnls(matrix, target)
    found = projected_newton(squares(matrix, target), np.zeros(6), nonnegative=np.ones(6, dtype=bool))
    assert np.linalg.norm(matrix @ found - target) == pytest.approx(residual, rel=1e-8)


@pytest.mark.parametrize("far", [0.0, 3.0, -40.0])
def test_a_convex_loss_that_is_no_bowl(far):
    def loss(w):  # a sum of exponentials, steep on both sides
        up, down = np.exp(np.clip(w - 1, -700, 700)), np.exp(np.clip(-2 * (w + 2), -700, 700))
        return float((up + down).sum()), up - 2 * down, np.diag(up + 4 * down)

    expected = minimize(lambda w: loss(w)[0], np.zeros(2), tol=1e-14).x
    assert projected_newton(loss, np.full(2, far)) == pytest.approx(expected, abs=1e-6)


def test_only_some_weights_are_bounded():
    loss = squares(np.eye(3), np.array([-1.0, -1.0, 2.0]))
    found = projected_newton(loss, np.zeros(3), nonnegative=np.array([True, False, True]))
    assert found.tolist() == [0.0, -1.0, 2.0]


def test_a_start_is_brought_inside_and_a_solution_is_left_alone():
    loss = squares(np.eye(2), np.array([-1.0, 3.0]))
    bounded = np.array([True, True])
    once = projected_newton(loss, np.array([-5.0, -5.0]), nonnegative=bounded)
    assert once.tolist() == projected_newton(loss, once, nonnegative=bounded).tolist() == [0.0, 3.0]
