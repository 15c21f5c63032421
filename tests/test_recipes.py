"""The founding names: a copied call binds, every recipe says how it differs, and none prints or plots."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from tamis import recipes

from .recipes.given import LABELS, SHARES

FOUNDING = {
    "linear_calibration": "scores, target_min=0.0, target_max=1.0",
    "business_calibration": "scores, precision_weight=0.7, recall_weight=0.3",
    "find_optimal_threshold": "y_true, y_scores",
    "cost_based_threshold": "y_true, y_scores, false_positive_cost=0.5, false_negative_cost=0.2",
    "DynamicThresholdReranker": "base_threshold=0.7",
    "DynamicThresholdReranker.adjust_threshold_by_query": "self, query, documents",
    "DynamicThresholdReranker.estimate_complexity": "self, query",
    "ThresholdMonitor": "initial_threshold",
    "ThresholdMonitor.monitor_performance": "self, user_feedback",
    "ThresholdMonitor.calculate_satisfaction": "self, feedback",
    "ThresholdMonitor.adjust_threshold_based_on_trend": "self",
    "multi_stage_filtering": "query, documents, model",
    "evaluate_on_testset": "test_file, model",
    "analyze_and_set_threshold": "results",
    "evaluate_threshold": "true_labels, scores, threshold",
}


@pytest.mark.parametrize(("name", "founding"), FOUNDING.items())
def test_a_copied_call_still_binds(name, founding):
    found = recipes
    for part in name.split("."):
        found = getattr(found, part)
    ours = list(inspect.signature(found).parameters.values())
    theirs = [part.partition("=")[::2] for part in founding.split(", ")]
    for parameter, (argument, default) in zip(ours, theirs, strict=False):
        assert parameter.name == argument and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        assert parameter.default == (float(default) if default else parameter.empty)
    assert len(ours) >= len(theirs) and all(p.default is not p.empty for p in ours[len(theirs) :])


@pytest.mark.parametrize("name", [name for name in FOUNDING if "." not in name])
def test_every_recipe_says_where_it_differs(name):
    assert "Differs from the founding version" in " ".join(getattr(recipes, name).__doc__.split())


def test_nothing_is_printed_and_no_plot_is_drawn():
    code = (
        "import sys; from tamis import recipes\n"
        f"y, s = {LABELS}, {SHARES}\n"
        "recipes.find_optimal_threshold(y, s); recipes.cost_based_threshold(y, s)\n"
        "recipes.evaluate_threshold(y, s, 0.5)\n"
        "assert not {'matplotlib', 'sklearn', 'scipy', 'tqdm'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
