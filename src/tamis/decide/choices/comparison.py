"""Several ways to a threshold, side by side on queries that none of them was chosen on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.calibrate.folds import FOLDS, query_folds
from tamis.calibrate.labelled import Labelled
from tamis.core import Progress
from tamis.decide.certificates.certify import Certifiable
from tamis.decide.certificates.result import Certificate, Issued, Refused, Terms, finite
from tamis.decide.choices.figures import Figures, at_thresholds
from tamis.decide.choices.targets import Target


@dataclass(frozen=True, slots=True)
class Row:
    """A method of a comparison: its threshold on all pairs, and its figures on queries it was not chosen on.

    Attributes:
        method: its name.
        threshold: None where a certificate was refused.
        held_out: figures; where a fold's certificate was refused, that fold accepts nothing.
        refused: how many folds were.
        certificate: that of all pairs; None where nothing was promised.
    """

    method: str
    threshold: float | None
    held_out: Figures
    refused: int = 0
    certificate: Certificate | None = None

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {
            "method": self.method,
            "threshold": None if self.threshold is None else finite(self.threshold),
            "refused_folds": self.refused,
            "reason": self.certificate.reason if isinstance(self.certificate, Refused) else "",
            "held_out": self.held_out.as_json(),
        }


def compare_methods(
    data: Labelled,
    methods: Mapping[str, Target],
    *,
    terms: Terms | None = None,
    folds: int = FOLDS,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> list[Row]:
    """Several ways to a threshold, each chosen on some queries and held against the others.

    The intervals hold for all methods together (Bonferroni): the best of many looks better than it is. A target is
    certified where ``terms`` are given and it can be.

    Args:
        data: labelled pairs.
        methods: targets by the name they are shown under.
        terms: under which certificates are asked for; None certifies nothing.
        folds: in how many parts queries are dealt.
        confidence: wanted coverage of all intervals together.
        progress: called with (methods done, methods in all).

    Raises:
        InputError: labels all equal, or fewer queries than folds.
    """
    fold_of = query_folds(data.with_both("comparing thresholds"), folds)
    level = 1 - (1 - confidence) / max(len(methods), 1)
    rows = []
    for done, (name, target) in enumerate(methods.items(), 1):
        chosen = [_threshold(target, data.where(fold_of != fold), terms) for fold in range(folds)]
        certificate = _certified(target, data, terms)
        threshold = _threshold(target, data, terms) if certificate is None else _of(certificate)
        levels = np.array([np.inf if one is None else one for one in chosen])[fold_of]
        held_out = at_thresholds(data, levels, confidence=level)
        rows.append(Row(name, threshold, held_out, sum(one is None for one in chosen), certificate))
        if progress:
            progress(done, len(methods))
    return rows


def _threshold(target: Target, data: Labelled, terms: Terms | None) -> float | None:
    found = _certified(target, data, terms)
    return target.choose(data) if found is None else _of(found)


def _certified(target: Target, data: Labelled, terms: Terms | None) -> Certificate | None:
    """A certificate where one is asked for and the target has a promise."""
    return None if terms is None or not isinstance(target, Certifiable) else target.certificate(data, terms)


def _of(certificate: Certificate) -> float | None:
    return certificate.threshold if isinstance(certificate, Issued) else None
