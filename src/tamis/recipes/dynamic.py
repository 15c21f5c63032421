"""``DynamicThresholdReranker``: a threshold that moves with the query, where held-out queries gain by it."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Self, TypeAlias, get_args

from tamis.core import Document, Query, Ranking, as_query
from tamis.decide import Difficulty, Heuristic, Predictors
from tamis.decide.learned.founding import Complexity
from tamis.errors import InputError
from tamis.pipeline import rerank
from tamis.recipes.differs import DiffersFromFounding
from tamis.recipes.models import Model, as_scorer
from tamis.recipes.results import as_labelled_set, as_rankings

Moving: TypeAlias = Literal["learned", "heuristic"]

OF_TEXT = (  # predictors that need the query alone, so that a threshold costs no scoring
    "language:zh",
    "language:en",
    "language:mixed",
    "length",
    "intent:how",
    "intent:why",
    "intent:what",
    "intent:question",
)


class DynamicThresholdReranker:
    """A base threshold, moved by what was learned about queries of this kind.

    Differs from the founding version in that its hand-made rule, by which "Python是什么" got .77 and "What is Python?"
    .72, is used by ``policy="heuristic"`` alone. Otherwise offsets are learned by ``fit`` from labelled results, and
    are 0 where queries that they were not learned from do not gain by them; before ``fit`` the base threshold comes
    back as it is, with a warning.

    Args:
        base_threshold: on the scale of the scores; the heuristic is for scores in [0, 1].
        policy: ``"learned"``, or ``"heuristic"`` for the founding rule.
        difficulty: offsets that were learned before.
        model: scores documents, for offsets that look at their scores; not needed for those of ``fit``'s defaults.

    Attributes:
        difficulty_: what was learned; ``difficulty_.reason`` says in a sentence whether offsets are used, and why.

    >>> [round(DynamicThresholdReranker(policy="heuristic").adjust_threshold_by_query(query, []), 2)
    ...  for query in ("Python是什么", "What is Python?")]
    [0.77, 0.72]
    """

    difficulty_: Difficulty | None

    def __init__(
        self,
        base_threshold: float = 0.7,
        *,
        policy: Moving = "learned",
        difficulty: Difficulty | None = None,
        model: Model | None = None,
    ) -> None:
        if policy not in get_args(Moving):
            near = difflib.get_close_matches(str(policy), get_args(Moving), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InputError(f"policy must be 'learned' or 'heuristic', got {policy!r}{hint}")
        self.base_threshold = base_threshold
        self.policy = policy
        self.model = model
        self.difficulty_ = difficulty
        self._told = False

    def fit(
        self,
        results: Sequence[Mapping[str, Any]],
        predictors: Sequence[str] = OF_TEXT,
        *,
        relevant_if: float | None = None,
    ) -> Self:
        """Learn offsets from what ``evaluate_on_testset`` gave, in units of its scores.

        Args:
            results: dicts with ``query``, ``scores`` and ``true_labels``; under 30 queries no gain can be shown.
            predictors: rows of ``tamis.decide.PREDICTORS``; those that look at scores need ``model``.
            relevant_if: labels from this grade on are relevant; needed where they are not 0 and 1.

        Raises:
            InputError: results that cannot be used, all labels alike, too few queries, or an unknown predictor.
        """
        found, wanted = as_labelled_set(results, relevant_if), Predictors(tuple(predictors))
        self.difficulty_ = Difficulty.fit(found.data, wanted.rows(as_rankings(found)), wanted)
        return self

    def adjust_threshold_by_query(
        self, query: str | Query, documents: Ranking | Iterable[str | Document | Mapping[str, Any]]
    ) -> float:
        """The threshold for this query, on the scale of ``base_threshold``.

        Args:
            query: what is asked.
            documents: its candidates, or their ranking; read only where offsets look at scores.

        Warns:
            DiffersFromFounding: nothing has been learned; once an object.

        Raises:
            InputError: the query is blank, or offsets look at scores and there is no ``model`` to give them.
        """
        asked = as_query(query)
        if self.policy == "heuristic":
            return Heuristic(self.base_threshold).threshold(asked.text)
        if self.difficulty_ is None:
            self._tell()
            return self.base_threshold
        return self.base_threshold + self.difficulty_.offset(self._ranking(asked, documents))

    def estimate_complexity(self, query: str) -> Complexity:
        """``"low"``, ``"medium"`` or ``"high"`` by the founding list of words; learned offsets do not look at it."""
        return Heuristic(self.base_threshold).complexity(query)

    def _ranking(self, query: Query, documents: Ranking | Iterable[str | Document | Mapping[str, Any]]) -> Ranking:
        if isinstance(documents, Ranking):
            return documents
        names = self.difficulty_.predictors.names if self.difficulty_ else ()
        if set(names) <= set(OF_TEXT):
            return Ranking(query)
        if self.model is None:
            reading = next(name for name in names if name not in OF_TEXT)
            raise InputError(f"the offsets look at {reading!r} of the scores: pass model= or a Ranking")
        return rerank(query, documents, model=as_scorer(self.model))

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            warnings.warn(
                "no offsets have been learned, so that the base threshold holds for every query: call "
                "fit(evaluate_on_testset(...)), or ask for the founding rule by policy='heuristic'",
                DiffersFromFounding,
                stacklevel=3,
            )
