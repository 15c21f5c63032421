"""Shares of ties and of queries without an answer, and precision without labels."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe import Decided, Placed
from tamis.observe.drift import answerless_rate, expected_precision, tie_rate, tied

from ...calibrate import worlds
from .decided import clustered, probability


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_ties_are_those_that_a_loop_finds(rows):
    scores, groups = [float(score) for score, _ in rows], [group for _, group in rows]
    expected = [sum(row == other for other in rows) > 1 for row in rows]
    assert tied(scores, groups).tolist() == expected


def test_half_precision_shows_as_ties():
    drawn = worlds.clustered(200, 0, 1.0)
    whole = 1 / (1 + np.exp(-2 * drawn.scores))
    assert tie_rate(whole, drawn.groups).value == 0
    found = tie_rate(np.round(whole, 2), drawn.groups)
    assert 0.3 < found.low < found.value < found.high < 1


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(InputError, match="shapes"):
        tie_rate([1.0], [1, 2])


def test_queries_without_an_answer_are_those_that_show_nothing():
    decisions = clustered(300, 1)
    share = np.mean([all(not item.shown for item in one.items) for one in decisions])
    found = answerless_rate(decisions)
    assert found.value == pytest.approx(share)
    assert found.low < share < found.high


def test_expected_precision_is_the_true_one_while_the_calibration_holds():
    """W2's true precision above 2.28 is .9, and the interval covers it in 19 of 20 runs."""
    found = [expected_precision(clustered(100, trial)) for trial in range(60)]
    assert np.mean([one.value for one in found]) == pytest.approx(0.9, abs=0.01)
    assert np.mean([one.low <= 0.9 <= one.high for one in found]) >= 0.93


def test_another_spread_of_scores_is_seen_and_another_meaning_is_not():
    """Where scores keep their meaning, the precision expected falls with the true one; where not, it cannot tell."""
    weaker = [
        Decided("r", items=tuple(Placed(str(n), s, float(probability(s)), n + 1) for n, s in enumerate((2.4, 1.0))))
    ] * 200
    assert expected_precision(weaker, promised=0.9).short
    swapped = clustered(400, 3, change=worlds.swapped)
    truth = worlds.precision((worlds.PRECISION_90 + 1) / 1.6)
    assert truth == pytest.approx(0.868, abs=0.002)
    found = expected_precision(swapped, promised=0.9)
    assert found.low > truth
    assert not found.short
    assert "only labels tell" in found.assumes


def test_without_probabilities_nothing_is_claimed():
    found = expected_precision([Decided("r", items=(Placed("a", 1.0, None, 1),))], promised=0.9)
    assert math.isnan(found.value)
    assert not found.short
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["value"] is None


def test_a_promise_out_of_range_is_refused():
    with pytest.raises(InputError, match="promised"):
        expected_precision([], promised=90)
