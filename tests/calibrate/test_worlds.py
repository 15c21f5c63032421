"""The worlds are those that the published figures were measured on."""

import numpy as np
import pytest

from . import worlds


def test_the_truth_of_the_first_world_is_as_stated():
    assert worlds.precision(worlds.PRECISION_90) == pytest.approx(0.9, abs=1e-8)
    assert worlds.recall(worlds.PRECISION_90) == pytest.approx(worlds.RECALL_90, abs=1e-7)


def test_precision_is_the_mean_posterior_of_what_lies_above():
    grid = np.linspace(1.0, 14.0, 200_001)
    slope = -np.diff(worlds.tails(grid).sum(-1))
    middle = worlds.posterior((grid[1:] + grid[:-1]) / 2)
    assert (slope * middle).sum() / slope.sum() == pytest.approx(float(worlds.precision(1.0)), abs=1e-6)


@pytest.mark.parametrize("drawn", [worlds.independent(100_000, 0), worlds.clustered(10_000, 0, between=1.3)])
def test_draws_have_the_stated_precision(drawn):
    accepted = drawn.scores >= worlds.PRECISION_90
    assert drawn.labels[accepted].mean() == pytest.approx(0.9, abs=0.01)
    assert drawn.labels.mean() == pytest.approx(worlds.BASE_RATE, abs=0.01)


def test_confused_queries_reach_the_target_where_it_is_stated():
    drawn = worlds.confused(100_000)
    accepted = drawn.scores >= 3.2499
    assert drawn.labels[accepted].mean() == pytest.approx(0.9, abs=1e-4)
    assert accepted[drawn.labels == 1].mean() == pytest.approx(0.4334, abs=1e-4)


def test_the_other_segment_has_the_shifted_precision():
    drawn = worlds.segmented(0, 200_000)
    other = drawn.segments == 1
    accepted = other & (drawn.scores >= worlds.PRECISION_90)
    expected = float(worlds.precision(worlds.PRECISION_90 - 1))
    assert drawn.labels[accepted].mean() == pytest.approx(expected, abs=0.01)
    assert drawn.labels[~other & (drawn.scores >= worlds.PRECISION_90)].mean() == pytest.approx(0.9, abs=0.01)


def test_true_probabilities_are_true():
    drawn = worlds.calibrated(200_000, 0)
    assert drawn.labels[drawn.scores > 0.5].mean() == pytest.approx(drawn.scores[drawn.scores > 0.5].mean(), abs=0.01)


def test_divergence_is_none_from_the_truth_and_some_from_anything_else():
    truth = worlds.posterior(worlds.calibrator_tests(500))
    assert worlds.divergence(truth, truth, least=0) == 0
    assert worlds.divergence(truth, np.full(500, 0.2)) > 0.1
