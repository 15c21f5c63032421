"""Decisions: thresholds with guarantees, the rules around them, and the policy that carries both."""

from tamis.decide.answerable import Answerable
from tamis.decide.answerless import AnswerlessRate, answerless_rate
from tamis.decide.blend import Blended, SignalBlend
from tamis.decide.certificate import Certificate, Issued, Refused, Terms
from tamis.decide.certify import Audit, Certifiable, Joint, Segmented, audit, certify, certify_segments
from tamis.decide.comparison import Row, compare_methods
from tamis.decide.costs import CostCurve, cost_curve
from tamis.decide.difficulty import Difficulty
from tamis.decide.fields import AllowField, DenyField, Fresh, MaxPerSource
from tamis.decide.figures import Figures, at_threshold, figures
from tamis.decide.founding import Heuristic
from tamis.decide.plan import LabelPlan, plan_labels
from tamis.decide.policy import Policy
from tamis.decide.precision import PrecisionAtLeast
from tamis.decide.predictors import PREDICTORS, Predictors
from tamis.decide.presets import PRESETS, Preset, preset
from tamis.decide.recall import MissRateAtMost, RecallAtLeast
from tamis.decide.rule import Rule
from tamis.decide.rules import RULES, MaxK, MinProbability, MinScore, rule_from_json
from tamis.decide.segments import ByField, ByLanguage, ByLength, Segmenter
from tamis.decide.signals import (
    SIGNALS,
    Authority,
    Freshness,
    History,
    KeywordMatch,
    Signal,
    signal_from_json,
    signal_values,
)
from tamis.decide.sweep import Sweep, sweep
from tamis.decide.targets import Cost, FBeta, Fixed, Percentile, SweptCost, Target
from tamis.decide.thresholds import Thresholds
from tamis.decide.tune import Tuned, tune
from tamis.decide.wording import BannedWords, Dedup, MinLength

__all__ = [
    "PREDICTORS",
    "PRESETS",
    "RULES",
    "SIGNALS",
    "AllowField",
    "Answerable",
    "AnswerlessRate",
    "Audit",
    "Authority",
    "BannedWords",
    "Blended",
    "ByField",
    "ByLanguage",
    "ByLength",
    "Certifiable",
    "Certificate",
    "Cost",
    "CostCurve",
    "Dedup",
    "DenyField",
    "Difficulty",
    "FBeta",
    "Figures",
    "Fixed",
    "Fresh",
    "Freshness",
    "Heuristic",
    "History",
    "Issued",
    "Joint",
    "KeywordMatch",
    "LabelPlan",
    "MaxK",
    "MaxPerSource",
    "MinLength",
    "MinProbability",
    "MinScore",
    "MissRateAtMost",
    "Percentile",
    "Policy",
    "PrecisionAtLeast",
    "Predictors",
    "Preset",
    "RecallAtLeast",
    "Refused",
    "Row",
    "Rule",
    "Segmented",
    "Segmenter",
    "Signal",
    "SignalBlend",
    "Sweep",
    "SweptCost",
    "Target",
    "Terms",
    "Thresholds",
    "Tuned",
    "answerless_rate",
    "at_threshold",
    "audit",
    "certify",
    "certify_segments",
    "compare_methods",
    "cost_curve",
    "figures",
    "plan_labels",
    "preset",
    "rule_from_json",
    "signal_from_json",
    "signal_values",
    "sweep",
    "tune",
]
