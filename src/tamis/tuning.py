"""From labelled scores to a policy: a threshold with its promise, what it does elsewhere, the file that keeps it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate import Calibration, Labelled, query_folds
from tamis.core import Progress, Ranking
from tamis.decide import (
    Answerable,
    Certifiable,
    Change,
    Difficulty,
    FBeta,
    Fixed,
    Issued,
    Percentile,
    Policy,
    PrecisionAtLeast,
    Predictors,
    Row,
    Rule,
    Segmented,
    Segmenter,
    Target,
    Terms,
    Thresholds,
    certify_segments,
    changes,
    compare_methods,
    needs_documents,
    rule_from_json,
)
from tamis.errors import DataError, InputError, NotCertifiedError
from tamis.labels import LabelledSet, lists_of

BY_HAND = {
    True: 0.72,
    False: 0.0,
}  # what people set where scores are shares (the founding example), and where they are logits


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a policy shall be.

    Attributes:
        target: what its threshold is for; a target with a promise is certified.
        terms: under which terms.
        by: tells segments, each of which gets a threshold of its own.
        before, after: business rules on either side of the threshold; it is chosen on what they leave.
        difficulty: learn from half of the queries whether and how far a query's difficulty should move the threshold,
            which is then chosen on the other half.
        days: for how many days from today the policy holds; None never ends.
        direction: whether high scores are shown or left out.
        parent: digest of the policy that it replaces.
        name: what people call it.
    """

    target: Target
    terms: Terms = field(default_factory=Terms)
    by: Segmenter | None = None
    before: tuple[Rule, ...] = ()
    after: tuple[Rule, ...] = ()
    difficulty: bool = False
    days: int | None = 180
    direction: str = "accept-high"
    parent: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """A threshold that was asked for, or the refusal, beside other ways to a threshold.

    Attributes:
        wanted: what was asked for.
        threshold: on the scorer's own scale; None where it was refused.
        methods: figures on queries that a threshold was not chosen on, for the usual ways (best F1, a percentile, by
            hand) and, last, for this one.
        segments: certificates by segment.
        difficulty: what moves the threshold by query, where that was asked for.
        found: the labelled scores.
        basis: the pairs that the threshold was chosen on: less their query's offset, and not those that offsets were
            learned from.
    """

    wanted: Wanted
    threshold: float | None
    methods: list[Row]
    segments: Segmented | None
    difficulty: Difficulty | None
    found: LabelledSet
    basis: Labelled

    @property
    def held_out(self) -> Row:
        """The row of this target."""
        return self.methods[-1]

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """The promise, as JSON values; None for targets without one."""
        found = self.held_out.certificate
        return None if found is None else found.as_json()

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values: ``issued``, ``threshold``, ``bound``, ``held_out`` and so on."""
        certificate = dict(self.certificate or {})
        held_out = self.held_out.held_out
        return {
            "issued": self.threshold is not None,
            "certified": bool(certificate.get("issued")),
            "threshold": self.threshold if self.threshold is not None and np.isfinite(self.threshold) else None,
            "bound": certificate.get("bound"),
            "confidence": certificate.get("confidence"),
            "accepted": certificate.get("accepted", held_out.accepted),
            "queries": self.found.data.queries,
            "pairs": len(self.found.data),
            "labels_needed": certificate.get("labels_needed", 0),
            "reason": certificate.get("reason", ""),
            "promise": certificate.get("promise", ""),
            "assumptions": certificate.get("assumptions", []),
            "nearest_achievable": certificate.get("nearest_achievable", []),
            "target": self.wanted.target.as_json(),
            "held_out": held_out.as_json() | {"refused_folds": self.held_out.refused},
            "methods": [row.as_json() for row in self.methods],
            "segments": {name: one.as_json() for name, one in self.segments.segments.items()} if self.segments else {},
            "difficulty": self.difficulty and {"enabled": self.difficulty.enabled, "reason": self.difficulty.reason},
            "flags": [name for name, one in self.segments.audits.items() if one.flagged] if self.segments else [],
        }

    def policy(self) -> Policy:
        """The policy: threshold, calibration, certificate, and what tells queries without an answer.

        Raises:
            NotCertifiedError: the promise was refused, and so there is no threshold to keep.
        """
        if self.threshold is None:
            raise NotCertifiedError(f"no policy: {(self.certificate or {}).get('reason', 'no threshold')}")
        found, wanted = self.found, self.wanted
        today = datetime.now(UTC).date()
        return Policy(
            self._thresholds(),
            scorer=found.fingerprint,
            stage=found.stage,
            direction=wanted.direction,  # type: ignore[arg-type]
            calibration=Calibration.fit(self.basis, scorer=found.fingerprint, stage=found.stage),
            before=wanted.before,
            after=wanted.after,
            max_k=wanted.terms.max_k,
            offsets=self.difficulty if self.difficulty and self.difficulty.enabled else None,
            answerable=_answerable(found) if wanted.direction == "accept-high" else None,
            certificate=self.certificate,
            target=wanted.target.as_json(),
            data=found.data.digest,
            counts={"pairs": len(found.data), "queries": found.data.queries},
            created=today.isoformat(),
            expires="" if wanted.days is None else (today + timedelta(days=wanted.days)).isoformat(),
            parent=wanted.parent,
            name=wanted.name,
        )

    def _thresholds(self) -> Thresholds:
        if self.segments is None:
            return Thresholds(self.threshold)
        parent = self.segments.parent
        default = parent.threshold if isinstance(parent, Issued) else np.inf
        return Thresholds(default, self.segments.thresholds, self.wanted.by)


def tune_policy(found: LabelledSet, wanted: Wanted, progress: Progress | None = None) -> Tuning:
    """Choose or certify the threshold that is wanted, and hold it and the usual ways against other queries.

    Args:
        found: labelled scores.
        wanted: what for, and under which terms.
        progress: called with (methods done, methods in all).

    Raises:
        InputError: labels all equal, too few queries to hold some out, segments that are not known, or rules where
            only scores are.
    """
    found = _ruled(found, (*wanted.before, *wanted.after))
    difficulty, data = _eased(found) if wanted.difficulty else (None, found.data)
    data.with_both("tuning a threshold")
    shares = bool(data.scores.min() >= 0 and data.scores.max() <= 1)
    methods: dict[str, Target] = {
        "best F1": FBeta(),
        "best 30 %": Percentile(70),
        f"by hand {BY_HAND[shares]:g}": Fixed(BY_HAND[shares]),
        "this": wanted.target,
    }
    rows = compare_methods(data, methods, terms=wanted.terms, progress=progress)
    rows[-1] = replace(rows[-1], method="certificate" if isinstance(wanted.target, Certifiable) else "this target")
    segments = _segments(found, wanted) if wanted.by is not None else None
    return Tuning(
        wanted=wanted,
        threshold=rows[-1].threshold if segments is None else _any_threshold(segments),
        methods=rows,
        segments=segments,
        difficulty=difficulty,
        found=found,
        basis=data,
    )


def changes_on(found: LabelledSet, old: Policy | None, new: Policy | None) -> Change:
    """What a new policy would change on labelled scores where an old one decides; None shows everything.

    Raises:
        InputError: the scores come from a file, and a policy looks at queries or documents, which that has none of.
        PolicyMismatch: the scores come from another scorer than a policy was tuned for.
        NotCertifiedError: a policy has no threshold, and its ``on_refuse`` is "raise".
    """
    if found.rankings is None:
        for which, policy in (("old", old), ("new", new)):
            if needs := needs_documents(policy):
                raise InputError(
                    f"the {which} policy has {' and '.join(needs)}, which look at queries and documents, and a file of "
                    "scores has none: give a test set that is scored here"
                )
    lists = lists_of(found)
    return changes(old, new, lists.rankings, lists.labels)


def _eased(found: LabelledSet) -> tuple[Difficulty, Labelled]:
    """What difficulty should move thresholds by, and the pairs to choose one on: not those that it was learned from."""
    if found.rankings is None:
        raise InputError("difficulty is read from queries, and a file of scores has none: give a test set")
    features = Predictors().rows(found.rankings)
    known = np.flatnonzero(np.isfinite(features).all(axis=0))
    predictors = Predictors(tuple(Predictors().names[at] for at in known.tolist()))
    features = features[:, known]
    half = query_folds(found.data, 2) == 0
    difficulty = Difficulty.fit(found.data.where(half), features, predictors)
    if not difficulty.enabled:
        return difficulty, found.data
    return difficulty, difficulty.adjusted(found.data.where(~half), features)


def _ruled(found: LabelledSet, rules: Sequence[Rule]) -> LabelledSet:
    """What business rules leave of the labelled pairs, so that a promise is about the lists that people will see.

    Rules look at what ranks better only, so a list cut by the threshold first and ruled on then is the same.
    """
    if not rules:
        return found
    if found.rankings is None:
        raise InputError("rules look at documents, and a file of scores has none: give a test set that is scored here")
    left = [_left(ranking, rules) for ranking in found.rankings]
    kept = np.concatenate(left)
    if not kept.any():
        raise InputError("the rules drop every labelled pair: nothing is left to choose a threshold on")
    rankings = [
        replace(ranking, items=tuple(itertools.compress(ranking, mask)))
        for ranking, mask in zip(found.rankings, left, strict=True)
    ]
    return replace(found, data=found.data.where(kept), grades=found.grades[kept], rankings=rankings)


def _left(ranking: Ranking, rules: Sequence[Rule]) -> NDArray[np.bool_]:
    """Which candidates the rules leave, shape ``(len(ranking),)``."""
    places = list(range(len(ranking)))
    for rule in rules:
        reasons = rule.reasons([ranking[at] for at in places], ranking.query)
        places = [at for at, why in zip(places, reasons, strict=True) if not why]
    return np.isin(np.arange(len(ranking)), places)


def read_rules(path: str | Path) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules of a JSON file ``{"before": [{"rule": "min_length", ...}], "after": [...]}``.

    Raises:
        DataError: the file cannot be read, or is no such object.
        PolicyError: an unknown rule, or a value that it refuses; the message names the place.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read as JSON: {error}", path=path) from error
    if not isinstance(content, dict) or not set(content) <= {"before", "after"}:
        raise DataError('expected {"before": [...], "after": [...]}, each a list of rules', path=path)
    before, after = (
        tuple(rule_from_json(rule, f"{side}[{at}]", by_hand=True) for at, rule in enumerate(content.get(side, ())))
        for side in ("before", "after")
    )
    return before, after


def _any_threshold(segments: Segmented) -> float | None:
    """The parent's threshold, or where it has none, the strictest of the segments'; None where nothing was issued."""
    if isinstance(segments.parent, Issued):
        return segments.parent.threshold
    own = [one.threshold for one in segments.segments.values() if isinstance(one, Issued)]
    return max(own, default=None)


def _segments(found: LabelledSet, wanted: Wanted) -> Segmented:
    if wanted.difficulty:
        raise InputError("thresholds by segment and by difficulty exclude each other: ask for one of them")
    if not isinstance(wanted.target, PrecisionAtLeast):
        raise InputError("thresholds by segment are certified for a precision: ask for one (--precision)")
    names = _names(found, wanted.by)
    return certify_segments(found.data, names, wanted.target, max_k=wanted.terms.max_k)


def _names(found: LabelledSet, by: Segmenter | None) -> list[str]:
    """The segment of each pair: as the policy will tell it where the rankings are known, else as the source says."""
    if by is not None and found.rankings is not None:
        return [name for ranking in found.rankings for name in by.segments(ranking.items, ranking.query)]
    if found.segments is None:
        raise InputError("the scores have no column 'segment': add one, or give a test set that is scored here")
    return found.segments


def _answerable(found: LabelledSet) -> Answerable | None:
    """What tells queries without an answer; None where queries are unknown, or all or none of them have one."""
    if not found.data.grouped:
        return None
    try:
        return Answerable.fit(found.data)
    except InputError:
        return None
