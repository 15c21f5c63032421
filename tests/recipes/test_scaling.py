"""Linear and business calibration: their formulas, and that ours lack their faults."""

from __future__ import annotations

import numpy as np
import pytest

from tamis import recipes
from tamis.calibrate import MinMax, PerQueryScaling
from tamis.errors import InputError
from tamis.recipes import DiffersFromFounding

from ..calibrate import worlds
from .given import LABELS, SHARES

SCORES = [0.65, 0.72, 0.81, 0.69, 0.88]  # the founding example


def test_linear_calibration_of_the_founding_example():
    with pytest.warns(PerQueryScaling, match="reference"):
        found = recipes.linear_calibration(SCORES, target_min=0.0, target_max=1.0)
    assert found == pytest.approx([(score - 0.65) / (0.88 - 0.65) for score in SCORES])
    assert isinstance(found, list) and SCORES == [0.65, 0.72, 0.81, 0.69, 0.88]


def test_with_a_reference_a_query_without_an_answer_keeps_its_low_numbers():
    answered, answerless = [9.0, -2.0, -4.0], [-3.0, -4.0, -5.0]
    pool = np.array([*answered, *answerless])
    assert max(recipes.linear_calibration(answerless, reference=pool)) < 0.2
    assert recipes.linear_calibration(answered, 0, 100, pool) == pytest.approx([100.0, 21.428571, 7.142857])
    with pytest.warns(PerQueryScaling):
        assert max(recipes.linear_calibration(answerless)) == 1.0


def test_what_lies_beyond_the_reference_is_clipped_and_a_fitted_scaling_serves_too():
    scaling = MinMax().fit([0.0, 10.0])
    assert recipes.linear_calibration([-5.0, 5.0, 99.0], -1.0, 1.0, scaling) == [-1.0, 0.0, 1.0]


def test_equal_scores_are_neither_best_nor_worst():
    with pytest.warns(PerQueryScaling):
        assert recipes.linear_calibration([0.7]) == [0.5]
    assert recipes.linear_calibration([], reference=[1.0, 2.0]) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1, np.nan], 0, 1, [0, 1]), "finite, got nan at position 1"),
        (([0.1], 1, 0, [0, 1]), "target_min <= target_max, got 1 and 0"),
        (([0.1], 0, np.inf, [0, 1]), "got 0 and inf"),
        (([0.1], 0, 1, []), "needs a reference pool"),
        ((["high"], 0, 1, [0, 1]), "must be numbers"),
    ],
)
def test_scaling_that_cannot_be_done(arguments, says):
    with pytest.raises(InputError, match=says):
        recipes.linear_calibration(*arguments)


@pytest.mark.parametrize("weights", [(0.7, 0.3), (0.3, 0.7), (1.0, 0.0), (0.0, 0.0), (5.0, 1.0)])
def test_the_legacy_formula_to_the_bit(weights):
    scores = np.linspace(0, 1, 101).tolist()
    bend = (weights[0] * 0.9 + weights[1] * 1.1) - 1.0
    expected = [min(max(score * (1 + bend * (score - 0.5)), 0.0), 1.0) for score in scores]
    assert recipes.business_calibration(scores, *weights, legacy=True) == expected


def test_the_legacy_formula_has_the_faults_that_ours_has_not():
    scores = np.linspace(0, 1, 101)
    old = np.array(recipes.business_calibration(scores, legacy=True))
    assert np.abs(old - scores).max() <= 0.0201
    assert (old[1:50] > scores[1:50]).all(), "precision is preferred, and low scores rise"
    reversed_ = np.array(recipes.business_calibration(scores, 0, 0, legacy=True))
    assert (np.diff(reversed_)[76:] < 0).all(), "above .75 the worse of two documents comes first"
    with pytest.warns(DiffersFromFounding, match=r"probability of 0.7 on; business_threshold"):
        assert recipes.business_calibration(scores) == scores.tolist()


@pytest.mark.parametrize("weights", [(0, 0), (-0.1, 1), (1, -2), (np.nan, 1), (1, np.inf)])
def test_weights_that_mean_nothing(weights):
    with pytest.raises(InputError, match="weights must be at least 0 and one of them above it"):
        recipes.business_calibration(SCORES, *weights)
    with pytest.raises(InputError, match="weights must be at least 0"):
        recipes.business_threshold(LABELS, SHARES, *weights)


def test_more_weight_on_precision_is_a_stricter_threshold():
    drawn = worlds.independent(2000, 0)
    found = [recipes.business_threshold(drawn.labels, drawn.scores, w, 1 - w) for w in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert found == sorted(found) and len(set(found)) == 5
    grid = np.linspace(-5, 8, 4001)
    exact = grid[np.searchsorted(worlds.posterior(grid), 0.7)]
    assert recipes.business_threshold(drawn.labels, drawn.scores) == pytest.approx(exact, abs=0.25)
