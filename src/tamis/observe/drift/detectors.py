"""Detectors of change over a stream: a row each, the one that is best without tuning first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from tamis.errors import InputError
from tamis.observe.drift.adwin import ADWIN
from tamis.observe.drift.detector import Detector
from tamis.observe.drift.meanshift import MeanShift
from tamis.observe.drift.pagehinkley import PageHinkley

AnyDetector: TypeAlias = ADWIN | MeanShift | PageHinkley

# ADWIN finds a fall from .35 to .25 after some 450 values, with false alarms in 1 % of streams of 5,000 whatever their
# spread; MeanShift takes 600 and has a proven bound; Page-Hinkley takes 380, with false alarms that go with the spread.
DETECTORS: Mapping[str, type[AnyDetector]] = {"adwin": ADWIN, "mean-shift": MeanShift, "page-hinkley": PageHinkley}


def detector_from_json(state: Mapping[str, Any]) -> Detector:
    """The detector whose ``as_json`` this is, to go on from there.

    Raises:
        InputError: it is the state of none.

    >>> type(detector_from_json(PageHinkley().as_json())).__name__
    'PageHinkley'
    """
    kind = str(state.get("kind"))
    if kind not in DETECTORS:
        raise InputError(f"expected the state of a detector, of kind {', '.join(DETECTORS)}, got {kind:.60}")
    return DETECTORS[kind].from_json(state)
