"""A promised precision: of what is shown, at least this share is relevant."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.decide.certificates.outlook import Outlook, expected, pairs_for_power
from tamis.decide.certificates.result import Certificate, Issued, Refused, Terms
from tamis.decide.certificates.terms import agreed, checked_share
from tamis.decide.certificates.walk import STARTS, Descent, Step, pairs_needed
from tamis.decide.choices.sweep import sweep
from tamis.evaluate import ratio

LADDER = (0.99, 0.97, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


@dataclass(frozen=True, slots=True)
class PrecisionAtLeast:
    """Of the accepted pairs at least this share is relevant.

    ``choose`` takes the loosest threshold at which the labelled pairs show it, which is true of new pairs about every
    other time; ``certificate`` takes one for which it is true with the stated confidence, or refuses.

    >>> PrecisionAtLeast(0.9).promise
    'at least 90 % of what is accepted is relevant, with 95 % confidence'
    """

    least: float
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Check the numbers."""
        checked_share(self.least, "a precision")
        checked_share(self.confidence, "a confidence")

    @property
    def promise(self) -> str:
        """The promise in words."""
        share, surety = f"{100 * self.least:.4g} %", f"{100 * self.confidence:.4g} %"
        return f"at least {share} of what is accepted is relevant, with {surety} confidence"

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "precision", "least": self.least, "confidence": self.confidence}

    def choose(self, data: Labelled) -> float:
        """The loosest threshold with this precision among the labelled pairs; infinity where there is none."""
        found = sweep(data)
        good = np.flatnonzero(found.precision[1:] >= self.least)
        return float(found.thresholds[1 + good[-1]]) if good.size else math.inf

    def certificate(self, data: Labelled, terms: Terms) -> Certificate:
        """The loosest threshold of two walks from strict to loose (see ``walk.Descent``), or a refusal."""
        error = 1 - self.confidence
        agreement = agreed(data, terms, self.promise, pairs_needed(self.least, error / len(STARTS)))
        if isinstance(agreement, Refused):
            return agreement
        shown, by_query, assumptions = agreement
        descent = Descent(shown, self.least, by_query=by_query, strict=terms.strict)
        passed = loosest(descent.walks(error))
        if passed is None:
            return self._refusal(shown, descent)
        listed = group_sums(np.ones(passed.accepted), descent.groups[: passed.accepted], descent.queries)
        hits = group_sums(descent.labels[: passed.accepted], descent.groups[: passed.accepted], descent.queries)
        return Issued(
            threshold=descent.threshold(passed.accepted),
            bound=self.least,
            confidence=self.confidence,
            accepted=passed.accepted,
            queries=descent.queries,
            measured=passed.hits / passed.accepted,
            promise=self.promise,
            assumptions=(*assumptions, "relevance does not become more frequent as the score falls"),
            design_effect=ratio(hits, listed).design_effect if by_query else None,
        )

    def _refusal(self, data: Labelled, descent: Descent) -> Refused:
        error = (1 - self.confidence) / len(STARTS)
        first = descent.first(error)
        outlook = expected(data, self.least)
        needed = first
        if outlook is None:
            advice = (
                f"a calibration on them expects less than {100 * self.least:.4g} % of even the best-scored pairs, "
                "so it is out of this scorer's reach, whatever the number of labels"
            )
        else:
            grown = outlook.accepted * descent.growth(outlook.accepted, error)
            needed = max(first, pairs_for_power(self.least, max(outlook.precision, self.midway), error))
            needed = max(needed, math.ceil(grown)) if math.isfinite(grown) else needed
            advice = _missing(needed, outlook, len(data), data.grouped)
        said = f"{len(data)} labelled pairs{f' of {descent.queries} queries' if data.grouped else ''} do not show it"
        have = outlook.accepted if outlook else 0
        return Refused(f"{said}: {advice}", needed, have, descent.queries, self.promise, self._nearest(descent))

    @property
    def midway(self) -> float:
        """Half-way from the promised precision to 1: what a threshold that is worth certifying has."""
        return (1 + self.least) / 2

    def _nearest(self, descent: Descent) -> tuple[tuple[float, float], ...]:
        """The highest lesser precision that the labels do show."""
        for least in LADDER:
            if least < self.least and (passed := loosest(descent.at(least).walks(1 - self.confidence))):
                return ((least, descent.threshold(passed.accepted)),)
        return ()


def loosest(steps: Iterable[Step]) -> Step | None:
    """The step that accepts most of those that passed; None where none has."""
    return max((step for step in steps if step.passed), key=lambda step: step.accepted, default=None)


def _missing(needed: int, outlook: Outlook, pairs: int, grouped: bool) -> str:
    """What to label, in words."""
    share = outlook.accepted / pairs
    more = max(needed - outlook.accepted, 1)
    return (
        f"the promise takes about {needed} accepted pairs{' from as many more queries' if grouped else ''}, and "
        f"{outlook.accepted} have scores at which {100 * outlook.precision:.3g} % can be expected to be relevant; "
        f"label about {more} more of the best-scored {100 * share:.2g} %, or {math.ceil(more / share)} drawn at random"
    )
