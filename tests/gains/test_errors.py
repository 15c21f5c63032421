"""The lists of queries worth a look: each holds what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.evaluate import nDCG
from tamis.evaluate.mistakes import Listed, near_miss
from tamis.gains.errors import HURTS, MOST, Errors

MAIN = nDCG @ 10


@pytest.fixture(params=["talked", "typed", "harmful"])
def errors(request):
    return Errors(request.getfixturevalue(request.param))


def test_each_list_holds_what_it_says(errors):
    systems = {name: one[MAIN] for name, one in errors.found.gain.systems.items()}
    for name, (one, other) in HURTS.items():
        losses = systems[one] - systems[other]
        expected = [at for at in np.argsort(losses, kind="stable") if losses[at] < -1e-9]
        assert errors.lists[name] == expected[:MOST]
    worst = systems["both"][errors.lists["worst"]]
    assert (np.diff(worst) >= 0).all() and (worst < 1).all()
    for at, ranking in enumerate(errors.found.rankings["both"]):
        nearly = near_miss(Listed.of(ranking, errors.grades(at)))
        assert (at in errors.lists["near miss"]) == (nearly is not None)
    assert errors.lists["suspect label"] == sorted(errors.suspects)


def test_rewriting_that_hurts_is_found_with_what_moved(harmful):
    rows = Errors(harmful).as_json()["lists"]["rewrite hurts rerank"]
    assert len(rows) == MOST
    for row in rows:
        assert row["ndcg@10"]["both"] < row["ndcg@10"]["rerank"] and row["rewritten"] == "stones near what"
        first = row["moved"][0]
        assert first["relevant"] and first["document"] == row["query"].removeprefix("q-")
        assert first["after"] is None or first["after"] > first["before"]


def test_without_a_reranker_there_is_no_suspect(talked):
    from .conftest import study

    found = Errors(study(talked.study.collection).run())
    assert set(found.lists) == {"worst", "rewrite hurts", "near miss"} and found.suspects == {}
