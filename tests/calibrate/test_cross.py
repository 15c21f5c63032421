"""Cross-fitted probabilities: each by a map that has not seen the pair's query."""

import numpy as np
import pytest

from tamis.calibrate import Isotonic, Labelled, Platt, cross_fitted, query_folds
from tamis.calibrate.cross import held_out_parts
from tamis.errors import InputError

from . import worlds


def drawn_pairs(queries=60):
    drawn = worlds.clustered(queries, 0)
    return Labelled.of(drawn.scores, drawn.labels, drawn.groups, np.linspace(0.5, 2, len(drawn.scores)))


def test_each_fold_is_judged_by_a_map_fitted_on_the_others():
    data = drawn_pairs()
    found, fold_of = cross_fitted(Platt(), data, folds=4, seed=3), query_folds(data, 4, seed=3)
    for fold in range(4):
        rest, part = data.where(fold_of != fold), fold_of == fold
        by_hand = Platt().fit(rest.scores, rest.labels, None, rest.weights)
        np.testing.assert_array_equal(found[part], by_hand(data.scores[part]))


def test_a_querys_own_labels_do_not_move_its_probabilities():
    data = drawn_pairs()
    changed = data.labels.copy()
    changed[10:20] = changed[10:20][::-1]  # as many relevant ones: the folds stay
    other = Labelled(data.scores, changed, data.groups, data.weights, True)
    assert (changed != data.labels).any()
    np.testing.assert_array_equal(cross_fitted(Isotonic(), data)[10:20], cross_fitted(Isotonic(), other)[10:20])


def test_the_calibrator_itself_is_left_alone():
    calibrator = Platt().fit([-1.0, 1.0, 2.0], [0, 1, 0])
    before = calibrator.parameters()
    cross_fitted(calibrator, drawn_pairs())
    assert calibrator.parameters() == before


def test_too_few_queries_folds_or_labels_are_told():
    with pytest.raises(InputError, match="3 queries in the data"):
        cross_fitted(Platt(), drawn_pairs(3))
    with pytest.raises(InputError, match="folds must be at least 2, got 1"):
        cross_fitted(Platt(), drawn_pairs(), folds=1)
    lonely = Labelled.of(np.arange(10.0), np.arange(10) == 9)
    with pytest.raises(InputError, match=r"all relevant pairs stand in one fold: .* label more queries"):
        held_out_parts(lonely)
    crowd = Labelled.of(np.arange(10.0), np.arange(10) > 1, np.repeat(np.arange(5), 2))
    with pytest.raises(InputError, match="all irrelevant pairs stand in queries of one fold"):
        held_out_parts(crowd)
