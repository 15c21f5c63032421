"""What every calibrator must do: range, order, determinism, symmetry, weights, JSON, threads, and errors that help."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis.calibrate import (
    AutoCalibrator,
    Beta,
    Histogram,
    Isotonic,
    MinMax,
    Platt,
    Temperature,
    VennAbers,
    as_json,
    from_json,
)
from tamis.calibrate.logistic import sigmoid
from tamis.core import Calibrator
from tamis.errors import InputError

from . import worlds

MADE = {
    "platt": Platt,
    "platt on shares": lambda: Platt(inputs="share"),
    "temperature": Temperature,
    "temperature on shares": lambda: Temperature(inputs="share"),
    "beta": Beta,
    "beta on shares": lambda: Beta(inputs="share"),
    "isotonic": Isotonic,
    "isotonic as is": lambda: Isotonic(clip=False),
    "histogram": Histogram,
    "venn-abers": VennAbers,
    "min-max": lambda: MinMax(low=0.1, high=0.9),
    "auto": AutoCalibrator,
    "auto of all": lambda: AutoCalibrator((Isotonic(), Histogram(bins=7), VennAbers(), Temperature())),
}
LEARNING = {name: make for name, make in MADE.items() if name != "min-max"}  # from labels
FREE = [name for name in LEARNING if "temperature" not in name]  # which keeps a score of 0 at one half
COUNT = 300
# Logits are added up in a few floating-point steps, each right to its last digit.
ROUNDING = 1e-14


def on_scale(name, logits):
    return sigmoid(logits) if "shares" in name else logits


def pairs(name, count=COUNT):
    """Scores with ties, labels, queries of about five pairs, unequal weights."""
    drawn, rng = worlds.independent(count, 0), np.random.default_rng(5)
    scores = on_scale(name, np.where(rng.random(count) < 0.2, np.round(drawn.scores), drawn.scores))
    return scores, drawn.labels, rng.integers(0, count // 5, count), rng.uniform(0.5, 4.0, count)


def grid(name):
    """Scores from one end to the other and beyond what was fitted on, some of them fitted on, rising."""
    ends = [0.0, 1.0] if "shares" in name else [-1e9, -700.0, 700.0, 1e9]
    inside = on_scale(name, np.linspace(-12, 12, 2001))
    return np.sort(np.concatenate([ends, inside, pairs(name)[0]]))


@pytest.fixture(params=MADE)
def name(request):
    return request.param


@pytest.fixture(params=LEARNING)
def learning(request):
    return request.param


def test_fit_returns_the_calibrator_which_keeps_the_protocol(name):
    calibrator = MADE[name]()
    assert isinstance(calibrator, Calibrator)
    assert calibrator.fit(*pairs(name)) is calibrator


def test_numbers_lie_between_0_and_1_and_never_fall(name):
    found = MADE[name]().fit(*pairs(name))(grid(name))
    assert found.dtype == np.float64 and found.shape == grid(name).shape
    assert found.min() >= 0 and found.max() <= 1
    assert np.diff(found).min() >= -ROUNDING
    assert found[-1] > found[0] + 0.2


def test_equal_scores_get_equal_numbers_and_each_score_its_own(name):
    calibrator, scores = MADE[name]().fit(*pairs(name)), grid(name)
    shuffled = np.random.default_rng(1).permutation(np.repeat(scores, 2))
    together = calibrator(shuffled)
    np.testing.assert_array_equal(together, [calibrator([score])[0] for score in shuffled])


def test_nothing_gives_nothing(name):
    assert MADE[name]().fit(*pairs(name))([]).shape == (0,)


def test_the_order_of_the_pairs_changes_no_bit(name):
    scores, labels, groups, weights = pairs(name)
    order = np.random.default_rng(2).permutation(COUNT)
    one = MADE[name]().fit(scores, labels, groups, weights)
    other = MADE[name]().fit(scores[order], labels[order], groups[order], weights[order])
    np.testing.assert_array_equal(one(grid(name)), other(grid(name)))


def test_what_was_fitted_before_is_forgotten_and_arguments_are_left_alone(name):
    given = pairs(name)
    before = [column.copy() for column in given]
    calibrator = MADE[name]().fit(given[0] / 2, np.roll(given[1], 5))
    again = calibrator.fit(*given)
    np.testing.assert_array_equal(again(grid(name)), MADE[name]().fit(*given)(grid(name)))
    for column, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(column, kept)


SYMMETRIC = [name for name in LEARNING if not name.startswith("auto")]


@pytest.mark.parametrize("name", SYMMETRIC)
def test_turning_scores_and_labels_round_turns_the_probabilities_round(name):
    scores, labels, _, weights = pairs(name)
    back = (lambda s: 1 - s) if "shares" in name else np.negative
    straight = MADE[name]().fit(scores, labels, None, weights)
    turned = MADE[name]().fit(back(scores), 1 - labels, None, weights)
    inside = grid(name)[2:-2]
    np.testing.assert_allclose(turned(back(inside)), 1 - straight(inside), atol=1e-7)


def test_only_the_ratios_of_weights_count(name):
    scores, labels, groups, weights = pairs(name)
    calibrator = MADE[name]
    found = calibrator().fit(scores, labels, groups, 50 * weights)(grid(name))
    np.testing.assert_allclose(found, calibrator().fit(scores, labels, groups, weights)(grid(name)), atol=1e-9)
    equal = calibrator().fit(scores, labels, groups, np.full(COUNT, 3.0))(grid(name))
    np.testing.assert_allclose(equal, calibrator().fit(scores, labels, groups)(grid(name)), atol=1e-9)


@pytest.mark.parametrize("name", FREE)
def test_relevant_pairs_that_weigh_more_raise_the_probabilities(name):
    scores, labels, _, _ = pairs(name)
    level = MADE[name]().fit(scores, labels)(scores).mean()
    heavy = MADE[name]().fit(scores, labels, None, np.where(labels == 1, 5.0, 1.0))(scores).mean()
    assert heavy > level + 0.05


@pytest.mark.parametrize("name", ["isotonic as is", "min-max"])
def test_without_smoothing_a_weight_of_three_is_a_pair_three_times(name):
    scores, labels, _, _ = pairs(name)
    times = np.random.default_rng(3).integers(1, 4, COUNT)
    weighted = MADE[name]().fit(scores, labels, None, times.astype(float))
    repeated = MADE[name]().fit(np.repeat(scores, times), np.repeat(labels, times))
    np.testing.assert_allclose(weighted(grid(name)), repeated(grid(name)), atol=1e-12)


def test_json_keeps_every_bit(name):
    calibrator = MADE[name]().fit(*pairs(name))
    written = json.dumps(as_json(calibrator))
    read = from_json(json.loads(written))
    np.testing.assert_array_equal(read(grid(name)), calibrator(grid(name)))
    assert json.dumps(as_json(read)) == written
    assert read == (calibrator.chosen_ if isinstance(calibrator, AutoCalibrator) else calibrator)
    assert read != MADE[name]()


def test_threads_get_what_one_caller_gets(name):
    calibrator, scores = MADE[name]().fit(*pairs(name)), grid(name)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(calibrator, [scores] * 32):
            np.testing.assert_array_equal(found, calibrator(scores))


def test_lists_of_labels_are_taken(name):
    scores, labels, groups, weights = pairs(name)
    listed = MADE[name]().fit(scores.tolist(), labels.astype(int).tolist(), [f"q{g}" for g in groups], weights.tolist())
    np.testing.assert_array_equal(listed(grid(name)), MADE[name]().fit(scores, labels, groups, weights)(grid(name)))
    flagged = MADE[name]().fit(scores, [bool(label) for label in labels], groups, weights)
    np.testing.assert_array_equal(flagged(grid(name)), listed(grid(name)))


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("relevant", [1, 30, 99])
def test_scores_that_are_all_equal_get_the_base_rate(name, relevant):
    labels = np.arange(100) < relevant
    found = MADE[name]().fit(np.full(100, 0.25), labels)([0.25])
    assert found == pytest.approx(relevant / 100, abs=2 / 102)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_scores_that_point_the_wrong_way_are_not_turned_round(name):
    scores, labels, _, _ = pairs(name)
    found = MADE[name]().fit(scores, 1 - labels)(grid(name))
    assert np.diff(found).min() >= -ROUNDING


@pytest.mark.parametrize("relevant", [0, 1])
def test_one_label_is_not_enough(learning, relevant):
    with pytest.raises(InputError, match=r"labels are (ir)?relevant: .* needs (ir)?relevant pairs too"):
        MADE[learning]().fit([0.1, 0.2, 0.3], [relevant] * 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(name, bad):
    scores, labels, _, _ = pairs(name)
    with pytest.raises(InputError, match="must be finite"):
        MADE[name]().fit([*scores[:-1], bad], labels)
    with pytest.raises(InputError, match=r"scores must be finite, got .* at position 1"):
        MADE[name]().fit(scores, labels)([0.5, bad])


def test_input_of_another_shape_or_kind_is_refused(learning):
    scores, labels, _, _ = pairs(learning)
    make = MADE[learning]
    with pytest.raises(InputError, match="expected 300 labels, one a score, got 2"):
        make().fit(scores, [0, 1])
    with pytest.raises(InputError, match="labels are grades"):
        make().fit(scores, labels * 2)
    with pytest.raises(InputError, match="no scored pairs"):
        make().fit([], [])
    with pytest.raises(InputError, match="expected 300 groups"):
        make().fit(scores, labels, ["q"])
    with pytest.raises(InputError, match="weights must be above 0"):
        make().fit(scores, labels, None, np.zeros(COUNT))
    with pytest.raises(InputError, match=r"one column, shape \(n,\), got shape \(300, 1\)"):
        make().fit(scores, labels)(scores[:, None])
    with pytest.raises(InputError, match="must be numbers"):
        make().fit(scores, labels)(["high"])


def test_nothing_learned_says_so(name):
    with pytest.raises(InputError, match=r"nothing yet: call fit\(scores, labels\) first"):
        MADE[name]()([0.5])
    with pytest.raises(InputError, match=r"nothing yet: call fit\(scores, labels\) first"):
        as_json(MADE[name]())


@pytest.mark.parametrize("make", [Platt, Temperature, Beta])
def test_shares_outside_0_to_1_and_other_kinds_of_input_are_refused(make):
    with pytest.raises(InputError, match=r"scores must lie in \[0, 1\], got -2 to 0.5; use inputs='logit'"):
        make(inputs="share").fit([-2.0, 0.5], [0, 1])
    with pytest.raises(InputError, match=r"scores must lie in \[0, 1\], got 1.5 to 1.5"):
        make(inputs="share").fit([0.1, 0.5], [0, 1])([1.5])
    with pytest.raises(InputError, match="inputs must be one of 'logit', 'share', got 'probability'"):
        make(inputs="probability").fit([0.1, 0.5], [0, 1])


@pytest.mark.parametrize("make", [Platt, Temperature, Beta])
def test_shares_are_log_odds_of_themselves(make):
    scores, labels, _, weights = pairs("logits")
    on_shares = make(inputs="share").fit(sigmoid(scores), labels, None, weights)
    on_logits = make().fit(scores, labels, None, weights)
    np.testing.assert_allclose(on_shares(sigmoid(scores)), on_logits(scores), atol=1e-8)
    assert on_shares.parameters()["inputs"] == "share"
