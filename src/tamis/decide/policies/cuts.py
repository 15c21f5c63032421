"""Thresholds of a policy: one for all, and those of segments that have their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Candidate, Floats, Query
from tamis.decide.policies.forms import keep, whole
from tamis.decide.policies.segments import Segmenter, segmenter_from_json
from tamis.decide.rules.base import Rule, pair
from tamis.errors import InputError, NotCertifiedError, PolicyError

Direction: TypeAlias = Literal["accept-high", "reject-high"]
OnRefuse: TypeAlias = Literal["raise", "accept_none", "accept_all"]

INFINITE = {"inf": math.inf, "-inf": -math.inf}  # JSON has no infinite numbers: accept none, accept all


@dataclass(frozen=True, slots=True)
class Cut:
    """The threshold that one candidate meets.

    Attributes:
        threshold: on the scorer's own scale; None where none was certified.
        segment: the candidate's segment, and whether the threshold is the parent's; "" without segments.
    """

    threshold: float | None
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a score has to reach, for all or by segment; a score equal to the threshold reaches it.

    Attributes:
        default: the threshold of all that has none of its own; None where none was certified, infinite to accept none.
        segments: thresholds of segments by name; None for a segment whose certificate was refused.
        by: tells a candidate's segment; needed where there are segments.

    >>> from tamis.decide.policies.segments import ByLanguage
    >>> from tamis import Document
    >>> cuts = Thresholds(0.7, {"zh": 0.8}, ByLanguage())
    >>> found = (Candidate(Document("a", "x"), 1.0),)
    >>> cuts.cuts(found, Query("如何")), cuts.cuts(found, Query("how"))
    ([Cut(threshold=0.8, segment='zh')], [Cut(threshold=0.7, segment="en (parent's threshold)")])
    """

    default: float | None
    segments: Mapping[str, float | None] = field(default_factory=dict)
    by: Segmenter | None = None

    def __post_init__(self) -> None:
        if self.by is not None and not isinstance(self.by, Segmenter):
            raise InputError(f"thresholds: by must be a segmenter such as ByLanguage(), got {self.by!r:.60}")
        if not isinstance(self.segments, Mapping):
            raise InputError(f"thresholds: segments must be thresholds by name, got {self.segments!r:.60}")
        if self.segments and self.by is None:
            raise InputError("thresholds by segment need what tells the segment: by=ByLanguage(), ByField(...), ...")
        if odd := [name for name in self.segments if not isinstance(name, str)]:
            raise InputError(f"thresholds: a segment's name must be a string, got {odd[0]!r:.60}")
        keep(
            self,
            default=_threshold(self.default, "the default threshold"),
            segments={n: _threshold(t, f"the threshold of segment {n!r}") for n, t in self.segments.items()},
        )

    @property
    def refused(self) -> bool:
        """Whether there is no threshold at all."""
        return self.default is None and all(threshold is None for threshold in self.segments.values())

    def cuts(self, candidates: Sequence[Candidate], query: Query) -> list[Cut]:
        """The threshold that each candidate meets, in order; a segment not in the table meets the parent's."""
        if self.by is None:
            return [Cut(self.default)] * len(candidates)
        return [
            Cut(self.segments[name], name) if name in self.segments else Cut(self.default, _parents(name))
            for name in self.by.segments(candidates, query)
        ]

    def as_json(self) -> dict[str, Any]:
        """The thresholds as JSON values; infinite ones as text."""
        return {
            "default": _written(self.default),
            "segments": {name: _written(threshold) for name, threshold in self.segments.items()},
            "by": None if self.by is None else self.by.as_json(),
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What ``as_json`` gave.

        Raises:
            PolicyError: a field is missing, unknown or of a wrong value; the message names it.
        """
        if not isinstance(value, Mapping):
            raise PolicyError(f"field 'thresholds': expected a mapping, got {value!r:.60}")
        whole(value, {"default", "segments", "by"}, "thresholds")
        segments = value["segments"]
        if not isinstance(segments, Mapping):
            raise PolicyError(f"field 'thresholds.segments': expected a mapping, got {segments!r:.60}")
        try:
            return cls(
                _read(value["default"]),
                {name: _read(threshold) for name, threshold in segments.items()},
                None if value["by"] is None else segmenter_from_json(value["by"], "thresholds.by"),
            )
        except InputError as error:
            raise PolicyError(f"field 'thresholds': {error}") from error


@dataclass(frozen=True, slots=True)
class Strict(Rule):
    """The thresholds as one rule among others, for one query.

    Attributes:
        thresholds: of all, and of segments.
        stage: whose scores are compared; the ranking's own where a candidate has none of that stage.
        direction: whether high scores are shown or left out.
        offset: what is added to every threshold.
        on_refuse: what happens to a candidate for which no threshold was certified.
        refusal: why none was.

    >>> from tamis import Document
    >>> found = [Candidate(Document("a", "x"), 0.31), Candidate(Document("b", "x"), 0.9)]
    >>> Strict(Thresholds(0.72)).reasons(found, Query("q"))
    ['score 0.31 is below 0.72', '']
    >>> Strict(Thresholds(0.72), direction="reject-high").reasons(found, Query("q"))
    ['', 'score 0.9 is not below 0.72']
    """

    name: ClassVar[str] = "threshold"
    thresholds: Thresholds
    stage: str = ""
    direction: Direction = "accept-high"
    offset: float = 0.0
    on_refuse: OnRefuse = "raise"
    refusal: str = ""

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: its score and the threshold.

        Raises:
            NotCertifiedError: no threshold was certified for a candidate, and ``on_refuse`` is "raise".
        """
        cuts = self.thresholds.cuts(candidates, query)
        scores = [candidate.scores.get(self.stage, candidate.score) for candidate in candidates]
        return [self._reason(score, cut) for score, cut in zip(scores, cuts, strict=True)]

    def _reason(self, score: float, cut: Cut) -> str:
        if cut.threshold is None:
            return self.refused(cut)
        threshold = cut.threshold + self.offset
        high = score >= threshold
        if high == (self.direction == "accept-high"):
            return ""
        found, wanted = pair(score, threshold)
        return f"score {found} is {'not ' if high else ''}below {wanted}"

    def refused(self, cut: Cut) -> str:
        """Why a candidate goes for which there is no threshold; "" where it stays.

        Raises:
            NotCertifiedError: ``on_refuse`` is "raise".
        """
        where = f" for segment {cut.segment!r}" if cut.segment else ""
        why = f"no threshold was certified{where}" + (f" ({self.refusal})" if self.refusal else "")
        if self.on_refuse == "raise":
            raise NotCertifiedError(
                f"{why}: label more pairs and tune again, or say on_refuse='accept_none' or 'accept_all'"
            )
        return why if self.on_refuse == "accept_none" else ""


def passing(scores: Floats, threshold: float, direction: Direction) -> NDArray[np.bool_]:
    """Which scores pass one threshold, shape as the scores'.

    >>> passing(np.array([0.2, 0.9]), 0.5, "reject-high").tolist()
    [True, False]
    """
    return np.asarray((scores >= threshold) == (direction == "accept-high"), dtype=np.bool_)


def fit_to_show(labels: Floats, direction: Direction) -> Floats:
    """1.0 for what should be shown, 0.0 for what should not: a label of 1 means that only where high scores do."""
    return labels if direction == "accept-high" else 1.0 - labels


def _parents(name: str) -> str:
    return f"{name or 'unknown'} (parent's threshold)"


def _threshold(value: object, what: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | str) or not hasattr(value, "__float__") or math.isnan(float(value)):
        raise InputError(f"{what} must be a number or None, got {value!r:.60}")
    return float(value)


def _written(threshold: float | None) -> float | str | None:
    return str(threshold) if threshold is not None and math.isinf(threshold) else threshold


def _read(value: Any) -> Any:
    return INFINITE.get(value, value) if isinstance(value, str) else value
