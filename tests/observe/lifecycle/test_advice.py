"""What clicks say of a threshold, in a world whose truth is known (W6: W2's queries, clicks by place and relevance)."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tamis.decide import ByLanguage, Cost, FBeta, Percentile, Policy, PrecisionAtLeast, Thresholds
from tamis.errors import InputError
from tamis.observe.clicks import ClickModel
from tamis.observe.impressions import Impressions
from tamis.observe.lifecycle.advice import advise
from tamis.observe.lifecycle.bounds import Bounds

from ..clicks.visits import visits

MODEL = ClickModel()
LOOSE = 0.8472979  # sigmoid .7, the founding number
FAR = Bounds(step=10.0)


def policy(threshold, target):
    return Policy(Thresholds(threshold), scorer="w:1", stage="w", target=target.as_json())


def seen(count, trial, threshold, *, explored=0.0):
    """Visits in which what scores below the threshold is not shown, but for an explored share of those."""
    world = visits(count, trial)
    rng = np.random.default_rng([count, trial, 6])
    shown = (world.scores >= threshold) | (rng.random(world.scores.size) < explored)
    # Places are those on the page: what is left out leaves no gap.
    place = np.zeros(world.scores.size, np.int64)
    cut = shown.reshape(count, -1)
    place[:] = (np.cumsum(cut, axis=1) * cut).ravel()
    looked = rng.random(world.scores.size) < 1 / np.maximum(place, 1)
    clicked = looked & (rng.random(world.scores.size) < np.where(world.labels == 1, 0.8, 0.1))
    return Impressions(
        count,
        world.sessions[shown],
        world.scores[shown],
        place[shown],
        clicked[shown].astype(float),
        np.ones(int(shown.sum())),
        world.sessions,
        world.scores,
        world.positions,
    )


def truth(threshold):
    """Precision of what a threshold shows, by a hundred thousand visits that no test looks at."""
    world = visits(100_000, 99)
    return float(world.labels[world.scores >= threshold].mean())


@pytest.fixture(scope="module")
def precise():
    """The threshold at which nine tenths of what is shown are relevant."""
    grid = np.linspace(0.5, 4.5, 41)
    return float(grid[np.argmax([truth(t) >= 0.9 for t in grid])])


def test_a_threshold_that_is_right_is_left_alone(precise):
    proposed = 0
    for run in range(40):
        policy_now = policy(precise, PrecisionAtLeast(truth(precise)))
        looks = [advise(seen(200 << at, run, precise), policy_now, MODEL, FAR, look=at + 1) for at in range(4)]
        proposed += any(found.threshold is not None for found in looks)
    assert proposed <= 2


def test_a_threshold_that_is_too_loose_is_raised_to_where_the_promise_holds():
    reached = 0
    for run in range(20):
        found = advise(seen(3000, run, LOOSE), policy(LOOSE, PrecisionAtLeast(0.9)), MODEL, FAR)
        assert found.threshold is not None and found.threshold > LOOSE, found.reason
        reached += truth(found.threshold) >= 0.89
        assert "too loose" in found.reason
    assert reached >= 18


def test_precision_as_clicks_tell_it_is_the_true_one():
    covered = 0
    for run in range(20):
        found = advise(seen(3000, run, LOOSE), policy(LOOSE, PrecisionAtLeast(0.9)), MODEL, FAR)
        covered += found.precision.low - 0.01 <= truth(LOOSE) <= found.precision.high + 0.01
    assert covered >= 17


def test_a_step_floor_and_ceiling_are_kept():
    now = policy(LOOSE, PrecisionAtLeast(0.9))
    shown = seen(3000, 1, LOOSE)
    assert advise(shown, now, MODEL, Bounds(step=0.25)).threshold == pytest.approx(LOOSE + 0.25)
    assert advise(shown, now, MODEL, Bounds(ceiling=1.0)).threshold == pytest.approx(1.0)
    assert advise(shown, now, MODEL, Bounds(ceiling=LOOSE)).threshold is None


def test_what_was_never_shown_is_not_spoken_of():
    strict = policy(3.5, PrecisionAtLeast(0.8))
    blind = advise(seen(6000, 2, 3.5), strict, MODEL, FAR)
    assert blind.threshold is None and "explore" in blind.reason
    explored = advise(seen(6000, 2, 3.5, explored=0.05), strict, MODEL, FAR)
    assert explored.threshold is not None and explored.threshold < 3.5
    assert truth(explored.threshold) >= 0.78


@pytest.mark.parametrize("target", [Cost(0.5, 0.2), FBeta(0.5)])
def test_targets_without_a_promise_are_asked_for_too(target):
    found = advise(seen(4000, 3, -2.0), policy(-2.0, target), MODEL, FAR)
    assert found.threshold is not None and found.threshold > -1.0
    assert found.low < found.wanted < found.high


def test_the_proposed_policy_is_the_old_one_with_another_threshold_and_no_promise():
    old = policy(LOOSE, PrecisionAtLeast(0.9))
    found = advise(seen(3000, 1, LOOSE), old, MODEL, FAR)
    new = found.policy(old, "better")
    assert (new.thresholds.default, new.certificate, new.parent) == (found.threshold, None, old.digest)
    assert (new.scorer, new.stage, new.target, new.name) == (old.scorer, old.stage, old.target, "better")
    assert new.counts["sessions"] == 3000
    assert json.loads(json.dumps(found.as_json()))["threshold"] == found.threshold


@pytest.mark.parametrize(
    ("now", "count", "code", "says"),
    [
        (None, 300, "everything", "everything is shown"),
        (policy(LOOSE, Percentile(70)), 300, "target", "asks nothing"),
        (policy(LOOSE, PrecisionAtLeast(0.9)), 20, "few", "20 sessions so far: 180 more are needed"),
        (replace(policy(LOOSE, PrecisionAtLeast(0.9)), direction="reject-high"), 300, "depends", "direction"),
        (Policy(Thresholds(0.7, {"zh": 0.8}, ByLanguage())), 300, "depends", "segments"),
        (policy(math.inf, PrecisionAtLeast(0.9)), 300, "unbounded", "no finite threshold"),
    ],
)
def test_where_nothing_can_be_said_the_reason_says_why(now, count, code, says):
    found = advise(seen(count, 1, LOOSE), now, MODEL)
    assert (found.code, found.threshold) == (code, None) and says in found.reason


def test_clicks_on_nothing_teach_nothing():
    shown = seen(300, 1, LOOSE)
    silent = replace(shown, clicked=np.zeros(len(shown)))
    assert advise(silent, policy(LOOSE, PrecisionAtLeast(0.9)), MODEL).code == "alike"


def test_few_clicks_leave_open_how_far_to_move():
    found = advise(seen(200, 4, -3.0), policy(-3.0, PrecisionAtLeast(0.9)), MODEL, FAR)
    assert (found.code, found.threshold) == ("perhaps_loose", None)


def test_looks_are_counted_from_one_and_nothing_proposed_makes_no_policy():
    shown = seen(300, 1, LOOSE)
    with pytest.raises(InputError, match="counted from 1"):
        advise(shown, None, MODEL, look=0)
    refused = advise(shown, None, MODEL)
    with pytest.raises(InputError, match="nothing is proposed"):
        refused.policy(policy(LOOSE, PrecisionAtLeast(0.9)))


def test_clicks_that_do_not_follow_the_scores_propose_nothing():
    shown = seen(2000, 1, LOOSE)
    rng = np.random.default_rng(0)
    mixed = Impressions(*(getattr(shown, name) for name in shown.__slots__[:2]), rng.permutation(shown.scores),
                        *(getattr(shown, name) for name in shown.__slots__[3:]))  # fmt: skip
    found = advise(mixed, policy(LOOSE, PrecisionAtLeast(0.9)), MODEL, FAR)
    assert found.threshold is None and "not clicked more often" in found.reason
