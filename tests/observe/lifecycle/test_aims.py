"""What targets ask of a threshold, held against thresholds chosen by trying all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.decide import Cost, FBeta, MissRateAtMost, PrecisionAtLeast, RecallAtLeast
from tamis.observe.lifecycle.aims import AIMS

chances = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=12)


def tried(p, aim):
    """The best of all thresholds by a figure of (shown, left out); -1 shows nothing."""
    return max(range(-1, len(p)), key=lambda at: aim(p[: at + 1], p[at + 1 :]))


def asked(p, target):
    return int(AIMS[target["target"]](np.ones(len(p)), np.array([p]), target)[0])


@settings(max_examples=60, deadline=None)
@given(chances)
def test_the_least_cost_is_the_least_of_all(p):
    target = Cost(0.5, 0.2).as_json()
    best = tried(p, lambda shown, left: -sum(0.5 * (1 - x) for x in shown) - sum(0.2 * x for x in left))
    found = asked(p, target)
    worth = [0.0, *np.cumsum([0.2 * x - 0.5 * (1 - x) for x in p])]
    assert worth[found + 1] == pytest.approx(worth[best + 1])


@settings(max_examples=60, deadline=None)
@given(chances)
def test_the_loosest_precise_threshold_is_found(p):
    found = asked(p, PrecisionAtLeast(0.7).as_json())
    fine = [at for at in range(len(p)) if np.mean(p[: at + 1]) >= 0.7 - 1e-12]
    assert found == max(fine, default=-1) or np.mean(p[: found + 1]) == pytest.approx(0.7)


@settings(max_examples=60, deadline=None)
@given(chances)
def test_the_highest_f_measure_is_the_highest_of_all(p):
    def f_one(at):
        return 2 * sum(p[: at + 1]) / (at + 1 + sum(p))

    assert f_one(asked(p, FBeta(1.0).as_json())) == pytest.approx(max(map(f_one, range(len(p)))))


def test_recall_and_miss_rate_ask_the_same_from_both_sides():
    p = [0.9, 0.5, 0.3, 0.2, 0.1]
    assert asked(p, RecallAtLeast(0.8).as_json()) == asked(p, MissRateAtMost(0.2).as_json()) == 2


def test_every_target_that_looks_at_relevance_has_an_aim():
    kinds = {t.as_json()["target"] for t in (PrecisionAtLeast(0.9), RecallAtLeast(0.9), Cost(1, 1), FBeta(1))}
    assert kinds <= set(AIMS)
