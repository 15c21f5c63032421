"""A search system run over an evaluation set: recall or given candidates, reranking, figures with their baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tamis.core import Candidate, Progress, Query, Ranking, Scorer
from tamis.data import Collection
from tamis.errors import InputError
from tamis.evaluate import DEFAULT, Evaluation, as_run, compare, evaluate, interval, nDCG, random_order
from tamis.pipeline import Rerank
from tamis.recall import Index, Mode

MAIN = nDCG @ 10


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is run on a collection.

    Attributes:
        collection: corpus, queries, qrels, perhaps candidates.
        index: the collection's documents.
        recall: how candidates are found; None takes the collection's candidates in their given order, or BM25 where it
            has none. A collection's candidates are all that is ranked, whatever the recall.
        scorer: reranks the candidates; None leaves the first stage's order.
        k: candidates of a query that are recalled and reranked.
    """

    collection: Collection
    index: Index
    recall: Mode | None = None
    scorer: Scorer | None = None
    k: int = 100

    @property
    def first(self) -> str:
        """The first stage's name: the recall, or where that is None ``"candidates"`` or ``"bm25"``."""
        return self.recall or ("candidates" if self.collection.candidates else "bm25")

    @property
    def system(self) -> str:
        """The system's name, such as ``"bm25 > tamis-mini"``."""
        return f"{self.first} > {self.scorer.name}" if self.scorer else self.first

    def run(self, progress: Progress | None = None) -> Result:
        """Rank every judged query and hold the rankings against the qrels.

        Raises:
            InputError: the collection has no judged query, or the recall needs vectors that the index lacks.
        """
        queries = self.collection.judged
        if not queries:
            raise InputError(f"{self.collection.name}: no query of the set is judged: there is nothing to measure")
        first = self.first_stage(queries, self.recall)
        rankings = Rerank(self.scorer, progress=progress)(first) if self.scorer else first
        return Result(self, rankings, self._measured(rankings), self._baselines(queries, first))

    def first_stage(self, queries: Sequence[Query], recall: Mode | None) -> list[Ranking]:
        """The candidates of each query, before reranking."""
        listed = self.collection.candidates
        if not listed:
            return self.index.search(queries, self.k, mode=recall or "bm25")
        if recall:
            return [self.index.rank(query, listed.get(query.id, ()), mode=recall) for query in queries]
        return [self._given(query) for query in queries]

    def _given(self, query: Query) -> Ranking:
        """The candidates in their given order, with their first-stage scores or falling ranks."""
        ids = self.collection.candidates.get(query.id, ())
        scores = self.collection.first_stage.get(query.id) or {doc: float(-rank) for rank, doc in enumerate(ids)}
        documents = self.collection.documents
        return Ranking(query, tuple(Candidate(documents[doc], scores[doc], {"given": scores[doc]}) for doc in ids))

    def _measured(self, rankings: Sequence[Ranking]) -> Evaluation:
        return evaluate(as_run(rankings), self.collection.qrels, DEFAULT)

    def _baselines(self, queries: Sequence[Query], first: list[Ranking]) -> dict[str, Evaluation]:
        """Random order of the same candidates, BM25, and this system without its reranker."""
        found = {"random": random_order(as_run(first), self.collection.qrels, DEFAULT)}
        if self.recall != "bm25":
            words = first if self.first == "bm25" else self.first_stage(queries, "bm25")
            found["bm25"] = self._measured(words)
        if self.scorer and self.first not in found:
            found[self.first] = self._measured(first)
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment found.

    Attributes:
        experiment: what was run.
        rankings: one a judged query.
        evaluation: the system's figures.
        baselines: those of simpler systems on the same queries, by name.
    """

    experiment: Experiment
    rankings: list[Ranking]
    evaluation: Evaluation
    baselines: dict[str, Evaluation]

    def summary(self) -> dict[str, Any]:
        """Set, system, number of queries, means, intervals, and each baseline with the paired test against it."""
        column = self.evaluation[MAIN]
        spread = interval(column)
        return {
            "set": self.experiment.collection.name,
            "system": self.experiment.system,
            "queries": len(self.evaluation.queries),
            **self.evaluation.means,
            "interval": {str(MAIN): [spread.low, spread.high]},
            "missing": list(self.evaluation.missing),
            "baselines": {name: self._against(other) for name, other in self.baselines.items()},
        }

    def _against(self, other: Evaluation) -> dict[str, Any]:
        difference = compare(self.evaluation, other, MAIN)
        return {
            **other.means,
            "difference": difference.difference,
            "interval": [difference.low, difference.high],
            "p": difference.p_value,
        }
