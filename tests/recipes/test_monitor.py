"""``ThresholdMonitor`` in worlds where nothing changes, and where something does (W6 and W11)."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from tamis.errors import InputError
from tamis.observe.lifecycle import Bounds
from tamis.recipes import ThresholdMonitor

from ..calibrate.worlds import clustered

CLICK, SKIP = "点击", "跳过"


def one(clicked, seconds=None):
    actions = {"query": "q", "returned_docs": ["a"], "user_actions": [CLICK if clicked else SKIP]}
    return actions if seconds is None else {**actions, "session_time": seconds}


def visits(run, count, threshold):
    """W6: what scores at least the threshold is shown, place k is looked at with probability 1 / k."""
    drawn = clustered(count, run, 1.0, 10)
    scores, labels = drawn.scores.reshape(count, 10), drawn.labels.reshape(count, 10)
    rng = np.random.default_rng([run, 5])
    for z, relevant in zip(scores, labels, strict=True):
        order = np.argsort(-z)
        shown = order[1 / (1 + np.exp(-z[order])) >= threshold]
        looked = rng.random(shown.size) < 1 / np.arange(1, shown.size + 1)
        clicks = looked & (rng.random(shown.size) < np.where(relevant[shown] == 1, 0.8, 0.1))
        seconds = float(rng.lognormal(3.7, 0.8))
        yield {
            "query": "q",
            "returned_docs": [str(at) for at in shown],
            "user_actions": [CLICK if click else SKIP for click in clicks],
            "session_time": seconds,
        }


@pytest.mark.parametrize("runs", [8, pytest.param(40, marks=pytest.mark.slow)])
def test_a_world_in_which_nothing_changes_moves_nothing_and_proposes_nothing(runs):
    """A6: 5,000 visits a run; the threshold never moves by itself, and at most a twentieth of the runs propose."""
    proposed = 0
    for run in range(runs):
        monitor = ThresholdMonitor(0.70)
        for feedback in visits(run, 5000, monitor.threshold):
            monitor.monitor_performance(feedback)
        assert monitor.threshold == 0.70
        proposed += bool(monitor.proposals)
    assert proposed <= 0.05 * runs


@pytest.mark.parametrize("runs", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_a_real_shift_is_proposed_within_1500_sessions(runs):
    """W11: satisfaction falls from .35 to .25 after 3,000 sessions."""
    early = found = 0
    for run in range(runs):
        rng = np.random.default_rng([run, 6])
        clicks = [*(rng.random(3000) < 0.35), *(rng.random(1500) < 0.25)]
        monitor = ThresholdMonitor(0.70)
        at = next((at for at, click in enumerate(clicks) if monitor.monitor_performance(one(click))), None)
        early += at is not None and at < 3000
        found += at is not None and at >= 3000
        if at is not None:
            (proposal,) = monitor.proposals
            assert (proposal.old, proposal.new, monitor.threshold) == (0.70, 0.75, 0.70)
    assert early <= 0.05 * runs and found >= 0.9 * runs


def test_sessions_that_grow_longer_propose_to_show_more():
    monitor = ThresholdMonitor(0.70, reference=200)
    made = [monitor.monitor_performance(one(at % 3 == 0, 30 + at % 20)) for at in range(400)]
    made += [monitor.monitor_performance(one(at % 3 == 0, 90 + at % 20)) for at in range(400)]
    (proposal,) = [found for found in made if found]
    assert proposal.new == 0.65 and "show more" in proposal.reason
    assert proposal.after > proposal.before


def test_proposals_are_approved_and_taken_back():
    monitor = ThresholdMonitor(0.88, reference=100)
    feed(monitor, (1, 0, 1, 1), 200)
    feed(monitor, (0,), 100)
    assert monitor.adjust_threshold_based_on_trend().new == 0.9  # the ceiling
    assert monitor.threshold == 0.88
    assert monitor.approve() == 0.9
    assert monitor.adjust_threshold_based_on_trend() is None
    feed(monitor, (1, 0, 1, 1), 200)
    feed(monitor, (0,), 100)
    assert monitor.adjust_threshold_based_on_trend() is None  # at the ceiling there is nothing to propose
    assert monitor.rollback() == 0.88
    with pytest.raises(InputError, match="nothing to go back to"):
        monitor.rollback()
    with pytest.raises(InputError, match="nothing is proposed"):
        monitor.approve()


def feed(monitor, clicks, count):
    for at in range(count):
        monitor.monitor_performance(one(clicks[at % len(clicks)]))


def test_the_founding_formula_is_there_by_name():
    monitor = ThresholdMonitor(0.7, satisfaction="founding")
    feedback = {"query": "q", "returned_docs": ["a", "b"], "user_actions": [CLICK, SKIP], "session_time": 30}
    assert monitor.calculate_satisfaction(feedback) == pytest.approx(0.7 * 0.5 + 0.3 * (1 - 30 / 120))
    assert monitor.calculate_satisfaction({"returned_docs": [], "user_actions": []}) == 0.5


def test_corrected_satisfaction_counts_what_was_looked_at():
    monitor = ThresholdMonitor(0.7)
    low = {"returned_docs": ["a", "b"], "user_actions": ["skip", "click"]}
    high = {"returned_docs": ["a", "b"], "user_actions": ["click", "skip"]}
    assert monitor.calculate_satisfaction(low) == pytest.approx(2 / 3)
    assert monitor.calculate_satisfaction(high) == pytest.approx(1 / 3)
    assert monitor.calculate_satisfaction({"returned_docs": [], "user_actions": []}) == 0.5


def test_history_is_bounded_and_tells_the_threshold():
    monitor = ThresholdMonitor(0.7)
    feed(monitor, (1, 0), 20_050)
    assert len(monitor.performance_history) == 10_000
    assert monitor.performance_history[-1] == {"threshold": 0.7, "satisfaction": 0.0}


@pytest.mark.parametrize(
    ("feedback", "says"),
    [
        ({}, "user_actions"),
        ([], "user_actions"),
        ({"returned_docs": ["a"], "user_actions": []}, "an action for each of 1 documents, got 0"),
        ({"returned_docs": ["a"], "user_actions": ["liked"]}, "must be one of"),
        ({"returned_docs": ["a"], "user_actions": ["click"], "session_time": -1}, "at least 0"),
    ],
)
def test_feedback_that_is_none_is_refused(feedback, says):
    with pytest.raises(InputError, match=says):
        ThresholdMonitor(0.7).monitor_performance(feedback)


def test_the_first_threshold_is_a_number_and_bounds_are_kept():
    with pytest.raises(InputError, match="finite number"):
        ThresholdMonitor("high")
    monitor = ThresholdMonitor(2.0, reference=100, bounds=Bounds(step=0.5))
    feed(monitor, (1, 0, 1, 1), 200)
    feed(monitor, (0,), 100)
    assert monitor.proposals[0].new == 2.5
    assert next(iter(inspect.signature(ThresholdMonitor).parameters)) == "initial_threshold"
