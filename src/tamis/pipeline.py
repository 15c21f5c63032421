"""Recall, rerank, decide: the stages of a search put one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tamis.answer import Answer, Extractive, Generator
from tamis.core import (
    Candidate,
    Decision,
    Document,
    Floats,
    Pair,
    Policy,
    Progress,
    Query,
    Ranking,
    Retriever,
    Scorer,
    Stage,
    as_documents,
    as_query,
)
from tamis.errors import InputError
from tamis.score import (
    ScoringWithNotes,
    Weighing,
    depends_on_companions,
    distinct,
    load_scorer,
    notes,
    numbered,
    stage_name,
    weighable,
)

CHUNK = 16384  # pairs given to a scorer at once
SEEN = 512  # the same where somebody watches the progress


@dataclass(frozen=True, slots=True)
class Rerank:
    """A stage that orders candidates by a scorer; what lies beyond ``depth`` is dropped.

    All rankings go through the scorer as one flat list, so that batches are full whatever the number of queries. What
    the first stage has said of every candidate of a ranking (``"bm25"``, ``"dense"``) is weighed in where the scorer
    can: the scores are then named after both, such as ``"tamis-mini+bm25"``, for they are not those that the texts
    alone would get. Rankings that carry other evidence than others are a list of their own.

    Attributes:
        scorer: what scores the pairs.
        depth: most candidates of a ranking that are scored; None scores all.
        progress: called with (pairs scored, pairs in all) as the work goes on.
        evidence: weigh in nothing but these, for what was tuned on such scores; ``()`` is the texts alone, None all.
    """

    scorer: Scorer
    depth: int | None = None
    progress: Progress | None = None
    evidence: tuple[str, ...] | None = None

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """The rankings in the same order, each reordered by the scorer's raw logits."""
        cut = [ranking[: self.depth] for ranking in rankings]
        weighed = [weighable(self.scorer, ranking, self.evidence) for ranking in cut]
        reranked, done, total = list(cut), 0, sum(map(len, cut))
        for evidence in dict.fromkeys(weighed):
            alike = [at for at, own in enumerate(weighed) if own == evidence]
            progress = _going_on(self.progress, done, total)
            for at, ranking in zip(alike, self._alike([cut[at] for at in alike], evidence, progress), strict=True):
                reranked[at] = ranking
                done += len(ranking)
        return reranked

    def _alike(
        self, rankings: Sequence[Ranking], evidence: tuple[str, ...], progress: Progress | None
    ) -> Iterator[Ranking]:
        """Rankings whose candidates all carry the evidence."""
        found = [(ranking.query, candidate) for ranking in rankings for candidate in ranking]
        pairs = [(query, candidate.doc) for query, candidate in found]
        columns = {name: np.array([candidate.scores[name] for _, candidate in found]) for name in evidence}
        scores, remarks = scored_with_notes(self.scorer, pairs, progress, columns)
        name, fingerprint = stage_name(self.scorer, evidence), self.scorer.fingerprint
        start = 0
        for ranking in rankings:
            end = start + len(ranking)
            yield ranking.rescored(name, scores[start:end], remarks[start:end], fingerprint=fingerprint)
            start = end


def _going_on(progress: Progress | None, before: int, total: int) -> Progress | None:
    """The progress of a part of the pairs, told as that of all."""
    return progress and (lambda done, _: progress(before + done, total))


def scored(
    scorer: Scorer,
    pairs: Sequence[Pair],
    progress: Progress | None = None,
    evidence: Mapping[str, Floats] | None = None,
) -> Floats:
    """Raw logits of any number of pairs, shape ``(len(pairs),)``, in bounded memory.

    ``evidence`` holds, by name, one number a pair, which scorers that can weigh it in.
    """
    scores = np.zeros(len(pairs))
    for chunk in chunks(scorer, pairs, progress):
        part = [pairs[i] for i in chunk]
        if evidence and isinstance(scorer, Weighing):
            scores[chunk] = scorer.score_with_evidence(part, {name: told[chunk] for name, told in evidence.items()})
        else:
            scores[chunk] = scorer.score(part)
    return scores


def scored_with_notes(
    scorer: Scorer,
    pairs: Sequence[Pair],
    progress: Progress | None = None,
    evidence: Mapping[str, Floats] | None = None,
) -> tuple[Floats, list[dict[str, Any]]]:
    """As ``scored``, and the scorer's remarks, one mapping a pair; in one pass where the scorer gives both at once."""
    if evidence or not isinstance(scorer, ScoringWithNotes):
        return scored(scorer, pairs, progress, evidence), notes(scorer, pairs)
    scores, remarks = np.zeros(len(pairs)), list[dict[str, Any]]([{}]) * len(pairs)
    for chunk in chunks(scorer, pairs, progress):
        scores[chunk], said = scorer.score_with_notes([pairs[i] for i in chunk])
        for place, remark in zip(chunk.tolist(), said, strict=True):
            remarks[place] = remark
    return scores, remarks


def chunks(scorer: Scorer, pairs: Sequence[Pair], progress: Progress | None = None) -> Iterator[NDArray[np.int64]]:
    """Positions of the pairs that a scorer is given at once, ``CHUNK`` of them or a few more (``SEEN`` where watched).

    Pairs of one document stand together, so that the scorer can read each document once; those of one query, where a
    score depends on the query's other candidates.
    """
    if depends_on_companions(scorer):
        owner = numbered(pairs)
    else:
        _, owner = distinct(document.full_text for _, document in pairs)
    order = np.argsort(owner, kind="stable")
    size = CHUNK if progress is None else SEEN
    # A chunk ends where a document (or query) ends, when it has that many pairs.
    ends = np.flatnonzero(np.diff(owner[order], append=-1)) + 1
    start = 0
    for end in ends.tolist():
        if end - start >= size or end == len(pairs):
            yield order[start:end]
            start = end
            if progress:
                progress(end, len(pairs))


@runtime_checkable
class Bindable(Protocol):
    """A policy that knows for which scorer it was tuned, and refuses another one."""

    def bind(self, scorer: Scorer) -> Policy: ...


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A retriever, stages, a policy and a generator, each of which may be left out.

    A policy that was tuned for another scorer than that of the last ``Rerank`` is refused at once: PolicyMismatch.
    Without a generator, answers are the passages' own sentences, chosen by that scorer if it scores each by itself.

    >>> pipeline = Pipeline(stages=(Rerank(load_scorer("tamis-mini")),))
    >>> [c.doc.id for c in pipeline.rank("如何退货", ["今天下雨", "退货需在七天内申请"])]
    ['1', '0']
    """

    retriever: Retriever | None = None
    stages: tuple[Stage, ...] = ()
    policy: Policy | None = None
    k: int = 100
    generator: Generator | None = None

    def __post_init__(self) -> None:
        """Hold the policy against the scorer; nothing is loaded."""
        scorer = self._scorer()
        if scorer is not None and isinstance(self.policy, Bindable):
            self.policy.bind(scorer)

    def rank(self, query: str | Query, documents: Iterable[str | Document | Mapping[str, Any]]) -> Ranking:
        """The given documents, best first, as the stages order them.

        Raises:
            InputError: the query is blank, or two documents share an id.
        """
        items = tuple(Candidate(document, 0.0) for document in as_documents(documents))
        return self._staged([Ranking(as_query(query), items)])[0]

    def decide(self, query: str | Query, documents: Iterable[str | Document | Mapping[str, Any]]) -> Decision:
        """What to show of the given documents: the stages, then the policy (without one, everything is shown).

        Raises:
            InputError: the query is blank, or two documents share an id.
            PolicyError: the policy has expired, or was tuned for other scores.
            NotCertifiedError: the policy has no threshold, since none was certified.
        """
        return self._decided(self.rank(query, documents))

    def search(self, queries: Sequence[str | Query]) -> list[Ranking]:
        """One ranking a query: recall of at most ``k`` candidates, then the stages.

        Raises:
            InputError: the pipeline has no retriever, or a query is blank.
        """
        if self.retriever is None:
            raise InputError("this pipeline has no retriever: pass Pipeline(retriever=index, ...)")
        return self._staged(self.retriever.search([as_query(query) for query in queries], self.k))

    def ask(self, query: str | Query) -> Decision:
        """What to show for one query: recall, stages, then the policy (without one, everything is shown)."""
        (ranking,) = self.search([query])
        return self._decided(ranking)

    def answer(self, query: str | Query) -> Answer:
        """The answer to one query: recall, stages, policy, generator; where nothing passed, that it is not known.

        To stream it: ``pipeline.generator.stream(pipeline.ask(query))``.

        Raises:
            InputError: the pipeline has no retriever, or the query is blank.
            RemoteError: a language model's server failed.
        """
        decision = self.ask(query)
        return (self._extractive() if self.generator is None else self.generator).answer(decision)

    def _extractive(self) -> Extractive:
        scorer = self._scorer()
        return Extractive(None if scorer is None or depends_on_companions(scorer) else scorer)

    def _scorer(self) -> Scorer | None:
        """The last ``Rerank``'s scorer."""
        return next((stage.scorer for stage in reversed(self.stages) if isinstance(stage, Rerank)), None)

    def _decided(self, ranking: Ranking) -> Decision:
        return self.policy.decide(ranking) if self.policy else Decision(ranking)

    def _staged(self, rankings: list[Ranking]) -> list[Ranking]:
        for stage in self.stages:
            rankings = stage(rankings)
        return rankings


def rerank(
    query: str | Query,
    documents: Iterable[str | Document | Mapping[str, Any]],
    *,
    model: str | Path | Scorer | None = None,
    instruction: str = "",
    top_k: int | None = None,
    progress: Progress | None = None,
) -> Ranking:
    """Documents ordered by how well they answer the query, best first.

    Args:
        query: what is asked.
        documents: strings, mappings with ``text`` (and ``id``, ``title``, further fields), or Documents.
        model: a scorer, its spec, or a model's folder; None is the embedded ``"tamis-mini"``.
        instruction: task description, for scorers that read one.
        top_k: keep this many of the best; None keeps all.
        progress: called with (pairs scored, pairs in all) as the work goes on.

    Raises:
        InputError: the query is blank, two documents share an id, or ``top_k`` is below 1.
        ModelError: the spec names no scorer.

    >>> best = rerank("what sieves soup?", ["A tamis is a fine drum sieve for soups.", "It rained all day."])[0]
    >>> best.doc.text
    'A tamis is a fine drum sieve for soups.'
    """
    if top_k is not None and top_k < 1:
        raise InputError(f"top_k must be at least 1, got {top_k}")
    if model is None or isinstance(model, (str, Path)):
        model = load_scorer("tamis-mini" if model is None else model)
    asked = as_query(query)
    if instruction:
        asked = replace(asked, instruction=instruction)
    return Pipeline(stages=(Rerank(model, progress=progress),)).rank(asked, documents)[:top_k]
