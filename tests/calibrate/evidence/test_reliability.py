"""Reliability: against scikit-learn and the reference definition, on worlds whose truth is known, and its limits."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from tamis.calibrate.evidence.bins import curve, equal_mass
from tamis.calibrate.evidence.reliability import calibration_error, reliability
from tamis.calibrate.labelled import Labelled
from tamis.calibrate.logistic import log_odds, sigmoid
from tamis.errors import InputError

from ..worlds import calibrated


def drawn(count=600, key=0, groups=None, weights=None):
    rng = np.random.default_rng(key)
    chances = rng.beta(0.6, 1.5, count)
    return chances, Labelled.of(chances, (rng.random(count) < chances).astype(float), groups, weights)


def reference_error(chances, labels, bins=15):
    """The debiased error as calibration.md defines it, written from the definition."""
    order = np.argsort(chances)
    total = 0.0
    for part in np.array_split(order, bins):
        share = labels[part].mean()
        noise = share * (1 - share) / (len(part) - 1)
        total += len(part) / len(order) * ((share - chances[part].mean()) ** 2 - noise)
    return math.sqrt(max(0.0, total))


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_agree_with_scikit_learn(weighted):
    weights = np.random.default_rng(1).uniform(0.5, 4, 600) if weighted else None
    chances, data = drawn(weights=weights)
    found = reliability(chances, data)
    assert found.brier == pytest.approx(brier_score_loss(data.labels, chances, sample_weight=weights), abs=1e-12)
    assert found.log_loss == pytest.approx(log_loss(data.labels, chances, sample_weight=weights), abs=1e-9)
    base = np.full(600, np.average(data.labels, weights=weights))
    assert found.base_log_loss == pytest.approx(log_loss(data.labels, base, sample_weight=weights), abs=1e-9)


def test_curve_agrees_with_scikit_learn():
    chances, data = drawn()
    observed, stated = calibration_curve(data.labels, chances, n_bins=15, strategy="quantile")
    found = reliability(chances, data).curve
    np.testing.assert_allclose([point.observed for point in found], observed, atol=1e-12)
    np.testing.assert_allclose([point.value for point in found], stated, atol=1e-12)
    assert sum(point.pairs for point in found) == 600


@pytest.mark.parametrize("count", [150, 600, 3000])
def test_error_is_the_reference_definition(count):
    chances, data = drawn(count, key=count)
    wrong = sigmoid(log_odds(chances) + 0.6)
    assert calibration_error(wrong, data) == pytest.approx(reference_error(wrong, data.labels), abs=1e-12)
    assert reliability(wrong, data).error == calibration_error(wrong, data)


@pytest.mark.parametrize(
    ("count", "at_most", "reference"), [(100, 0.04, 0.033), (500, 0.02, 0.015), (2000, 0.01, 0.007)]
)
def test_a_perfectly_calibrated_score_comes_near_zero(count, at_most, reference):
    runs = 300 if count < 2000 else 100
    worlds = [calibrated(count, run) for run in range(runs)]
    mean = np.mean([calibration_error(w.scores, Labelled.of(w.scores, w.labels)) for w in worlds])
    assert mean <= at_most
    assert mean == pytest.approx(reference, abs=0.004)


def test_null_band_and_interval_hold_for_calibrated_scores():
    found = [reliability(w.scores, Labelled.of(w.scores, w.labels)) for w in (calibrated(300, r) for r in range(100))]
    assert np.mean([one.error > one.null_high for one in found]) <= 0.12  # nominally .05
    assert np.mean([one.error_low > 0 for one in found]) <= 0.05
    assert min(one.plain_error for one in found) > 0.02  # which is why it is not what is shown


def test_the_band_of_the_curve_holds_calibrated_points_and_not_those_of_a_shifted_score():
    worlds = [calibrated(600, run) for run in range(60)]
    found = [reliability(w.scores, Labelled.of(w.scores, w.labels)) for w in worlds]
    inside = [
        low <= p.observed <= high for one in found for p, (low, high) in zip(one.curve, one.null_band, strict=True)
    ]
    assert 0.92 <= np.mean(inside) <= 0.99  # nominally .95, and shares move in steps
    shifted = reliability(sigmoid(log_odds(worlds[0].scores) + 1.5), Labelled.of(worlds[0].scores, worlds[0].labels))
    outside = [not low <= p.observed <= high for p, (low, high) in zip(shifted.curve, shifted.null_band, strict=True)]
    assert np.mean(outside) > 0.4


def test_interval_covers_the_truth_of_a_miscalibrated_score():
    rng = np.random.default_rng(5)
    many = np.sort(rng.beta(0.6, 1.5, 300_000))
    gaps = sigmoid(log_odds(many) + 0.7) - many
    truth = math.sqrt(np.mean([part.mean() ** 2 for part in np.array_split(gaps, 15)]))
    covered = []
    for _ in range(60):
        chances = rng.beta(0.6, 1.5, 800)
        labels = rng.random(800) < sigmoid(log_odds(chances) + 0.7)
        found = reliability(chances, Labelled.of(chances, labels))
        covered.append(found.error_low <= truth <= found.error_high)
        assert found.error > found.null_high
    assert np.mean(covered) >= 0.87


def test_queries_that_go_together_widen_the_interval():
    chances = np.repeat(np.linspace(0.05, 0.95, 40), 20)
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.random(40) < np.linspace(0.05, 0.95, 40), 20)  # all pairs of a query have one label
    apart, together = (
        reliability(chances, Labelled.of(chances, labels, groups))
        for groups in (np.arange(800), np.repeat(np.arange(40), 20))
    )
    assert together.error_high - together.error_low > 1.5 * (apart.error_high - apart.error_low)
    assert all(
        wide.high - wide.low > narrow.high - narrow.low
        for wide, narrow in zip(together.curve, apart.curve, strict=True)
    )


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 3)), min_size=2, max_size=60))
def test_corp_adds_up_and_its_parts_are_never_negative(rows):
    chances = np.array([row[0] / 20 for row in rows])
    data = Labelled.of(chances, [float(row[1]) for row in rows], None, [float(row[2]) for row in rows])
    found = reliability(chances, data, bins=5)
    assert found.miscalibration - found.discrimination + found.uncertainty == pytest.approx(found.brier, abs=1e-12)
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= -1e-12
    assert 0 <= found.error_low <= found.error_high <= 1


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40), st.randoms())
def test_the_order_of_pairs_does_not_matter(rows, shuffler):
    other = list(rows)
    shuffler.shuffle(other)
    one, two = (
        calibration_error([p / 6 for p, _ in form], Labelled.of([0.0] * len(form), [float(y) for _, y in form]), bins=4)
        for form in (rows, other)
    )
    assert one == pytest.approx(two, abs=1e-9)


def test_a_weight_of_two_is_two_such_pairs_for_shares():
    chances, data = drawn(100)
    twice = data.where(np.repeat(np.arange(100), 2))
    doubled = Labelled.of(data.scores, data.labels, None, np.full(100, 2.0))
    one, two = reliability(chances, doubled), reliability(np.repeat(chances, 2), twice)
    for name in ("brier", "log_loss", "miscalibration", "discrimination", "plain_error", "mean_probability"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-12)
    assert one.error == pytest.approx(reliability(chances, data).error, abs=1e-12)  # but says no more than 100 pairs
    assert [p.low for p in one.curve] == pytest.approx([p.low for p in reliability(chances, data).curve], abs=1e-9)


def test_ties_share_a_bin():
    assert equal_mass(np.array([0.5] * 9 + [0.9]), np.ones(10), 5).max() == 1
    data = Labelled.of([0.3] * 8, [0, 1] * 4)
    (point,) = curve(data.scores, data, bins=15)
    assert (point.start, point.end, point.observed, point.pairs) == (0.3, 0.3, 0.5, 8)


def test_same_seed_same_figures_and_json():
    chances, data = drawn(200, groups=np.arange(200) // 5)
    one, two = reliability(chances, data), reliability(chances, data)
    assert one == two
    assert one.as_json()["curve"][0]["pairs"] == one.curve[0].pairs
    assert reliability(chances, data, seed=1).error == one.error


@pytest.mark.parametrize(
    ("chances", "options", "says"),
    [
        ([0.5, 0.5, 0.5], {}, "expected 2 probabilities, one a pair, got shape \\(3,\\)"),
        ([0.5, 1.5], {}, "must lie in \\[0, 1\\], got 0.5 to 1.5"),
        ([0.5, math.nan], {}, "must lie in \\[0, 1\\]"),
        ([0.5, 0.5], {"confidence": 1.0}, "confidence between 0 and 1"),
        ([0.5, 0.5], {"bins": 0}, "at least 1 bin"),
    ],
)
def test_bad_input_is_one_clear_error(chances, options, says):
    with pytest.raises(InputError, match=says):
        reliability(chances, Labelled.of([0.0, 1.0], [0, 1]), **options)


def test_one_label_and_one_pair_give_figures():
    found = reliability([0.9, 0.8], Labelled.of([0.0, 1.0], [1, 1]))
    assert found.uncertainty == found.base_log_loss == 0 or found.base_log_loss < 1e-9
    assert math.isfinite(reliability([0.5], Labelled.of([0.0], [1])).error_high)


def test_a_hundred_thousand_pairs_take_seconds():
    chances, data = drawn(100_000, groups=np.arange(100_000) // 10)
    start = time.process_time()
    reliability(chances, data)
    assert time.process_time() - start < 3
