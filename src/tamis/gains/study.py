"""The 2x2 run on an evaluation set: queries as typed or rewritten, with and without reranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tamis.core import Progress, Query, Ranking, Scorer
from tamis.data import Collection
from tamis.errors import InputError
from tamis.evaluate import Evaluation, Gain, as_run, asked_of, evaluate, gain, random_order, sliced
from tamis.evaluate.compare import MAIN, figures
from tamis.evaluate.gain import BOTH, MEASURES, NEITHER, RERANK, REWRITE
from tamis.experiment import Experiment
from tamis.gains.gate import Gate, gate
from tamis.pipeline import Rerank
from tamis.recall import Index, Leading, Mode, Union
from tamis.rewrite import Rewriter, Variant
from tamis.widening import Widened

# The systems with and without rewriting that the gate compares: what would run in the end.
GATED = {True: (BOTH, RERANK), False: (REWRITE, NEITHER)}


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The first stage of a set as a retriever: the index searched, or the candidates that came with each query.

    Attributes:
        experiment: the set and its index.
        recall: how candidates are found, or those that came are ordered.
    """

    experiment: Experiment
    recall: Mode

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking a query; candidates that came with a set are never cut."""
        return replace(self.experiment, k=k).first_stage(queries, self.recall)

    def rank(self, query: Query, ids: Iterable[str]) -> Ranking:
        """The given documents as the first stage orders them."""
        return self.experiment.index.rank(query, ids, mode=self.recall)


@dataclass(frozen=True, slots=True)
class Study:
    """What is run on a set.

    Candidates that come with the set are all that is ranked: rewriting then changes no more than their order.

    Attributes:
        collection: corpus, queries, qrels, perhaps candidates.
        index: the collection's documents.
        rewriter: says the queries in other words.
        scorer: reranks; None leaves out the two systems that rerank.
        recall: the first stage; it also orders candidates that come with the set.
        k: candidates of a query that are recalled and reranked.
        union: how the lists of a query's variants are joined.
    """

    collection: Collection
    index: Index
    rewriter: Rewriter
    scorer: Scorer | None = None
    recall: Mode = "bm25"
    k: int = 100
    union: Union = field(default_factory=Leading)

    def run(self, progress: Progress | None = None) -> Found:
        """Rank every judged query four ways and hold the figures against one another.

        Pairs that the two reranking systems share are scored once: where rewriting changed neither a query nor its
        candidates, "both" is "rerank".

        Raises:
            InputError: the set has no judged query, or the recall needs vectors that the index lacks.
        """
        queries = self.collection.judged
        if not queries:
            raise InputError(f"{self.collection.name}: no query of the set is judged: there is nothing to measure")
        asked = [self.rewriter.rewrite(query) for query in queries]
        first = self._stage.search(queries, self.k)
        rankings = {NEITHER: first, REWRITE: self._rewritten(asked)}
        if self.scorer is not None:
            rankings |= reranked(Rerank(self.scorer, progress=progress), first, rankings[REWRITE])
        return self._found(queries, asked, rankings)

    @property
    def _stage(self) -> FirstStage:
        return FirstStage(Experiment(self.collection, self.index), self.recall)

    def _rewritten(self, asked: Sequence[Sequence[Variant]]) -> list[Ranking]:
        """The first stage for all variants of each query, as a search does; one that stays as it is keeps its list."""
        longest = max(map(len, self.collection.candidates.values()), default=0)
        return Widened(self._stage, self.rewriter, self.union).searched(asked, max(self.k, longest))

    def _found(
        self, queries: Sequence[Query], asked: Sequence[Sequence[Variant]], rankings: Mapping[str, list[Ranking]]
    ) -> Found:
        qrels = {query.id: self.collection.qrels[query.id] for query in queries}
        systems = {name: evaluate(as_run(found), qrels, MEASURES) for name, found in rankings.items()}
        masks = sliced(asked_of(queries, qrels, self.collection.documents))
        with_rewriting, without = GATED[self.scorer is not None]
        return Found(
            study=self,
            queries=tuple(queries),
            asked=tuple(map(tuple, asked)),
            rankings=rankings,
            gain=gain(systems, masks),
            random=random_order(as_run(rankings[NEITHER]), qrels, MEASURES),
            gate=gate(systems[with_rewriting][MAIN], systems[without][MAIN], [query.id for query in queries]),
        )


def reranked(rerank: Rerank, first: Sequence[Ranking], rewritten: Sequence[Ranking]) -> dict[str, list[Ranking]]:
    """The two reranking systems; rankings that rewriting left as they were are scored once."""
    changed = [at for at, (one, two) in enumerate(zip(first, rewritten, strict=True)) if one != two]
    # One pass, so that progress is told of all pairs and batches are full.
    found = rerank([*first, *(rewritten[at] for at in changed)])
    plain = found[: len(first)]
    both = list(plain)
    for at, ranking in zip(changed, found[len(first) :], strict=True):
        both[at] = ranking
    return {RERANK: plain, BOTH: both}


@dataclass(frozen=True, slots=True)
class Found:
    """What a study found.

    Attributes:
        study: what was run.
        queries: the judged queries as they were typed, in the order of the figures.
        asked: the variants of each.
        rankings: by system, one a query.
        gain: figures, differences and tests.
        random: the first stage's candidates in random order.
        gate: whether rewriting is recommended for such queries.
    """

    study: Study
    queries: tuple[Query, ...]
    asked: tuple[tuple[Variant, ...], ...]
    rankings: Mapping[str, list[Ranking]]
    gain: Gain
    random: Evaluation
    gate: Gate

    @property
    def rewritten(self) -> int:
        """How many queries have another text."""
        pairs = zip(self.queries, self.asked, strict=True)
        return sum(variants[0].query.text != query.text for query, variants in pairs)

    @property
    def last(self) -> str:
        """The system that does most: "both", or "rewrite" without a reranker."""
        return BOTH if BOTH in self.rankings else REWRITE

    @property
    def names(self) -> dict[str, str | None]:
        """What the parts of the systems are called."""
        study = self.study
        return {
            "recall": study.recall,
            "rewriter": study.rewriter.name,
            "scorer": None if study.scorer is None else study.scorer.name,
        }

    def as_json(self) -> dict[str, Any]:
        """Set, parts, figures with random order, tests and the gate as JSON values."""
        study = self.study
        return {
            "set": study.collection.name,
            **self.names,
            "fingerprints": {
                "rewriter": study.rewriter.fingerprint,
                "scorer": None if study.scorer is None else study.scorer.fingerprint,
            },
            "k": study.k,
            "candidates": bool(study.collection.candidates),
            "rewritten": self.rewritten,
            "without_text": sorted(set(study.collection.qrels) - {query.id for query in self.queries}),
            **self.gain.as_json(),
            "random": figures(self.random),
            "gate": self.gate.as_json(),
        }
