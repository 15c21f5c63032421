"""Min-max: frozen and clipped when fitted on a pool; within a query it warns, and rightly."""

import numpy as np
import pytest

from tamis.calibrate import Calibration, MinMax, PerQueryScaling, min_max_per_query
from tamis.errors import InputError

from .. import worlds


def test_the_pool_fixes_the_scale_and_what_lies_beyond_is_clipped():
    found = MinMax(low=0.2, high=0.6).fit([-4.0, 0.0, 4.0])
    assert found([-99.0, -4.0, 0.0, 2.0, 4.0, 99.0]).tolist() == pytest.approx([0.2, 0.2, 0.4, 0.5, 0.6, 0.6])


def test_labels_are_not_looked_at():
    assert MinMax().fit([1.0, 2.0], ["no", "number"]) == MinMax().fit([1.0, 2.0])


def test_a_pool_of_one_value_and_one_as_wide_as_numbers_go():
    assert MinMax().fit([3.0, 3.0])([2.0, 3.0, 4.0]).tolist() == [0.0, 0.5, 1.0]
    assert MinMax().fit([-1.7e308, 1.7e308])([-1.7e308, 0.0, 1.7e308]).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.4), (-1.0, 1.0), (0.0, 2.0)])
def test_numbers_that_are_no_shares_are_refused(low, high):
    with pytest.raises(InputError, match="expected 0 <= low <= high <= 1"):
        MinMax(low, high).fit([0.0, 1.0])
    with pytest.raises(InputError, match="expected 0 <= low <= high <= 1"):
        MinMax.from_parameters({"low": low, "high": high, "least": 0.0, "most": 1.0})


def test_it_is_never_written_as_a_probability():
    with pytest.raises(InputError, match="gives no probabilities: fit another map, such as Platt"):
        Calibration(MinMax().fit([0.0, 1.0]))
    with pytest.raises(InputError, match="no scores: min-max needs a reference pool"):
        MinMax().fit([])


def test_within_a_query_every_query_without_an_answer_gets_a_document_at_1():
    drawn = worlds.clustered(2000, 1)
    with pytest.warns(PerQueryScaling, match="those without an answer too, get a document at 1.0"):
        scaled = min_max_per_query(drawn.scores, drawn.groups).reshape(2000, 10)
    answerless = drawn.labels.reshape(2000, 10).sum(axis=1) == 0
    assert answerless.sum() > 500
    assert (scaled[answerless].max(axis=1) == 1.0).all() and (scaled[answerless].min(axis=1) == 0.0).all()
    pooled = MinMax().fit(drawn.scores)(drawn.scores).reshape(2000, 10)
    threshold = pooled[drawn.scores.reshape(2000, 10) >= worlds.PRECISION_90].min()
    assert (pooled[answerless].max(axis=1) >= threshold).mean() < 0.25


@pytest.mark.filterwarnings("ignore::tamis.calibrate.maps.linear.PerQueryScaling")
def test_within_a_query_the_order_is_kept_and_equal_scores_stay_equal():
    scaled = min_max_per_query([2.0, 7.0, 7.0, 2.0, -1.0, 5.0], ["a", "b", "b", "a", "c", "a"])
    np.testing.assert_array_equal(scaled, [0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
