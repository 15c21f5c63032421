"""Whether scores and answers are what they were: tests of two samples, streams, looks, alarms, what to label again."""

from tamis.observe.drift.adwin import ADWIN
from tamis.observe.drift.cvm import cvm
from tamis.observe.drift.detector import Detector
from tamis.observe.drift.ks import ks
from tamis.observe.drift.meanshift import MeanShift
from tamis.observe.drift.measures import MEASURES
from tamis.observe.drift.pagehinkley import PageHinkley
from tamis.observe.drift.psi import psi
from tamis.observe.drift.shift import Shift, TwoSample, shift

__all__ = [
    "ADWIN",
    "MEASURES",
    "Detector",
    "MeanShift",
    "PageHinkley",
    "Shift",
    "TwoSample",
    "cvm",
    "ks",
    "psi",
    "shift",
]
