"""Calibration: from a scorer's raw logits to probabilities, and the evidence for them."""

from tamis.calibrate.calibration import Calibration
from tamis.calibrate.cross import cross_fitted
from tamis.calibrate.default import default_calibration
from tamis.calibrate.evidence.reliability import Reliability, reliability
from tamis.calibrate.evidence.report import ScoreReport, score_report
from tamis.calibrate.folds import query_folds
from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.auto import AutoCalibrator
from tamis.calibrate.maps.base import Map
from tamis.calibrate.maps.beta import Beta
from tamis.calibrate.maps.forms import MAPS, as_json, from_json
from tamis.calibrate.maps.isotonic import Histogram, Isotonic
from tamis.calibrate.maps.linear import MinMax, PerQueryScaling, min_max_per_query
from tamis.calibrate.maps.platt import Platt, Temperature
from tamis.calibrate.maps.venn_abers import VennAbers
from tamis.calibrate.precision import Resolution, resolution

__all__ = [
    "MAPS",
    "AutoCalibrator",
    "Beta",
    "Calibration",
    "Histogram",
    "Isotonic",
    "Labelled",
    "Map",
    "MinMax",
    "PerQueryScaling",
    "Platt",
    "Reliability",
    "Resolution",
    "ScoreReport",
    "Temperature",
    "VennAbers",
    "as_json",
    "cross_fitted",
    "default_calibration",
    "from_json",
    "min_max_per_query",
    "query_folds",
    "reliability",
    "resolution",
    "score_report",
]
