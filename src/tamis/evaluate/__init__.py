"""Figures for rankings: measures as values, random order beside them, and whether a difference is real."""

from tamis.evaluate.baseline import random_order
from tamis.evaluate.compare import Comparison, compare, comparison
from tamis.evaluate.evaluation import DEFAULT, Evaluation, Qrels, Run, as_run, evaluate, ordered
from tamis.evaluate.family import Difference, family, holm
from tamis.evaluate.gain import Gain, gain
from tamis.evaluate.mcnemar import mcnemar
from tamis.evaluate.measures import AP, MEASURES, RR, Measure, P, R, measure, nDCG
from tamis.evaluate.power import detectable
from tamis.evaluate.ratios import Ratio, ratio
from tamis.evaluate.significance import Interval, Paired, interval, paired
from tamis.evaluate.slices import SLICES, Asked, Slicing, asked_of, sliced

__all__ = [
    "AP",
    "DEFAULT",
    "MEASURES",
    "RR",
    "SLICES",
    "Asked",
    "Comparison",
    "Difference",
    "Evaluation",
    "Gain",
    "Interval",
    "Measure",
    "P",
    "Paired",
    "Qrels",
    "R",
    "Ratio",
    "Run",
    "Slicing",
    "as_run",
    "asked_of",
    "compare",
    "comparison",
    "detectable",
    "evaluate",
    "family",
    "gain",
    "holm",
    "interval",
    "mcnemar",
    "measure",
    "nDCG",
    "ordered",
    "paired",
    "random_order",
    "ratio",
    "sliced",
]
