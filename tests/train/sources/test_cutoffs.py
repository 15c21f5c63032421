"""Cutoffs: their formulas, on the scales they are for, and no limit above the positive."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from tamis.errors import InputError
from tamis.train.sources.cutoffs import Filter, Margin, Share

SCORES = st.floats(-30, 30)


@given(SCORES, st.floats(0.01, 0.999))
def test_a_share_of_a_logit_is_a_share_of_its_probability(positive, of):
    assert Share(of).below(positive) == pytest.approx(logit(of * expit(positive)), rel=1e-6, abs=1e-6)


@given(SCORES, SCORES, st.floats(0.01, 1.0))
def test_limits_never_lie_above_the_positive_and_keep_the_order(one, two, of):
    for cutoff in (Share(of), Share(of, "unit"), Margin(of)):
        low, high = sorted((one, two))
        assert cutoff.below(high) <= high
        if cutoff != Share(of, "unit") or low >= 0:
            assert cutoff.below(low) <= cutoff.below(high) + 1e-9


@pytest.mark.parametrize("positive", [-1e9, -800.0, 800.0, 1e9])
def test_scores_far_out_give_finite_limits(positive):
    assert np.isfinite(Share(0.95).below(positive)) and Share(0.95).below(positive) <= positive
    assert Share(1.0).below(positive) <= positive


def test_the_anchor_is_the_worst_or_the_best_positive():
    scores = np.array([3.0, -1.0, 2.0])
    assert Filter(Margin(0.5)).limit(scores) == -1.5
    assert Filter(Margin(0.5), "best").limit(scores) == 2.5


def test_a_negative_stays_below_the_limit_and_between_the_bounds():
    strict = Filter(Margin(), highest=1.0, lowest=-2.0)
    passed = [score for score in (-2.5, -2.0, 0.0, 1.0, 1.5, 3.0) if strict.passes(score, limit=3.0)]
    assert passed == [-2.0, 0.0, 1.0]
    assert not strict.passes(0.5, limit=0.5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Margin(-1.0), "margin must be a number of at least 0"),
        (lambda: Margin(float("nan")), "margin must be"),
        (lambda: Share(1.2), r"must lie in \(0, 1\]"),
        (lambda: Share(0.9, "percent"), "scale must be"),
        (lambda: Filter(anchor="mean"), "anchor must be 'worst' or 'best'"),
        (lambda: Filter(highest=0.0, lowest=1.0), "must not be above"),
    ],
)
def test_values_out_of_range(make, says):
    with pytest.raises(InputError, match=says):
        make()
