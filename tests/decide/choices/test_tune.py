"""Tuning: what is claimed on the pairs that chose is more than what holds on others, and both are reported."""

import numpy as np
import pytest

from tamis.calibrate import Labelled
from tamis.calibrate.folds import query_folds
from tamis.decide import Cost, FBeta, Fixed, Percentile, PrecisionAtLeast, figures, sweep, tune
from tamis.decide.choices.figures import at_threshold, at_thresholds
from tamis.decide.choices.tune import reweighted
from tamis.errors import InputError
from tamis.evaluate import ratio

from ...calibrate import worlds


def of(world):
    return Labelled.of(world.scores, world.labels, world.groups)


def test_claims_are_too_good_and_held_out_figures_are_not():
    claimed, held_out = [], []
    for trial in range(100):
        world = worlds.independent(100, trial)
        found = tune(Labelled.of(world.scores, world.labels), FBeta())
        truth = float(worlds.precision(found.threshold))
        claimed.append(found.claimed.precision.value - truth)
        held_out.append(found.held_out.precision.value - truth)
    assert np.mean(claimed) > 0.025, "published: .043"
    assert abs(np.mean(held_out)) < 0.015


def test_held_out_figures_are_those_of_thresholds_of_other_queries():
    data = of(worlds.clustered(100, 0, 1.0))
    found = tune(data, FBeta())
    fold_of = query_folds(data)
    accepted = np.zeros(len(data), dtype=bool)
    for fold in range(5):
        threshold = FBeta().choose(data.where(fold_of != fold))
        accepted[fold_of == fold] = data.scores[fold_of == fold] >= threshold
    assert found.held_out == figures(data, accepted)
    assert found.threshold == FBeta().choose(data)
    assert found.claimed == at_threshold(data, found.threshold)
    assert found.accept_all.recall.value == 1 and found.accept_none.accepted == 0
    assert found.spread > 0


def test_a_threshold_set_by_hand_is_the_same_on_all_queries():
    found = tune(of(worlds.clustered(50, 0)), Fixed(1.0))
    assert found.claimed == found.held_out and found.spread == 0


def test_a_threshold_that_accepts_none_has_no_spread_and_is_json():
    found = tune(of(worlds.clustered(50, 0)), PrecisionAtLeast(0.999999))
    assert found.held_out.accepted >= 0
    empty = tune(Labelled.of(np.arange(50.0), np.arange(50) % 2), Fixed(np.inf))
    assert np.isnan(empty.spread) or empty.spread == 0
    assert empty.as_json()["threshold"] is None and empty.as_json()["claimed"]["precision"] is None


def test_another_prevalence_is_what_resampling_would_give():
    """Half of the labels relevant where production has a fifth: weights do what drawing anew does."""
    rng = np.random.default_rng(0)
    world = worlds.independent(60_000, 0)
    relevant = np.flatnonzero(world.labels == 1)
    others = rng.choice(np.flatnonzero(world.labels == 0), relevant.size, replace=False)
    even = np.concatenate([relevant, others])
    found = tune(Labelled.of(world.scores[even], world.labels[even]), FBeta(), prevalence=0.2)
    direct = tune(Labelled.of(world.scores, world.labels), FBeta())
    assert found.threshold == pytest.approx(direct.threshold, abs=0.15)
    for name in ("precision", "recall", "f1"):
        assert getattr(found.held_out, name).value == pytest.approx(getattr(direct.held_out, name).value, abs=0.02)
    plain = tune(Labelled.of(world.scores[even], world.labels[even]), FBeta())
    assert plain.held_out.precision.value > direct.held_out.precision.value + 0.03


@pytest.mark.parametrize("prevalence", [0.01, 0.5, 0.9])
def test_weights_have_the_prevalence_and_nothing_else_changes(prevalence):
    data = of(worlds.clustered(50, 0))
    found = reweighted(data, prevalence)
    assert found.base_rate == pytest.approx(prevalence)
    assert (found.scores == data.scores).all() and (found.groups == data.groups).all() and found.grouped
    for label in (0, 1):
        assert np.ptp(found.weights[data.labels == label]) == 0
    assert reweighted(data, None) is data


def test_a_label_that_weighs_next_to_nothing_has_its_prevalence_too():
    found = reweighted(Labelled.of([1.0, 2.0, 3.0], [0, 1, 1], None, [1e-9, 1e9, 1e9]), 0.3)
    assert found.base_rate == pytest.approx(0.3)


def test_its_own_prevalence_changes_no_threshold():
    data = of(worlds.clustered(200, 0))
    for target in (FBeta(), Cost(0.5, 0.2)):
        assert tune(data, target, prevalence=data.base_rate).threshold == pytest.approx(tune(data, target).threshold)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: tune(of(worlds.clustered(50, 0)), FBeta(), prevalence=0), "a prevalence must lie between 0 and 1"),
        (lambda: tune(of(worlds.clustered(50, 0)), FBeta(), prevalence=20), "got 20"),
        (lambda: tune(of(worlds.clustered(50, 0)), FBeta(), prevalence=float("nan")), "got nan"),
        (lambda: tune(of(worlds.clustered(4, 0)), FBeta()), "4 queries in the data"),
        (lambda: tune(Labelled.of(range(9), [1] * 9), FBeta()), "all 9 labels are relevant"),
        (lambda: tune(of(worlds.clustered(50, 0)), FBeta(), confidence=95), "between 0 and 1, got 95"),
    ],
)
def test_what_cannot_be_tuned_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)


def test_a_fold_without_one_of_the_labels_is_refused_and_not_guessed():
    labels = np.zeros(40)
    labels[7] = 1
    with pytest.raises(InputError, match="irrelevant"):
        tune(Labelled.of(np.arange(40.0), labels), FBeta())


class TestFigures:
    def test_counts_and_shares_are_those_of_counting(self):
        data = of(worlds.clustered(80, 1, 1.0))
        accepted = data.scores > 1
        found = figures(data, accepted)
        hits = int((accepted & (data.labels == 1)).sum())
        assert (found.pairs, found.accepted, found.hits, found.relevant) == (
            800, accepted.sum(), hits, data.labels.sum(),
        )  # fmt: skip
        assert found.precision.value == pytest.approx(hits / accepted.sum())
        assert found.recall.value == pytest.approx(hits / data.labels.sum())
        assert found.f1.value == pytest.approx(2 * hits / (accepted.sum() + data.labels.sum()))
        shown = np.bincount(data.groups, weights=accepted)
        assert found.empty.value == pytest.approx((shown == 0).mean())
        per_query = [np.bincount(data.groups, weights=accepted * data.labels), shown]
        assert found.precision == ratio(*per_query)
        assert found.precision.design_effect > 1
        wrong = accepted.sum() - hits
        assert found.cost(0.5, 0.2) == pytest.approx(1000 * (0.5 * wrong + 0.2 * (data.labels.sum() - hits)) / 800)

    def test_nothing_accepted_has_no_precision_and_is_json(self):
        found = at_threshold(of(worlds.clustered(80, 1)), None)
        assert np.isnan(found.precision.value) and found.recall.value == 0 and found.empty.value == 1
        assert found.as_json()["precision"] is None and found.as_json()["precision_interval"] == [0, 1]

    def test_each_pair_may_have_its_own_threshold(self):
        data = of(worlds.clustered(80, 1))
        thresholds = np.where(data.groups % 2, 1.0, 2.0)
        assert at_thresholds(data, thresholds) == figures(data, data.scores >= thresholds)
        assert at_thresholds(data, np.full(len(data), 1.0)) == at_threshold(data, 1.0)

    def test_parts_of_the_data_have_figures_too(self):
        data = of(worlds.clustered(80, 1)).where(np.arange(800) >= 600)
        found = at_threshold(data, 0.0)
        assert found.empty.queries == 20

    def test_weights_count_in_shares(self):
        data = Labelled.of([2.0, 1.0, 0.0], [1, 0, 1], None, [3.0, 1.0, 2.0])
        found = at_threshold(data, 1.0)
        assert (found.precision.value, found.recall.value) == (0.75, 0.6)
        swept = sweep(data)
        assert swept.precision[2] == 0.75


def test_percentiles_of_weighted_pairs_are_those_of_the_pairs_repeated():
    world, weights = worlds.independent(300, 0), np.random.default_rng(0).integers(1, 5, 300)
    repeated = np.repeat(world.scores, weights)
    for percent in (0, 10, 50, 70, 99, 100):
        found = Percentile(percent).choose(Labelled.of(world.scores, world.labels, None, weights))
        assert found == np.percentile(repeated, percent, method="inverted_cdf")
