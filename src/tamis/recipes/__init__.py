"""The founding documents' function names, with the signatures people copied and the right thing underneath."""

from tamis.recipes.differs import DiffersFromFounding
from tamis.recipes.dynamic import DynamicThresholdReranker
from tamis.recipes.filtering import Filtered, multi_stage_filtering
from tamis.recipes.models import Model, ScoresPairs
from tamis.recipes.monitor import Proposal, ThresholdMonitor
from tamis.recipes.results import Analysis, ScoredSet, analyze_and_set_threshold, evaluate_on_testset
from tamis.recipes.scaling import business_calibration, linear_calibration
from tamis.recipes.thresholds import (
    Checked,
    business_threshold,
    cost_based_threshold,
    evaluate_threshold,
    find_optimal_threshold,
)

__all__ = [
    "Analysis",
    "Checked",
    "DiffersFromFounding",
    "DynamicThresholdReranker",
    "Filtered",
    "Model",
    "Proposal",
    "ScoredSet",
    "ScoresPairs",
    "ThresholdMonitor",
    "analyze_and_set_threshold",
    "business_calibration",
    "business_threshold",
    "cost_based_threshold",
    "evaluate_on_testset",
    "evaluate_threshold",
    "find_optimal_threshold",
    "linear_calibration",
    "multi_stage_filtering",
]
