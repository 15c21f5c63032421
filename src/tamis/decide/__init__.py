"""Decisions: thresholds with guarantees, the rules around them, and the policy that carries both."""

from tamis.decide.answerable import Answerable
from tamis.decide.certificate import Certificate, Issued, Refused, Terms
from tamis.decide.certify import Audit, Certifiable, Joint, Segmented, audit, certify, certify_segments
from tamis.decide.comparison import Row, compare_methods
from tamis.decide.costs import CostCurve, cost_curve
from tamis.decide.figures import Figures, at_threshold, figures
from tamis.decide.plan import LabelPlan, plan_labels
from tamis.decide.policy import Policy
from tamis.decide.precision import PrecisionAtLeast
from tamis.decide.recall import MissRateAtMost, RecallAtLeast
from tamis.decide.rule import Rule
from tamis.decide.segments import ByField, ByLanguage, ByLength, Segmenter
from tamis.decide.sweep import Sweep, sweep
from tamis.decide.targets import Cost, FBeta, Fixed, Percentile, SweptCost, Target
from tamis.decide.thresholds import Thresholds
from tamis.decide.tune import Tuned, tune

__all__ = [
    "Answerable",
    "Audit",
    "ByField",
    "ByLanguage",
    "ByLength",
    "Certifiable",
    "Certificate",
    "Cost",
    "CostCurve",
    "FBeta",
    "Figures",
    "Fixed",
    "Issued",
    "Joint",
    "LabelPlan",
    "MissRateAtMost",
    "Percentile",
    "Policy",
    "PrecisionAtLeast",
    "RecallAtLeast",
    "Refused",
    "Row",
    "Rule",
    "Segmented",
    "Segmenter",
    "Sweep",
    "SweptCost",
    "Target",
    "Terms",
    "Thresholds",
    "Tuned",
    "at_threshold",
    "audit",
    "certify",
    "certify_segments",
    "compare_methods",
    "cost_curve",
    "figures",
    "plan_labels",
    "sweep",
    "tune",
]
