"""Whether scores and answers are what they were: tests of two samples, streams, looks, alarms, what to label again."""

from tamis.observe.drift.adwin import ADWIN
from tamis.observe.drift.baseline import Baseline
from tamis.observe.drift.checks import CHECKS
from tamis.observe.drift.cvm import cvm
from tamis.observe.drift.detector import Detector
from tamis.observe.drift.detectors import DETECTORS, detector_from_json
from tamis.observe.drift.ks import ks
from tamis.observe.drift.look import Finding, Look, joined, look
from tamis.observe.drift.meanshift import MeanShift
from tamis.observe.drift.measures import MEASURES
from tamis.observe.drift.options import LookOptions
from tamis.observe.drift.pagehinkley import PageHinkley
from tamis.observe.drift.population import answerless_rate, tie_rate, tied
from tamis.observe.drift.precision import Expected, expected_precision, expected_shortfall
from tamis.observe.drift.psi import psi
from tamis.observe.drift.relabel import Again, relabel_queue
from tamis.observe.drift.sample import Sample
from tamis.observe.drift.shift import Shift, TwoSample, shift

__all__ = [
    "ADWIN",
    "CHECKS",
    "DETECTORS",
    "MEASURES",
    "Again",
    "Baseline",
    "Detector",
    "Expected",
    "Finding",
    "Look",
    "LookOptions",
    "MeanShift",
    "PageHinkley",
    "Sample",
    "Shift",
    "TwoSample",
    "answerless_rate",
    "cvm",
    "detector_from_json",
    "expected_precision",
    "expected_shortfall",
    "joined",
    "ks",
    "look",
    "psi",
    "relabel_queue",
    "shift",
    "tie_rate",
    "tied",
]
