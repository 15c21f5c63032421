"""Query-performance predictors: what a query and its scores say about how hard it is, as small named rows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self, TypeAlias

import numpy as np

from tamis.core import BM25, Floats, Query, Ranking
from tamis.errors import InputError
from tamis.text import detect, normalise, segment

DEPTH = 10  # best-scored candidates that spread and NQC are taken over

_how = re.compile(r"如何|怎么|怎样|怎麼|咋|步骤|方法|\bhow\b")
_why = re.compile(r"为什么|为何|为啥|原因|\bwhy\b|\bcauses?\b")
_what = re.compile(r"(?<!为)什么|谁|哪|几|多少|何时|何地|\b(?:what|who|whom|whose|which|where|when)\b")
_asks = re.compile(r"[?？吗呢]|是否|能否|可否|^(?:is|are|was|were|do|does|did|can|could|should|will|would|may)\b")


class Seen:
    """What predictors read of one query: its text, and its candidates' scores by the reranker and the first stage."""

    def __init__(self, query: Query, scores: Floats, first: Floats, depth: int) -> None:
        """Store.

        Args:
            query: what is asked.
            scores: of the candidates, in any order, shape ``(n,)``.
            first: the first stage's for the same candidates, NaN where it is not known, shape ``(n,)``.
            depth: how many of the best count in spreads.
        """
        self.query, self.scores, self.first, self.depth = query, scores, first, depth

    @cached_property
    def text(self) -> str:
        """The query's text as lexical matching sees it."""
        return normalise(self.query.text)

    @cached_property
    def best(self) -> Floats:
        """The best scores, falling."""
        return np.sort(self.scores)[::-1][: self.depth]

    @cached_property
    def best_first(self) -> Floats:
        """The first stage's best known scores, falling."""
        return np.sort(self.first[np.isfinite(self.first)])[::-1][: self.depth]


Predictor: TypeAlias = Callable[[Seen], float]  # NaN: it cannot be told for this query


def _spoken(language: str) -> Predictor:
    return lambda seen: float(detect(seen.query.text) == language)


def _meant(words: re.Pattern[str]) -> Predictor:
    return lambda seen: float(words.search(seen.text) is not None)


def _nqc(seen: Seen) -> float:
    """Normalised query commitment; the mean score stands in for the collection's, which a ranking does not carry."""
    middle = abs(float(seen.best_first.mean())) if seen.best_first.size > 1 else 0.0
    return float(seen.best_first.std()) / middle if middle > 0 else math.nan


def _agreement(seen: Seen) -> float:
    """Spearman's rank correlation of both stages' scores over the candidates that both know."""
    known = np.isfinite(seen.first)
    if known.sum() < 3:
        return math.nan
    one, two = _ranks(seen.scores[known]), _ranks(seen.first[known])
    if one.std() == 0 or two.std() == 0:
        return math.nan
    return float(np.mean((one - one.mean()) * (two - two.mean())) / (one.std() * two.std()))


def _ranks(values: Floats) -> Floats:
    """Ranks counted from 0; equal values share their mean rank."""
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    return np.asarray((ends - (sizes + 1) / 2)[codes], dtype=np.float64)


PREDICTORS: Mapping[str, Predictor] = MappingProxyType(
    {
        "language:zh": _spoken("zh"),
        "language:en": _spoken("en"),
        "language:mixed": _spoken("mixed"),
        "length": lambda seen: math.log1p(len(segment(seen.query.text))),  # in search tokens
        "intent:how": _meant(_how),
        "intent:why": _meant(_why),
        "intent:what": _meant(_what),
        "intent:question": _meant(_asks),
        "top": lambda seen: float(seen.best[0]) if seen.best.size else math.nan,
        "gap": lambda seen: float(seen.best[0] - seen.best[1]) if seen.best.size > 1 else math.nan,
        "spread": lambda seen: float(seen.best.std()) if seen.best.size > 1 else math.nan,
        "first:mean": lambda seen: float(seen.best_first.mean()) if seen.best_first.size else math.nan,
        "first:nqc": _nqc,
        "agreement": _agreement,
    }
)


@dataclass(frozen=True, slots=True)
class Predictors:
    """Which predictors to read, of which stages' scores.

    Attributes:
        names: rows of ``PREDICTORS``; other names are allowed for features that the caller computes.
        stage: whose scores are the reranker's; empty means the candidates' current scores.
        first: whose scores are the first stage's.
        depth: how many of the best candidates count in spreads.

    References:
        Shtok et al., "Predicting query performance by query-drift estimation" (ACM TOIS 2012), for ``first:nqc``.

    >>> from tamis import Candidate, Document, Query, Ranking
    >>> candidates = (Candidate(Document("a", "退货"), 2.0), Candidate(Document("b", "雨"), -1.0))
    >>> found = Ranking(Query("如何退货"), candidates)
    >>> Predictors(("language:zh", "intent:how", "gap", "first:nqc")).rows([found]).tolist()
    [[1.0, 1.0, 3.0, nan]]
    """

    names: tuple[str, ...] = tuple(PREDICTORS)
    stage: str = ""
    first: str = BM25
    depth: int = DEPTH

    def rows(self, rankings: Iterable[Ranking]) -> Floats:
        """One row a query, shape ``(queries, len(names))``; NaN where a predictor cannot tell.

        Raises:
            InputError: a name is no row of ``PREDICTORS``, or a candidate has no score by ``stage``.
        """
        if unknown := [name for name in self.names if name not in PREDICTORS]:
            raise InputError(f"no predictor is named {unknown[0]!r}: known are {', '.join(PREDICTORS)}; features of "
                             "your own go through offsets(features)")  # fmt: skip
        seen = (Seen(r.query, stage_scores(r, self.stage), self._first(r), self.depth) for r in rankings)
        found = [[PREDICTORS[name](one) for name in self.names] for one in seen]
        return np.array(found, dtype=np.float64).reshape(len(found), len(self.names))

    def _first(self, ranking: Ranking) -> Floats:
        return np.array([candidate.scores.get(self.first, math.nan) for candidate in ranking], dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Its fields as JSON values."""
        return {"names": list(self.names), "stage": self.stage, "first": self.first, "depth": self.depth}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(tuple(content["names"]), content["stage"], content["first"], content["depth"])

    @classmethod
    def named(cls, names: Sequence[str] | Predictors) -> Predictors:
        """Predictors of these names, or those that were passed."""
        return names if isinstance(names, Predictors) else cls(tuple(names))


def stage_scores(ranking: Ranking, stage: str) -> Floats:
    """The scores that a stage gave, in ranking order; the current ones for an empty name.

    Raises:
        InputError: a candidate has no score by this stage.
    """
    if not stage:
        return ranking.scores
    for candidate in ranking:
        if stage not in candidate.scores:
            raise InputError(f"document {candidate.doc.id!r} has no score by {stage!r}, only by "
                             f"{', '.join(candidate.scores) or 'no stage'}")  # fmt: skip
    return np.array([candidate.scores[stage] for candidate in ranking], dtype=np.float64)
