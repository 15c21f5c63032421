"""Ways to a threshold, each held against queries that did not choose it."""

import numpy as np
import pytest

from tamis.calibrate import Labelled
from tamis.calibrate.folds import query_folds
from tamis.decide import (
    FBeta,
    Fixed,
    Issued,
    Percentile,
    PrecisionAtLeast,
    Refused,
    Terms,
    certify,
    compare_methods,
    tune,
)
from tamis.errors import InputError

from ...calibrate import worlds

METHODS = {"F1": FBeta(), "best 30 %": Percentile(70), "by hand": Fixed(0.72)}


def of(world):
    return Labelled.of(world.scores, world.labels, world.groups)


def test_every_method_is_held_against_queries_that_did_not_choose_it():
    data = of(worlds.clustered(200, 0, 1.0))
    rows = compare_methods(data, METHODS)
    assert [row.method for row in rows] == list(METHODS)
    for row in rows:
        alone = tune(data, METHODS[row.method], confidence=1 - 0.05 / 3)
        assert (row.threshold, row.held_out) == (alone.threshold, alone.held_out)
        assert row.refused == 0 and row.certificate is None


def test_more_methods_have_wider_intervals():
    data = of(worlds.clustered(200, 0, 1.0))
    (one,) = compare_methods(data, {"F1": FBeta()})
    many = compare_methods(data, {"F1": FBeta(), **{str(at): Fixed(at) for at in range(9)}})[0]
    assert many.held_out.precision.low < one.held_out.precision.low
    assert many.held_out.precision.value == one.held_out.precision.value


def test_what_can_be_certified_is_where_terms_are_given():
    data = of(worlds.clustered(400, 0, 1.0))
    methods = {"F1": FBeta(), "certified": PrecisionAtLeast(0.85)}
    plain, certified = (compare_methods(data, methods, terms=terms)[1] for terms in (None, Terms()))
    assert plain.certificate is None and plain.threshold == PrecisionAtLeast(0.85).choose(data)
    assert certified.certificate == certify(data, PrecisionAtLeast(0.85))
    assert certified.threshold == certified.certificate.threshold > plain.threshold
    assert certified.held_out.precision.value > plain.held_out.precision.value
    fold_of = query_folds(data)
    accepted = 0
    for fold in range(5):
        found = certify(data.where(fold_of != fold), PrecisionAtLeast(0.85))
        if isinstance(found, Issued):
            accepted += int((data.scores[fold_of == fold] >= found.threshold).sum())
    assert certified.held_out.accepted == accepted


def test_a_fold_that_is_refused_accepts_nothing_and_is_counted():
    data = of(worlds.clustered(60, 0, 1.0))
    (row,) = compare_methods(data, {"certified": PrecisionAtLeast(0.99)}, terms=Terms())
    assert isinstance(row.certificate, Refused) and row.threshold is None
    assert row.refused == 5 and row.held_out.accepted == 0
    assert row.as_json()["threshold"] is None and row.as_json()["reason"] == row.certificate.reason


def test_progress_is_told_and_json_is_plain():
    told = []
    rows = compare_methods(of(worlds.clustered(50, 0)), METHODS, progress=lambda *now: told.append(now))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert rows[2].as_json()["threshold"] == 0.72 and rows[2].as_json()["held_out"]["pairs"] == 500
    assert compare_methods(of(worlds.clustered(50, 0)), {}) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (Labelled.of(np.arange(9.0), np.ones(9)), "all 9 labels are relevant"),
        (of(worlds.clustered(3, 0)), "3 queries in the data"),
    ],
)
def test_what_cannot_be_compared_is_refused(data, says):
    with pytest.raises(InputError) as caught:
        compare_methods(data, METHODS)
    assert says in str(caught.value)
