"""Figures for rankings: measures as values, random order beside them, and whether a difference is real."""

from tamis.evaluate.baseline import random_order
from tamis.evaluate.evaluation import DEFAULT, Evaluation, Qrels, Run, as_run, evaluate
from tamis.evaluate.measures import AP, MEASURES, RR, Measure, P, R, measure, nDCG
from tamis.evaluate.ratios import Ratio, ratio
from tamis.evaluate.significance import Interval, Paired, compare, interval, paired

__all__ = [
    "AP",
    "DEFAULT",
    "MEASURES",
    "RR",
    "Evaluation",
    "Interval",
    "Measure",
    "P",
    "Paired",
    "Qrels",
    "R",
    "Ratio",
    "Run",
    "as_run",
    "compare",
    "evaluate",
    "interval",
    "measure",
    "nDCG",
    "paired",
    "random_order",
    "ratio",
]
