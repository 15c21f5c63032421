"""Half-precision scores are found; integers, short decimals, few values and honest logits are not accused."""

import ml_dtypes
import numpy as np
import pytest

from tamis.calibrate import resolution
from tamis.calibrate.logistic import sigmoid
from tamis.errors import InputError

LOGITS = np.random.default_rng(0).normal(6, 3, 500)
BFLOAT16 = ml_dtypes.bfloat16


@pytest.mark.parametrize(("dtype", "kind", "ones"), [(np.float16, "float16", 0.22), (BFLOAT16, "bfloat16", 0.47)])
def test_half_precision_sigmoids_are_found(dtype, kind, ones):
    found = resolution(sigmoid(LOGITS).astype(dtype).astype(np.float64))
    assert found.kind == kind
    assert found.saturated == pytest.approx(ones, abs=0.03)
    assert found.tied > ones
    assert f"the scores are {kind} numbers" in found.warning and "keep raw logits in float32" in found.warning


@pytest.mark.parametrize(("dtype", "kind"), [(np.float16, "float16"), (BFLOAT16, "bfloat16")])
def test_half_precision_logits_with_ties_are_found(dtype, kind):
    found = resolution(LOGITS.astype(dtype).astype(np.float64))
    assert found.kind == kind and found.saturated == 0
    assert f"the scores are {kind} numbers" in found.warning


def test_where_a_sigmoid_becomes_1_is_as_stated():
    fine = np.arange(5, 20, 0.01)
    for dtype, stated in ((np.float16, 8.3), (BFLOAT16, 6.24), (np.float32, 17.3)):
        first = fine[(sigmoid(fine).astype(dtype) == 1).argmax()]
        assert first == pytest.approx(stated, abs=0.05)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_honest_scores_are_not_accused(dtype):
    for scores in (LOGITS, LOGITS - 6, sigmoid(LOGITS - 3), LOGITS / 100):
        found = resolution(scores.astype(dtype))
        assert found.kind == np.dtype(dtype).name
        assert found.warning == ""


@pytest.mark.parametrize(
    "scores",
    [
        np.arange(200) % 7,
        np.arange(-50, 3000),
        [0, 1] * 50,
        [0.82, 0.65, 0.71, 0.9, 0.82, 0.5, 0.55, 0.6, 0.61, 0.62, 0.63, 1.0],
        np.arange(0, 101) / 100,
        np.repeat(np.arange(0, 21) / 20, 5),
        [0.0, 0.25, 0.5, 0.75, 1.0] * 20,
        np.arange(200) / 8,
        [0.3, 0.3, 0.3],
        [0.12345678],
        [],
    ],
    ids=[
        "grades",
        "integers",
        "labels",
        "typed",
        "hundredths",
        "twentieths",
        "quarters",
        "eighths",
        "tied",
        "one",
        "none",
    ],
)
def test_integers_few_values_and_short_decimals_are_not_accused(scores):
    found = resolution(scores)
    assert found.kind == "float64"
    assert found.warning == ""


def test_short_floats_of_half_precision_type_are_not_accused_when_few():
    assert resolution(np.array([0.82, 0.65], dtype=np.float16)).warning == ""


def test_sigmoids_that_ran_out_of_digits_are_told_in_any_precision():
    found = resolution(sigmoid(np.random.default_rng(1).normal(16, 4, 500)).astype(np.float32))
    assert found.kind == "float32"
    assert "of the scores are exactly 1" in found.warning
    assert resolution(np.append(LOGITS, 1.0)).saturated == 0  # logits are no shares


def test_counts():
    found = resolution([0.1, 0.1, 0.2, 0.0, 1.0, 1.0])
    assert (found.distinct, found.tied, found.saturated) == (4, pytest.approx(4 / 6), pytest.approx(0.5))


def test_what_is_no_score_is_refused():
    with pytest.raises(InputError, match="scores must be finite, got nan at position 1"):
        resolution([0.5, np.nan])
