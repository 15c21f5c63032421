"""The precision of what is shown, as its calibrated probabilities have it: without labels, on one assumption."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.ratios import ratio
from tamis.observe.events import Decided

ASSUMES = (
    "the calibration still holds: scores may be spread anew, but a score must mean what it meant. Another scorer or "
    "another kind of document breaks that; only labels tell."
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What precision the calibrated probabilities of what is shown let expect.

    Attributes:
        value: mean probability; NaN where nothing with a probability is shown.
        low: lower end of the interval, which knows that a query's candidates go together and that labels are chance.
        high: upper end of it.
        shown: candidates.
        queries: decisions that show any.
        promised: the precision that was promised; None without a promise.
        assumes: what all this rests on.
    """

    value: float
    low: float
    high: float
    shown: int
    queries: int
    promised: float | None = None
    assumes: str = ASSUMES

    @property
    def short(self) -> bool:
        """Whether the whole interval lies below what was promised."""
        return self.promised is not None and self.queries > 0 and self.high < self.promised

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {**known, "value": None if math.isnan(self.value) else self.value, "short": self.short}


def expected_precision(
    decisions: Sequence[Decided], promised: float | None = None, *, confidence: float = 0.95
) -> Expected:
    """The mean calibrated probability of what is shown, with an interval over queries.

    Confidence-based performance estimation: if probabilities are calibrated, their mean is the expected share of
    relevant ones.

    Args:
        decisions: decisions, whose candidates may lack probabilities.
        promised: the precision promised, in (0, 1].
        confidence: of the interval, in (0, 1).

    Raises:
        InputError: a promise or a confidence out of range.

    References:
        Guillory et al., "Predicting with confidence on unseen distributions" (ICCV 2021), section 3 (average
        confidence).

    >>> from tamis.observe.events import Placed
    >>> shown = [Decided(f"r{n}", items=(Placed("a", 2.0, 0.8, 1), Placed("b", 1.0, 0.6, 2))) for n in range(200)]
    >>> found = expected_precision(shown, promised=0.9)
    >>> round(found.value, 2), found.short
    (0.7, True)
    """
    sums, counts = probability_sums(decisions)
    return expected_shortfall(sums, counts, promised, confidence=confidence)


def expected_shortfall(
    sums: Floats, counts: Floats, promised: float | None = None, *, confidence: float = 0.95
) -> Expected:
    """The same from the sum of probabilities of what each decision shows and their number, shapes ``(decisions,)``."""
    if promised is not None and not 0 < promised <= 1:
        raise InputError(f"a promised precision lies in (0, 1], got {promised}")
    found = ratio(sums, counts, confidence=confidence)
    return Expected(found.value, found.low, found.high, int(np.sum(counts)), found.queries, promised)


def probability_sums(decisions: Sequence[Decided]) -> tuple[Floats, Floats]:
    """Sum and number of the probabilities of what each decision shows, shapes ``(decisions,)``."""
    shown = [[p for i in d.items if i.shown and (p := i.probability) is not None] for d in decisions]
    return np.array([math.fsum(one) for one in shown]), np.array([len(one) for one in shown], dtype=np.float64)
