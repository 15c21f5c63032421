"""Decisions: thresholds with guarantees, the rules around them, and the policy that carries both."""

from tamis.decide.certificates.certify import Audit, Certifiable, Joint, Segmented, audit, certify, certify_segments
from tamis.decide.certificates.plan import LabelPlan, plan_labels
from tamis.decide.certificates.precision import PrecisionAtLeast
from tamis.decide.certificates.recall import MissRateAtMost, RecallAtLeast
from tamis.decide.certificates.result import Certificate, Issued, Refused, Terms
from tamis.decide.choices.comparison import Row, compare_methods
from tamis.decide.choices.costs import CostCurve, cost_curve
from tamis.decide.choices.figures import Figures, at_threshold, figures
from tamis.decide.choices.sweep import Sweep, sweep
from tamis.decide.choices.targets import Cost, FBeta, Fixed, Percentile, SweptCost, Target
from tamis.decide.choices.tune import Tuned, tune
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.answerless import AnswerlessRate, answerless_rate
from tamis.decide.learned.blend import Blended, SignalBlend
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.learned.predictors import PREDICTORS, Predictors
from tamis.decide.learned.signals import (
    SIGNALS,
    Authority,
    Freshness,
    History,
    KeywordMatch,
    Signal,
    signal_from_json,
    signal_values,
)
from tamis.decide.policies.change import Change, Flip, changes, needs_documents
from tamis.decide.policies.compared import Compared, Estimate, compared
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.policies.presets import PRESETS, Preset, preset
from tamis.decide.policies.segments import ByField, ByLanguage, ByLength, Segmenter
from tamis.decide.reading import Limits, Reading, Signs, read
from tamis.decide.rules.base import Rule
from tamis.decide.rules.fields import AllowField, DenyField, Fresh, MaxPerSource
from tamis.decide.rules.table import RULES, MaxK, MinProbability, MinScore, rule_from_json
from tamis.decide.rules.wording import BannedWords, Dedup, MinLength

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
    "Change",
    "Compared",
    "Cost",
    "CostCurve",
    "Dedup",
    "DenyField",
    "Difficulty",
    "Estimate",
    "FBeta",
    "Figures",
    "Fixed",
    "Flip",
    "Fresh",
    "Freshness",
    "Heuristic",
    "History",
    "Issued",
    "Joint",
    "KeywordMatch",
    "LabelPlan",
    "Limits",
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
    "Reading",
    "RecallAtLeast",
    "Refused",
    "Row",
    "Rule",
    "Segmented",
    "Segmenter",
    "Signal",
    "SignalBlend",
    "Signs",
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
    "changes",
    "compare_methods",
    "compared",
    "cost_curve",
    "figures",
    "needs_documents",
    "plan_labels",
    "preset",
    "read",
    "rule_from_json",
    "signal_from_json",
    "signal_values",
    "sweep",
    "tune",
]
