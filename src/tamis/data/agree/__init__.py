"""Agreement between annotators, their quality, one label out of several, and what deserves a second look."""

from tamis.data.agree.adjudicate import Adjudicated, Queue, write_rows
from tamis.data.agree.agreement import Agreement, agreement
from tamis.data.agree.annotators import Annotator, annotators
from tamis.data.agree.bootstrap import Estimate, estimates
from tamis.data.agree.coefficients import (
    Coefficient,
    Fleiss,
    Gwet,
    Interval,
    Krippendorff,
    Nominal,
    Ordinal,
    PercentAgreement,
    identity,
    linear,
    quadratic,
    value,
)
from tamis.data.agree.pairs import Pair, Pairwise, cohen
from tamis.data.agree.reading import Layout, read_gold, read_labels
from tamis.data.agree.skene import DawidSkene, dawid_skene
from tamis.data.agree.table import LabelTable

__all__ = [
    "Adjudicated",
    "Agreement",
    "Annotator",
    "Coefficient",
    "DawidSkene",
    "Estimate",
    "Fleiss",
    "Gwet",
    "Interval",
    "Krippendorff",
    "LabelTable",
    "Layout",
    "Nominal",
    "Ordinal",
    "Pair",
    "Pairwise",
    "PercentAgreement",
    "Queue",
    "agreement",
    "annotators",
    "cohen",
    "dawid_skene",
    "estimates",
    "identity",
    "linear",
    "quadratic",
    "read_gold",
    "read_labels",
    "value",
    "write_rows",
]
