"""How far two columns lie apart: the measures, a row each."""

from __future__ import annotations

from collections.abc import Mapping

from tamis.observe.drift.cvm import CramerVonMises
from tamis.observe.drift.ks import KolmogorovSmirnov
from tamis.observe.drift.psi import StabilityIndex
from tamis.observe.drift.shift import TwoSample

ROWS: tuple[TwoSample, ...] = (KolmogorovSmirnov(), CramerVonMises(), StabilityIndex())
MEASURES: Mapping[str, TwoSample] = {row.name: row for row in ROWS}
