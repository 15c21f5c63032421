"""The reading of a ranking: what its scores say about the query and the documents, in a word and in a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from tamis.calibrate.calibration import Calibration
from tamis.calibrate.evidence.words import LANGUAGES, Language, filled
from tamis.calibrate.logistic import log_odds
from tamis.core import Candidate, Decision, Ranking
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError

Kind: TypeAlias = Literal[
    "empty", "reversed", "ruled", "below", "answerless", "weak", "alone", "clear", "broad", "several", "open", "single",
    "ahead", "uncalibrated",
]  # fmt: skip

REST = 3  # fewest documents behind the first whose spread means anything
EDGE = 1e-6  # probabilities are kept this far from 0 and 1, so that odds stay finite
MOST = 1000  # odds that are said as a number; of more, only that they are more


@dataclass(frozen=True, slots=True)
class Limits:
    """Where one kind of reading ends and the next begins.

    The usual ones were chosen on labelled sets and held against others: ``benchmarks/reading.py``, docs/benchmarks.md.

    Attributes:
        none: answerless, where the policy has learned that it is at least this likely that no document is relevant.
        weak: weak, where without that it is at least this likely as if documents were independent, which they are not.
        sure: clear, where the first is at least this likely to be relevant,
        times: and its odds are at least this many times those of the second.
        near: documents count as about equally good where their odds are at least the best's over this.
        many: broad, where at least so many documents are about equally good,
        expected: and at least so many are relevant as their probabilities add up; many poor ones make no broad query.
        good: several, where more than one document is at least this likely to be relevant.
        lead: ahead, without probabilities, where the gap is at least so many standard deviations of the rest.
    """

    none: float = 0.5
    weak: float = 0.6
    sure: float = 0.5
    times: float = 3.0
    near: float = 3.0
    many: int = 3
    expected: float = 3.0
    good: float = 0.5
    lead: float = 3.0


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Signs:
    """The numbers that a reading rests on; None where they cannot be told.

    Attributes:
        documents: how many candidates there are.
        score: the best score, raw.
        gap: the best score less the second, raw: its size means something for one scorer only.
        lead: the gap over the standard deviation of all scores but the best.
        best: probability of the first document.
        odds_ratio: its odds over those of the second.
        ahead: if just one of the first two is relevant, how likely it is the first.
        expected: how many documents are relevant, as their probabilities add up.
        none: probability that none is: the policy's, where it can tell, else as if documents were independent.
        learned: whether that is the policy's.
        near: documents about as good as the best, the best itself included.
        good: documents that are likely to be relevant.
        shown: documents that the policy accepts.
        below: documents that its threshold leaves out.
        reversed: whether the policy's scores say how bad a document is.
    """

    documents: int
    score: float | None = None
    gap: float | None = None
    lead: float | None = None
    best: float | None = None
    odds_ratio: float | None = None
    ahead: float | None = None
    expected: float | None = None
    none: float | None = None
    learned: bool = False
    near: int | None = None
    good: int | None = None
    shown: int | None = None
    below: int | None = None
    reversed: bool = False

    @classmethod
    def of(
        cls,
        candidates: tuple[Candidate, ...],
        decision: Decision | None = None,
        *,
        limits: Limits = USUAL,
        reversed: bool = False,
    ) -> Self:
        """The numbers of all candidates of a query, in any order."""
        column = np.sort([candidate.score for candidate in candidates])[::-1]
        found: dict[str, Any] = {"documents": len(candidates), "reversed": reversed}
        if decision is not None:
            found |= {"shown": len(decision.ranking), "below": decision.dropped["threshold"]}
            found |= {"none": decision.none_relevant, "learned": decision.none_relevant is not None}
        if column.size:
            found["score"] = float(column[0])
        if column.size > 1:
            found["gap"] = float(column[0] - column[1])
        if column.size > REST and (spread := float(column[1:].std())) > 0:
            found["lead"] = found["gap"] / spread
        known = [candidate.probability for candidate in candidates]
        chances = [chance for chance in known if chance is not None]
        if not chances or len(chances) < len(known):
            return cls(**found)
        return cls(**{**found, **_likely(np.sort(chances)[::-1], found.get("none"), limits)})

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON values; null where they cannot be told."""
        return asdict(self)


def _likely(chances: np.ndarray, none: float | None, limits: Limits) -> dict[str, Any]:
    """What probabilities, best first, add to the signs."""
    logits = log_odds(chances, least=EDGE)
    ahead = float(logits[0] - logits[1]) if logits.size > 1 else None
    return {
        "best": float(chances[0]),
        "odds_ratio": None if ahead is None else math.exp(ahead),
        "ahead": None if ahead is None else 1 / (1 + math.exp(-ahead)),
        "expected": float(chances.sum()),
        "none": float(np.prod(1 - chances)) if none is None else none,
        # The least keeps documents that are exactly at the edge among those near.
        "near": int((logits >= logits[0] - math.log(limits.near) - 1e-9).sum()),
        "good": int((chances >= limits.good).sum()),
    }


def _clear(signs: Signs, limits: Limits) -> bool:
    return (signs.best or 0.0) >= limits.sure and (signs.odds_ratio or 0.0) >= limits.times


Row: TypeAlias = tuple[Kind, Callable[[Signs, Limits], bool]]

# The first row that holds is the reading. Those with probabilities never look at raw scores, nor the others at sizes.
DECIDED: tuple[Row, ...] = (
    ("empty", lambda signs, _: signs.documents == 0),
    ("reversed", lambda signs, _: signs.reversed),
    ("ruled", lambda signs, _: signs.shown == 0 and signs.below == 0),
    ("below", lambda signs, _: signs.shown == 0),
    ("answerless", lambda signs, at: signs.learned and (signs.none or 0.0) >= at.none),
)
CALIBRATED: tuple[Row, ...] = (
    *DECIDED,
    ("weak", lambda signs, at: not signs.learned and (signs.none or 0.0) >= at.weak),
    ("alone", lambda signs, _: signs.documents == 1),
    ("clear", _clear),
    ("broad", lambda signs, at: (signs.near or 0) >= at.many and (signs.expected or 0.0) >= at.expected),
    ("several", lambda signs, _: (signs.good or 0) > 1),
    ("open", lambda *_: True),
)
RELATIVE: tuple[Row, ...] = (
    *DECIDED,
    ("single", lambda signs, _: signs.documents == 1),
    ("ahead", lambda signs, at: (signs.lead or 0.0) >= at.lead),
    ("uncalibrated", lambda *_: True),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scores of one query's candidates say.

    Attributes:
        kind: in a word. With probabilities: ``"answerless"`` (most likely none answers, as the policy has learned),
            ``"weak"`` (none looks good, and nobody has learned whether that means no answer), ``"alone"``
            (there is one, not weak), ``"clear"`` (the first is well ahead), ``"broad"`` (many are about equally good),
            ``"several"`` (a few are), ``"open"``. Without:
            ``"ahead"`` (the first stands out), ``"uncalibrated"``, ``"single"``. By a policy that shows nothing:
            ``"below"`` (its threshold), ``"ruled"`` (its rules); and ``"reversed"`` for scores that say how bad a
            document is. ``"empty"``: there is no candidate.
        figures: the numbers behind it.
        limits: what they were held against.
    """

    kind: Kind
    figures: Signs
    limits: Limits = USUAL

    def said(self, language: Language = "en") -> str:
        """The reading as a sentence with its figures.

        Raises:
            InputError: a language other than en and zh.
        """
        if language not in LANGUAGES:
            raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
        ratio = self.figures.odds_ratio
        odds = "-" if ratio is None else f"{ratio:.3g}" if ratio <= MOST else f"> {MOST}"
        return filled(
            _sentences()[self.kind][language], {**self.figures.as_json(), "odds": odds, "factor": self.limits.near}
        )

    def as_json(self) -> dict[str, Any]:
        """The reading as JSON values: kind, figures, and the sentence in every language."""
        return {
            "kind": self.kind,
            "figures": self.figures.as_json(),
            "limits": asdict(self.limits),
            "reason": {language: self.said(language) for language in LANGUAGES},
        }


def read(
    ranking: Ranking, *, policy: Policy | None = None, calibration: Calibration | None = None, limits: Limits = USUAL
) -> Reading:
    """What the scores of a reranked query say: whether the first is well ahead, many are alike, or none answers.

    With probabilities (from the policy, the calibration, or in the ranking already) it goes by them and by ratios of
    odds. Without any it goes by the gap over the spread, which neither a constant added to all scores nor another scale
    changes, and never calls documents weak. Of the order of the candidates nothing depends.

    Args:
        ranking: all candidates of the query, before any list is cut.
        policy: says first whether anything is shown; its calibration, and its probability that none answers, count.
        calibration: gives probabilities where neither the ranking nor the policy has any.
        limits: where one kind of reading ends and the next begins.

    Raises:
        PolicyMismatch: the scores come from another scorer than the policy or the calibration is for.
        PolicyExpired: the policy's last day is over.
        NotCertifiedError: the policy has no threshold, and its ``on_refuse`` is "raise".

    >>> from tamis import Document, Query
    >>> found = Ranking(Query("sieve"), tuple(Candidate(Document(t, t), 0.0) for t in ("a tamis", "rain", "a hat")))
    >>> found = found.rescored("mini", [2.0, -3.0, -4.0])
    >>> read(found.calibrated([0.9, 0.1, 0.05])).said()
    'The first document is clearly ahead: its odds are 81 times those of the second, its probability is 90.0 %.'
    >>> read(found).kind, read(found.calibrated([0.1, 0.05, 0.05])).kind
    ('uncalibrated', 'weak')
    """
    if calibration is not None and any(candidate.probability is None for candidate in ranking):
        (ranking,) = calibration([ranking])
    decision = policy.decide(ranking) if policy is not None else None
    seen = ranking.items if decision is None else (*decision.ranking, *(item for item, _ in decision.rejected))
    bad = policy is not None and policy.direction == "reject-high"
    signs = Signs.of(seen, decision, limits=limits, reversed=bad)
    rows = RELATIVE if signs.best is None else CALIBRATED
    return Reading(next(kind for kind, holds in rows if holds(signs, limits)), signs, limits)


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        files("tamis.decide").joinpath("reading.json").read_text(encoding="utf-8")
    )
    return found
