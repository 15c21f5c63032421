"""Experiments on live traffic: who gets what, what may be looked at when, and what it says."""

from tamis.observe.abtest.assign import Arms
from tamis.observe.abtest.experiment import Experiment, Outcome, compare
from tamis.observe.abtest.fixed import Fixed, two_means, two_proportions
from tamis.observe.abtest.interleave import Interleaved, Interleaving, credit, interleave
from tamis.observe.abtest.power import Plan, detectable_mean, detectable_rate, found_by, plan_means, plan_rates
from tamis.observe.abtest.ratio import Mismatch, mismatch
from tamis.observe.abtest.sequential import AlwaysValid, ConfidenceSequence, MSprt, Sequential, Trace
from tamis.observe.abtest.sums import Clusters, Sums, joint, running

__all__ = [
    "AlwaysValid",
    "Arms",
    "Clusters",
    "ConfidenceSequence",
    "Experiment",
    "Fixed",
    "Interleaved",
    "Interleaving",
    "MSprt",
    "Mismatch",
    "Outcome",
    "Plan",
    "Sequential",
    "Sums",
    "Trace",
    "compare",
    "credit",
    "detectable_mean",
    "detectable_rate",
    "found_by",
    "interleave",
    "joint",
    "mismatch",
    "plan_means",
    "plan_rates",
    "running",
    "two_means",
    "two_proportions",
]
