"""Advice as the key of a sentence, and curves from clicks beside the policy's own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.observe.clicks import ClickCalibration, ClickModel
from tamis.observe.impressions import Impressions
from tamis.observe.lifecycle.advice import Advice, advise
from tamis.observe.lifecycle.bounds import Bounds
from tamis.observe.report.page import PAGES
from tamis.observe.report.proposals import advice_line, curve

from .. import world

OURS = Policy(Thresholds(0.5), target=PrecisionAtLeast(0.9).as_json())
FOUND = Advice("", 0.5, None, 0.8, 0.7, 0.9, 800, 900, 100)


@pytest.mark.parametrize(
    ("found", "policy", "key"),
    [
        (Advice(""), None, "everything"),
        (Advice(""), replace(OURS, direction="reject-high"), "depends"),
        (Advice(""), replace(OURS, thresholds=Thresholds(math.inf)), "unbounded"),
        (Advice(""), replace(OURS, target={}), "target"),
        (Advice("", sessions=3), OURS, "few"),
        (Advice("all alike", sessions=900), OURS, "alike"),
        (replace(FOUND, threshold=0.8), OURS, "loose"),
        (replace(FOUND, threshold=0.2), OURS, "strict"),
        (replace(FOUND, wanted=None, low=None, high=None), OURS, "flat"),
        (replace(FOUND, low=0.4, high=0.6), OURS, "right"),
        (FOUND, OURS, "perhaps_loose"),
        (replace(FOUND, wanted=0.2, low=0.1, high=0.3), OURS, "perhaps_strict"),
    ],
)  # fmt: skip
def test_advice_is_told_in_both_languages(found, policy, key):
    line = advice_line(found, policy, Bounds())
    assert line.key == f"advice.{key}"
    for language in ("en", "zh"):
        assert "{" not in PAGES.said(line.key, line.values, language)


@pytest.mark.parametrize("policy", [None, OURS, replace(OURS, target={})])
def test_advice_that_knows_nothing_says_nothing_but_why(policy):
    assert replace(advise(Impressions.of([]), policy, ClickModel()), reason="") == Advice("")


def test_advice_says_where_bounds_keep_the_threshold():
    assert advice_line(FOUND, OURS, Bounds(ceiling=0.5)).key == "advice.bound"


def test_curves_are_drawn_where_scores_lie():
    policy = world.policy()
    scores, _ = world.queries(np.random.default_rng(3), 50)
    items = [world.Placed(f"d{k}", score) for k, score in enumerate(scores.ravel().tolist())]
    fitted = ClickCalibration(2.0, -3.0, ((0.04, 0.0), (0.0, 0.09)))
    drawn = curve(fitted.as_json(), policy, [world.Decided("r", items=tuple(items))])
    at = np.array(drawn["scores"])
    assert scores.min() <= at[0] < at[-1] <= scores.max() and (np.diff(at) > 0).all()
    assert drawn["clicks"] == pytest.approx(fitted.probability(at).tolist(), rel=1e-3, abs=1e-4)
    assert drawn["own"] == pytest.approx(policy.calibration.calibrator(at).tolist(), rel=1e-3, abs=1e-4)
    assert curve(fitted.as_json(), Policy(Thresholds(0.5)), [world.Decided("r", items=tuple(items))])["own"] is None
    assert curve(None, policy, []) is curve(fitted.as_json(), policy, []) is None
    assert curve({"slope": 1.0}, policy, [world.Decided("r", items=tuple(items))]) is None
