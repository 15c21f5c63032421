"""Advice as the key of a sentence, and curves from clicks beside the policy's own."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.observe.clicks import ClickCalibration
from tamis.observe.lifecycle.advice import REASONS, Advice
from tamis.observe.lifecycle.bounds import Bounds
from tamis.observe.report.page import PAGES
from tamis.observe.report.proposals import advice_line, curve

from .. import world

OURS = Policy(Thresholds(0.5), target=PrecisionAtLeast(0.9).as_json())


@pytest.mark.parametrize("code", REASONS)
def test_advice_is_told_in_both_languages(code):
    line = advice_line(Advice(code, "", 0.5, 0.7, sessions=800), Bounds())
    for language in ("en", "zh"):
        assert "{" not in PAGES.said(line.key, line.values, language)


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
