"""The founding ways to a threshold: figures of new pairs, for lists as for arrays, on any scale."""

from __future__ import annotations

import numpy as np
import pytest

from tamis import recipes
from tamis.calibrate import Labelled
from tamis.decide import sweep
from tamis.errors import InputError

from ..calibrate import worlds
from .given import LABELS, SHARES


def test_lists_and_arrays_give_the_same_and_only_numbers():
    found = recipes.find_optimal_threshold(LABELS, SHARES)
    assert found == recipes.find_optimal_threshold(np.array(LABELS, dtype=bool), np.array(SHARES))
    assert len(found) == 4 and all(type(value) is float for value in found)


def test_four_pairs_as_people_try_it_first():
    assert recipes.find_optimal_threshold([1, 0, 1, 0], [0.82, 0.45, 0.91, 0.33])[0] == 0.82


def test_the_precision_is_that_of_new_pairs_and_not_flattered():
    told, flattering, true = [], [], []
    for trial in range(60):
        drawn = worlds.independent(100, trial)
        report = recipes.find_optimal_threshold(drawn.labels, drawn.scores, return_report=True)
        told.append(report.held_out.precision.value)
        flattering.append(report.claimed.precision.value)
        true.append(float(worlds.precision(report.threshold)))
    found = recipes.find_optimal_threshold(drawn.labels, drawn.scores)
    assert found[:2] == (report.threshold, report.held_out.precision.value)
    assert abs(np.mean(told) - np.mean(true)) < 0.025
    assert np.mean(flattering) - np.mean(true) > 0.03


def test_queries_stay_together_and_a_prevalence_is_heeded():
    drawn = worlds.clustered(60, 0, between=1.3)
    groups = drawn.groups
    report = recipes.find_optimal_threshold(drawn.labels, drawn.scores, groups=groups, return_report=True)
    plain = recipes.find_optimal_threshold(drawn.labels, drawn.scores, return_report=True)
    assert report.held_out.precision.queries <= 60 < plain.held_out.precision.queries
    rare = recipes.find_optimal_threshold(drawn.labels, drawn.scores, groups=groups, prevalence=0.02)
    assert rare[0] > report.threshold and rare[1] < report.held_out.precision.value


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1, 1, 1], [0.1, 0.2, 0.3]), "all 3 labels are relevant"),
        (([2, 0, 1], [0.1, 0.2, 0.3]), "labels are grades"),
        (([1, 0], [0.1, 0.2, 0.3]), "expected 3 labels"),
        (([1, 0, 1], [0.1, np.inf, 0.3]), "finite"),
        (([], []), "no scored pairs"),
    ],
)
def test_pairs_that_cannot_be_used(arguments, says):
    for recipe in (recipes.find_optimal_threshold, recipes.cost_based_threshold, recipes.business_threshold):
        with pytest.raises(InputError, match=says):
            recipe(*arguments)


def test_one_query_cannot_be_held_against_others():
    with pytest.raises(InputError, match="1 query in the data"):
        recipes.find_optimal_threshold([1, 0, 1], [0.9, 0.1, 0.8], groups=["q", "q", "q"])


def test_labels_in_a_list_are_labels():
    found = recipes.cost_based_threshold(LABELS, SHARES)
    assert found == recipes.cost_based_threshold(np.array(LABELS), np.array(SHARES))
    assert found != (0.1, 0.0) and found[1] > 0


def test_saturated_scores_and_raw_logits_get_a_threshold_on_their_own_scale():
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.4
    saturated = np.where(labels, 0.99, 0.96) + rng.normal(size=400) * 0.004
    threshold, cost = recipes.cost_based_threshold(labels, saturated)
    assert 0.96 < threshold < 0.99 and cost < 0.1 * 0.2 * labels.sum()
    assert recipes.cost_based_threshold(labels, 100 * saturated - 50)[0] == pytest.approx(100 * threshold - 50, abs=0.3)


def test_the_cost_is_that_of_new_pairs_and_not_of_those_it_was_chosen_on():
    told, flattering, true = [], [], []
    for trial in range(8):
        drawn = worlds.independent(100, trial)
        threshold, cost = recipes.cost_based_threshold(drawn.labels, drawn.scores)
        wrong, right = worlds.tails(threshold)[1:].sum(), worlds.tails(threshold)[0]
        told.append(cost)
        flattering.append(sweep(Labelled.of(drawn.scores, drawn.labels)).cost(0.5, 0.2).min())
        true.append(100 * (0.5 * wrong + 0.2 * (0.2 - right)))
    assert np.mean(told) == pytest.approx(np.mean(true), rel=0.2)
    assert np.mean(flattering) < 0.75 * np.mean(true)


def test_doing_without_a_threshold_stands_beside_it():
    drawn = worlds.independent(500, 0)
    report = recipes.cost_based_threshold(drawn.labels, drawn.scores, return_report=True)
    assert report.accept_none.cost(0.5, 0.2) == pytest.approx(1000 * 0.2 * drawn.labels.mean())
    assert report.held_out.cost(0.5, 0.2) < report.accept_none.cost(0.5, 0.2) < report.accept_all.cost(0.5, 0.2)
    assert recipes.cost_based_threshold(LABELS, SHARES, 1000.0, 0.001)[0] == np.inf


@pytest.mark.parametrize("costs", [(-0.5, 0.2), (0.5, -0.2), (0, 0), (np.inf, 1)])
def test_costs_that_mean_nothing(costs):
    with pytest.raises(InputError, match="cost"):
        recipes.cost_based_threshold(LABELS, SHARES, *costs)


def test_a_threshold_is_evaluated_for_lists_as_for_arrays():
    found = recipes.evaluate_threshold([1, 0, 1, 0, 1], [0.9, 0.8, 0.7, 0.2, 0.1], 0.7)
    assert found == recipes.evaluate_threshold(np.array([1, 0, 1, 0, 1]), np.array([0.9, 0.8, 0.7, 0.2, 0.1]), 0.7)
    assert (found.figures.precision.value, found.figures.recall.value) == (2 / 3, 2 / 3)
    assert found.accuracy == pytest.approx(3 / 5)
    assert "relevant accepted: 2 of 3" in str(found)


def test_nothing_accepted_is_said_and_not_called_zero():
    found = recipes.evaluate_threshold([1, 0], [0.9, 0.8], 2.0)
    assert "precision:         none to count" in str(found) and found.accuracy == 0.5
    assert recipes.evaluate_threshold([0, 0], [0.9, 0.8], np.inf).accuracy == 1.0
    with pytest.raises(InputError, match="NaN"):
        recipes.evaluate_threshold([1, 0], [0.9, 0.8], np.nan)
