"""What a certification ends in: issued with a bound, or refused with what is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.errors import NotCertifiedError


@dataclass(frozen=True, slots=True)
class Issued:
    """A threshold that keeps a promise with a stated confidence.

    Attributes:
        threshold: pairs with at least this score are accepted; on the scorer's own scale.
        bound: what is promised: the least precision or recall, the most misses; in [0, 1].
        confidence: share of label samples for which such a promise holds; None where it holds on average over them.
        accepted: labelled pairs at or above the threshold.
        queries: labelled queries; pairs, where no queries were given.
        measured: the same quantity as counted in the labelled pairs, which is not what is promised.
        promise: the promise in words.
        assumptions: what must be true for it.
        design_effect: variance of the precision over that of independent pairs; None where pairs count as independent.
    """

    threshold: float
    bound: float
    confidence: float | None
    accepted: int
    queries: int
    measured: float
    promise: str
    assumptions: tuple[str, ...] = ()
    design_effect: float | None = None

    issued = True

    def as_json(self) -> dict[str, Any]:
        """The certificate as JSON values."""
        return {
            "issued": True,
            "threshold": self.threshold,
            "bound": self.bound,
            "confidence": self.confidence,
            "accepted": self.accepted,
            "queries": self.queries,
            "measured": self.measured,
            "promise": self.promise,
            "assumptions": list(self.assumptions),
            "design_effect": self.design_effect,
            "labels_needed": 0,
            "reason": "",
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """Why no threshold can keep the promise, and what would help.

    Attributes:
        reason: one sentence.
        labels_needed: labelled pairs above a threshold (or relevant pairs, for a recall) that such a promise takes at
            the errors seen so far; the reason says where more labels alone would not help.
        accepted: how many of them there are.
        queries: labelled queries; pairs, where no queries were given.
        promise: the promise in words.
        nearest_achievable: lesser promises that these labels do support, each with its threshold; a look at several
            promises is not a certificate of the best of them.
    """

    reason: str
    labels_needed: int
    accepted: int
    queries: int
    promise: str
    nearest_achievable: tuple[tuple[float, float], ...] = ()

    issued = False

    @property
    def threshold(self) -> float:
        """There is none.

        Raises:
            NotCertifiedError: always; with the reason.
        """
        raise NotCertifiedError(f"there is no certified threshold: {self.reason}")

    def as_json(self) -> dict[str, Any]:
        """The refusal as JSON values."""
        return {
            "issued": False,
            "threshold": None,
            "bound": None,
            "accepted": self.accepted,
            "queries": self.queries,
            "promise": self.promise,
            "labels_needed": self.labels_needed,
            "reason": self.reason,
            "nearest_achievable": [list(pair) for pair in self.nearest_achievable],
        }


Certificate: TypeAlias = Issued | Refused


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a certificate is asked for.

    Attributes:
        max_k: documents that a list shows; only the best ``max_k`` of each query are looked at, and the certificate is
            stated for such lists. None looks at all.
        i_accept_iid: take the pairs of a query for independent of each other.
        strict: a bound over queries that assumes nothing about how pairs of a query go together, but needs many
            queries: betting on the sign of the mean (Waudby-Smith and Ramdas, JRSS B 2024).
        minimum: fewest queries that a certificate over queries is stated for.
    """

    max_k: int | None = None
    i_accept_iid: bool = False
    strict: bool = False
    minimum: int = 50


def finite(value: float) -> float | None:
    """The value, or None where it is NaN or infinite, for JSON.

    >>> finite(math.nan) is None, finite(0.5)
    (True, 0.5)
    """
    return value if math.isfinite(value) else None
