"""Slices: each query in its part, figures of the part alone."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.data import Example
from tamis.errors import InputError
from tamis.evaluate import interval
from tamis.train.after.figures import MAIN, measure
from tamis.train.after.slices import ROUNDS, slices

from .worlds import Noisy, examples


@pytest.fixture(scope="module")
def mixed():
    english = examples(12)
    chinese = [
        Example("鲤鱼怎么养", ("鲤鱼要养在水里", *e.documents[3:]), (1.0, *e.labels[3:])) for e in examples(8, 1)
    ]
    long = [Example(" ".join(e.documents[0].split() * 2), e.documents, e.labels) for e in examples(7, 2)]
    scorers = {"before": Noisy("start", 1.0, window=5), "after": Noisy("trained", 0.2, 1, window=6)}
    return measure([*english, *chinese, *long, *examples(3, 5, relevant=4)], scorers)


def parts(found, kind):
    return {one.part: one for one in found if one.kind == kind}


def test_every_query_is_in_the_part_it_belongs_to(mixed):
    found = slices(mixed, "before")
    assert {part: one.after.queries for part, one in parts(found, "language").items()} == {"en": 22, "zh": 8}
    assert {part: one.after.queries for part, one in parts(found, "length").items()} == {"short": 23, "middle": 7}
    # Four relevant documents have three queries only: too few to be shown.
    assert {part: one.after.queries for part, one in parts(found, "positives").items()} == {"one": 8, "few": 19}
    assert {part: one.after.queries for part, one in parts(found, "truncated").items()} == {"whole": 8, "cut": 22}
    assert not parts(found, "document")  # all are short: nothing to tell apart


def test_figures_are_those_of_the_part(mixed):
    (zh,) = [one for one in slices(mixed, "before") if one.part == "zh"]
    mask = np.array([12 <= at < 20 for at in range(30)])
    after, before = mixed["after"].evaluation[MAIN][mask], mixed["before"].evaluation[MAIN][mask]
    assert zh.after == interval(after, rounds=ROUNDS) and zh.before == interval(before, rounds=ROUNDS)
    assert zh.gain.difference == pytest.approx(after.mean() - before.mean())
    content = zh.as_json()
    assert content["queries"] == 8 and content["gain"][0] == zh.gain.difference


def test_a_system_that_was_not_measured_is_one_clear_error(mixed):
    with pytest.raises(InputError, match="no figures of 'teacher', only of random, bm25, before, after"):
        slices(mixed, "teacher")
