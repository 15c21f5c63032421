"""Certificates: a threshold with a promise that holds for new queries with a stated confidence, or a clear refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from tamis.calibrate.labelled import Labelled, group_sums
from tamis.decide.certificates.precision import PrecisionAtLeast
from tamis.decide.certificates.recall import MissRateAtMost, RecallAtLeast
from tamis.decide.certificates.result import Certificate, Issued, Refused, Terms
from tamis.decide.choices.targets import Target
from tamis.errors import InputError
from tamis.evaluate import Ratio, ratio
from tamis.evaluate.distributions import binomial_tail

State: TypeAlias = Literal["holds", "unproven", "fails"]


@runtime_checkable
class Certifiable(Target, Protocol):
    """A target with a promise that can be certified."""

    @property
    def promise(self) -> str: ...
    @property
    def confidence(self) -> float | None: ...
    def certificate(self, data: Labelled, terms: Terms) -> Certificate: ...


def certify(
    data: Labelled,
    target: Certifiable,
    *,
    max_k: int | None = None,
    i_accept_iid: bool = False,
    strict: bool = False,
) -> Certificate:
    """The threshold under which a promise holds for new queries, or a refusal with what is missing.

    Args:
        data: labelled pairs with their queries; none of them may have been used to choose the scorer.
        target: ``PrecisionAtLeast``, ``RecallAtLeast``, ``MissRateAtMost`` or ``Joint``.
        max_k: most documents that a list will show; the promise is then about such lists.
        i_accept_iid: take a query's pairs for independent of each other, which they seldom are.
        strict: for a precision, a bound that assumes nothing of how a query's pairs go together; it takes hundreds of
            queries with short lists.

    Raises:
        InputError: an option out of range, or no relevant pair where the promise is about those.

    >>> rng = np.random.default_rng(0)
    >>> relevant = rng.random(2000) < 0.3
    >>> found = certify(Labelled.of(rng.normal(4.0 * relevant), relevant), PrecisionAtLeast(0.9))
    >>> found.issued, found.bound, 1.0 < found.threshold < 4.0
    (True, 0.9, True)
    >>> certify(Labelled.of([2.0, 1.0], [1, 0]), PrecisionAtLeast(0.9)).labels_needed
    36
    """
    return target.certificate(data, Terms(max_k=max_k, i_accept_iid=i_accept_iid, strict=strict))


@dataclass(frozen=True, slots=True)
class Joint:
    """A precision and a recall under one threshold; what each may err adds up."""

    precision: PrecisionAtLeast
    recall: RecallAtLeast | MissRateAtMost

    @property
    def confidence(self) -> float:
        """That of both together: one less what each may err."""
        return self.precision.confidence + (self.recall.confidence or 1.0) - 1.0

    @property
    def promise(self) -> str:
        """Both promises in words."""
        return f"{self.precision.promise}; and {self.recall.promise}"

    def as_json(self) -> dict[str, Any]:
        """The target as JSON values."""
        return {"target": "joint", "precision": self.precision.as_json(), "recall": self.recall.as_json()}

    def choose(self, data: Labelled) -> float:
        """The loosest threshold with the precision among the labelled pairs."""
        return self.precision.choose(data)

    def certificate(self, data: Labelled, terms: Terms) -> Certificate:
        """The loosest threshold with the precision, where it is not above the strictest with the recall."""
        precise, complete = self.precision.certificate(data, terms), self.recall.certificate(data, terms)
        if isinstance(precise, Refused) or isinstance(complete, Refused):
            refused = precise if isinstance(precise, Refused) else complete
            return replace(refused, promise=self.promise)
        if precise.threshold > complete.threshold:
            reason = (
                f"the precision takes a threshold of {precise.threshold:.4g}, the recall {complete.threshold:.4g} at "
                "most: this scorer does not give both, promise less of one"
            )
            return Refused(reason, 2 * precise.accepted, precise.accepted, precise.queries, self.promise)
        return replace(precise, promise=self.promise, confidence=self.confidence)


@dataclass(frozen=True, slots=True)
class Audit:
    """Whether a precision holds in one segment at a threshold that was set for all.

    Attributes:
        segment: its name.
        accepted: labelled pairs of it at or above the threshold.
        precision: among these, with its interval.
        state: "holds" where it is shown at the confidence asked for, "fails" where the contrary is, else "unproven".
    """

    segment: str
    accepted: int
    precision: Ratio
    state: State

    @property
    def flagged(self) -> bool:
        """Whether the segment is not covered by what was promised for all."""
        return self.state != "holds"


def audit(data: Labelled, segments: Sequence[str], threshold: float, target: PrecisionAtLeast) -> list[Audit]:
    """The precision of each segment at one threshold; a promise for all says nothing about a part.

    Each segment is tested with its part of the error, pair by pair and over queries.

    Raises:
        InputError: not one segment a pair.
    """
    names = _checked(data, segments)
    error = (1 - target.confidence) / len(set(names.tolist()))
    return [_audited(name, data.where(names == name), threshold, target, error) for name in sorted(set(names.tolist()))]


def _audited(name: str, part: Labelled, threshold: float, target: PrecisionAtLeast, error: float) -> Audit:
    shown = part.where(part.scores >= threshold)
    hits, count = int(shown.labels.sum()), len(shown)
    sizes = group_sums(np.ones(count), shown.groups)
    found = ratio(group_sums(shown.labels, shown.groups), sizes, confidence=1 - 2 * error)
    holds = binomial_tail(hits, count, target.least) <= error and found.low >= target.least
    fails = 1 - binomial_tail(hits + 1, count, target.least) <= error and found.high < target.least
    return Audit(name, count, found, "holds" if count and holds else "fails" if count and fails else "unproven")


@dataclass(frozen=True, slots=True)
class Segmented:
    """Certificates by segment, the parent's, and an audit of every segment at the parent's threshold.

    Attributes:
        parent: the certificate for all pairs together.
        segments: each segment's own.
        audits: each segment at the parent's threshold, where that was issued.
    """

    parent: Certificate
    segments: dict[str, Certificate]
    audits: dict[str, Audit]

    @property
    def thresholds(self) -> dict[str, float]:
        """The threshold of each segment: its own; the parent's where it has none and nothing speaks against it.

        Where the labelled pairs show that the parent's does not keep the promise in a segment, that segment accepts
        nothing (infinity). A segment without labels in any list is not listed: the parent's threshold is what it has.
        """
        return {name: self._threshold(name, found) for name, found in self.segments.items()}

    def _threshold(self, name: str, found: Certificate) -> float:
        if isinstance(found, Issued):
            return found.threshold
        if isinstance(self.parent, Refused) or self.audits[name].state == "fails":
            return float("inf")
        return self.parent.threshold


def certify_segments(
    data: Labelled, segments: Sequence[str], target: PrecisionAtLeast, *, max_k: int | None = None
) -> Segmented:
    """A certificate for each segment and one for all, which together err as seldom as one would.

    Args:
        data: labelled pairs.
        segments: the name of each pair's segment, such as the query's language.
        target: the precision that each segment is promised.
        max_k: most documents that a list will show.

    Raises:
        InputError: not one segment a pair.

    References:
        Vovk, Gammerman and Shafer, "Algorithmic learning in a random world" (2005), 4.5: Mondrian categories.
    """
    names = _checked(data, segments)
    # Places count within a query's whole list, so lists are cut before they are parted.
    shown = data.top(max_k)
    if len(shown) < len(data):
        names = names[data.places() < (max_k or 0)]
    found = sorted(set(names.tolist()))
    share = replace(target, confidence=1 - (1 - target.confidence) / (len(found) + 1))
    parent = certify(data, share, max_k=max_k)
    own = {name: certify(shown.where(names == name), share, max_k=max_k) for name in found}
    audits = audit(shown, names.tolist(), parent.threshold, target) if parent.issued else []
    return Segmented(parent, own, {row.segment: row for row in audits})


def _checked(data: Labelled, segments: Sequence[str]) -> np.ndarray[Any, Any]:
    if len(segments) != len(data):
        raise InputError(f"expected {len(data)} segments, one a pair, got {len(segments)}")
    return np.array([str(name) for name in segments], dtype=object)
