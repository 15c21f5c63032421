"""The policy: which candidates of a ranking are shown, why the others are not, and for which scorer that was tuned."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tamis.calibrate.calibration import Calibration
from tamis.core import PROBABILITY, Candidate, Decision, Ranking, Scorer
from tamis.data import digest, read_artefact, write_artefact
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.policies.artefact import KIND, arguments, checked, written
from tamis.decide.policies.cuts import Cut, Direction, OnRefuse, Strict, Thresholds
from tamis.decide.policies.forms import NOT_STORED, keep
from tamis.decide.rules.base import Rule
from tamis.decide.rules.table import MaxK
from tamis.errors import InputError, PolicyError, PolicyExpired, PolicyMismatch

_log = logging.getLogger("tamis")


# No slots: what is worked out once, such as the digest, is kept beside the fields.
@dataclass(frozen=True)
class Policy:
    """Rules, a threshold, rules again, at most ``max_k``: a decision, and the artefact that carries it.

    A candidate passes ``before``, then reaches its segment's threshold with the score of ``stage`` (whatever the
    ranking is ordered by), then passes ``after``, then stands among the first ``max_k`` of those left. Equal to the
    threshold counts as reached. Thread-safe; the same ranking gives the same decision, but for rules about age.

    Attributes:
        thresholds: of all, and of segments.
        scorer: fingerprint of what gave the scores that the thresholds are on; "" fits any, with a warning.
        stage: the name under which those scores stand; "" is whatever score the ranking is ordered by.
        direction: ``"accept-high"`` shows what reaches the threshold; ``"reject-high"`` is for scores that say how bad
            a document is, and shows what stays below it.
        calibration: gives probabilities to rankings that have none; fitted on scores less the offset, where there are
            offsets.
        before: rules ahead of the threshold, in order: loose and cheap ones.
        after: rules behind it: those of the business.
        max_k: most candidates that are shown; None shows all.
        offsets: moves the threshold by the query's difficulty; ``Difficulty`` or ``Heuristic``.
        answerable: gives the probability that no candidate answers the query.
        on_refuse: what happens where no threshold was certified: an error, or accepting none or all.
        certificate: what was promised, as ``as_json()`` of ``Issued`` or ``Refused``; None where nothing was.
        target: what the threshold was tuned for.
        data: digest of the labelled pairs.
        counts: how many ``pairs`` and ``queries`` those were.
        created: the day it was made, ``YYYY-MM-DD``.
        expires: the last day on which it decides; "" never ends.
        parent: digest of the policy that it replaces.
        name: what people call it.
        allow_mismatch: decide on scores of another scorer too, with a warning; no part of the artefact.

    >>> from tamis import Document, Query
    >>> from tamis.decide.rules.wording import MinLength
    >>> found = Ranking(Query("sieve"), tuple(Candidate(Document(t, t), 0.0) for t in ("a drum sieve", "rain", "oh")))
    >>> found = found.rescored("mini", [0.9, 0.2, 0.8], fingerprint="mini:1")
    >>> policy = Policy(Thresholds(0.7), scorer="mini:1", stage="mini", after=(MinLength(4),))
    >>> decided = policy.decide(found)
    >>> [c.doc.id for c in decided.ranking], [why for _, why in decided.rejected]
    (['a drum sieve'], ['threshold: score 0.2 is below 0.7', 'min_length: 2 characters, at least 4 wanted'])
    """

    thresholds: Thresholds
    _: KW_ONLY
    scorer: str = ""
    stage: str = ""
    direction: Direction = "accept-high"
    calibration: Calibration | None = None
    before: tuple[Rule, ...] = ()
    after: tuple[Rule, ...] = ()
    max_k: int | None = None
    offsets: Difficulty | Heuristic | None = None
    answerable: Answerable | None = None
    on_refuse: OnRefuse = "raise"
    certificate: Mapping[str, Any] | None = None
    target: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    created: str = ""
    expires: str = ""
    parent: str = ""
    name: str = ""
    allow_mismatch: bool = field(default=False, compare=False, metadata=NOT_STORED)

    def __post_init__(self) -> None:
        """Check the fields."""
        keep(self, **checked(self))

    def decide(self, ranking: Ranking) -> Decision:
        """What to show of a ranking, in its order, and for every other candidate which stage drops it and why.

        Raises:
            PolicyMismatch: the scores come from another scorer than the policy was tuned for.
            PolicyExpired: the policy's last day is over.
            NotCertifiedError: no threshold was certified, and ``on_refuse`` is "raise".
            InputError: a rule or the offsets need something that the ranking lacks.
        """
        self.check_day()
        self._check_scores(ranking)
        staged = self._by_stage(ranking) if self.offsets or self.calibration or self.answerable else ranking
        offset = self.offsets.offset(staged) if self.offsets else 0.0
        ranking = self._calibrated(ranking, staged, offset)
        strict = self._strict(offset)
        if self.thresholds.refused:  # said at once, not only where a candidate gets as far as the threshold
            strict.refused(Cut(None))
        none_relevant = self.answerable.none_relevant(staged) if self.answerable else None
        ranking = self._noted(ranking, offset)
        kept, rejected = ranking.items, list[tuple[Candidate, str]]()
        for rule in (*self.before, strict, *self.after, *self._last):
            reasons = rule.reasons(kept, ranking.query)
            rejected += [(c, f"{rule.name}: {why}") for c, why in zip(kept, reasons, strict=True) if why]
            kept = tuple(c for c, why in zip(kept, reasons, strict=True) if not why)
        return Decision(replace(ranking, items=kept), tuple(rejected), self.digest, none_relevant)

    def calibrated(self, ranking: Ranking) -> Ranking:
        """The ranking with this policy's probabilities, nothing left out; as it is without a calibration.

        Raises:
            PolicyMismatch: the scores come from another scorer than the policy was tuned for.
        """
        self._check_scores(ranking)
        staged = self._by_stage(ranking)
        return self._calibrated(ranking, staged, self.offsets.offset(staged) if self.offsets else 0.0)

    def bind(self, scorer: Scorer, *, allow_mismatch: bool = False) -> Policy:
        """The policy, after a check that it was tuned for this scorer.

        Args:
            scorer: what will give the scores.
            allow_mismatch: go on with another scorer too; the policy that comes back then does so for every ranking,
                and logs a warning.

        Raises:
            PolicyMismatch: it was tuned for another scorer.
        """
        if not self.scorer or scorer.fingerprint == self.scorer:
            return self
        if not (allow_mismatch or self.allow_mismatch):
            raise PolicyMismatch(self._mismatch(f"the scorer is {scorer.name!r} ({scorer.fingerprint})"))
        return replace(self, allow_mismatch=True)

    def as_json(self) -> dict[str, Any]:
        """The policy as JSON values."""
        return written(self)

    @classmethod
    def from_json(cls, content: object, *, allow_mismatch: bool = False) -> Self:
        """What ``as_json`` gave.

        Raises:
            PolicyError: a field is missing, unknown, or of a wrong type or value; the message names it.
        """
        try:
            return cls(**arguments(content), allow_mismatch=allow_mismatch)
        except InputError as error:
            raise PolicyError(f"no policy can hold this: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the policy to a file; it appears whole or not at all. The same policy gives the same bytes.

        Raises:
            InputError: the path is a directory, or its folder does not exist.
            StorageError: the disk refused it.
        """
        write_artefact(path, KIND, self.as_json())

    @classmethod
    def load(cls, path: str | Path, *, allow_mismatch: bool = False) -> Self:
        """A policy from a file; an expired one can be looked at, but does not decide.

        Raises:
            PolicyError: no such file, no policy, changed since it was written, of a newer tamis, or with a field that
                is missing, unknown or of a wrong type.
        """
        try:
            return cls.from_json(read_artefact(path, KIND), allow_mismatch=allow_mismatch)
        except PolicyError as error:
            raise error if str(path) in str(error) else PolicyError(f"{path}: {error}") from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, 64 hex digits; the same before saving and after loading."""
        return digest(self.as_json())

    @property
    def expired(self) -> bool:
        """Whether its last day (UTC) is over."""
        return bool(self.expires) and datetime.now(UTC).date().isoformat() > self.expires

    @property
    def refused(self) -> bool:
        """Whether it has no threshold at all, because none was certified."""
        return self.thresholds.refused

    @cached_property
    def _last(self) -> tuple[Rule, ...]:
        return () if self.max_k is None else (MaxK(self.max_k),)

    def _strict(self, offset: float) -> Strict:
        refusal = str((self.certificate or {}).get("reason") or "")
        return Strict(self.thresholds, self.stage, self.direction, offset, self.on_refuse, refusal)

    def check_day(self) -> None:
        """Refuse to go on after the last day.

        Raises:
            PolicyExpired: it is over.
        """
        if self.expired:
            raise PolicyExpired(f"the policy's last day was {self.expires}: tune it again on newly labelled pairs")

    def _check_scores(self, ranking: Ranking) -> None:
        """Refuse scores of another scorer, and rankings that lack the stage."""
        if not self.scorer:
            self._warn(
                "the policy does not say which scorer it was tuned for: nothing tells whether its threshold fits"
            )
        lacks = bool(self.stage) and any(self.stage not in candidate.scores for candidate in ranking)
        known = ranking.fingerprints.get(self.stage, "")
        # An empty ranking has no scores that could be wrong, unless it says whose they would have been.
        other = bool(self.scorer) and known != self.scorer and (len(ranking) > 0 or known != "")
        if not lacks and not other:
            return
        if lacks:
            stages = sorted({stage for candidate in ranking for stage in candidate.scores} - {PROBABILITY})
            what = f"the ranking has no scores of {self.stage!r} for all candidates, only of {stages}"
        else:
            what = f"the ranking's scores of {self.stage!r} come from {known or 'what it does not say'!r}"
        if not self.allow_mismatch:
            raise PolicyMismatch(self._mismatch(what))
        self._warn(f"mismatch allowed: {self._mismatch(what)}")

    def _mismatch(self, what: str) -> str:
        wanted = f"{self.stage!r} ({self.scorer})" if self.scorer else repr(self.stage)
        advice = "tune a policy on scores of this model, or rerank with the policy's"
        return f"the policy was tuned on scores of {wanted}, and {what}: {advice}"

    @cached_property
    def _told(self) -> set[str]:
        return set()

    def _warn(self, message: str) -> None:
        """Log a warning, each once a policy."""
        if message not in self._told:
            self._told.add(message)
            _log.warning("%s", message)

    def _calibrated(self, ranking: Ranking, staged: Ranking, offset: float) -> Ranking:
        """The ranking with probabilities, where the policy has a calibration and the ranking has none yet.

        Where thresholds move with the query, so does what a score means: probabilities are of scores less the offset.
        """
        if self.calibration is None or all(candidate.probability is not None for candidate in ranking):
            return ranking
        return ranking.calibrated(self.calibration.calibrator(staged.scores - offset))

    def _by_stage(self, ranking: Ranking) -> Ranking:
        """The ranking in its order, with the scores that the policy was tuned on as the current ones."""
        return replace(ranking, items=tuple(replace(c, score=c.scores.get(self.stage, c.score)) for c in ranking))

    def _noted(self, ranking: Ranking, offset: float) -> Ranking:
        """The ranking with what each candidate's threshold depends on among its notes."""
        if self.thresholds.by is None and not offset:
            return ranking
        moved = {"threshold_offset": offset} if offset else {}
        cuts = self.thresholds.cuts(ranking.items, ranking.query)
        segments = [{"segment": cut.segment} if cut.segment else {} for cut in cuts]
        items = zip(ranking.items, segments, strict=True)
        return replace(ranking, items=tuple(replace(c, notes={**c.notes, **s, **moved}) for c, s in items))
