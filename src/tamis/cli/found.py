"""What ``search`` and ``ask`` have in common: candidates recalled from an index, reranked, and decided upon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tamis.cli import show
from tamis.cli.decision import decided, policy_for
from tamis.cli.options import Recall
from tamis.cli.rewriting import NOT, Rewriting
from tamis.core import Decision, Query, Scorer

if TYPE_CHECKING:
    from tamis.decide import Reading


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where candidates are looked for and how: the index's folder or a collection's URL, first stage, depth, policy,
    how many are kept, rewriting."""

    index: str
    recall: Recall | None
    depth: int
    policy: Path | None
    k: int
    rewriting: Rewriting = NOT


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided, each candidate's place after the first stage, and what the scores say."""

    decision: Decision
    positions: dict[str, int]
    reading: Reading


def found(asked: Query, scorer: Scorer | None, wanted: Wanted) -> Found:
    """The candidates of a query; without a scorer, in the first stage's order.

    Raises:
        IndexStoreError: the folder is no index, or the engine has no such collection.
        PolicyError: the policy cannot be used with this scorer.
        InputError: the query is blank.
    """
    from tamis.decide import read
    from tamis.pipeline import Pipeline, Rerank
    from tamis.recall.engines import open_retriever
    from tamis.score import evidence_of

    wanted.rewriting.check()
    rule = policy_for(wanted.policy, scorer)
    retriever = wanted.rewriting.widened(open_retriever(wanted.index, mode=wanted.recall or "auto"))
    recalled = Pipeline(retriever, k=max(wanted.depth, wanted.k)).search([wanted.rewriting.asked(asked)])
    positions = {item.doc.id: at for at, item in enumerate(recalled[0])}
    if scorer is not None:
        # A policy is for the scores that it was tuned on: of the texts alone, or with the same evidence weighed in.
        evidence = evidence_of(rule.stage, scorer) if rule else None
        with show.progress("reranking") as progress:
            recalled = Rerank(scorer, progress=progress, evidence=evidence)(recalled)
    return Found(decided(recalled[0], rule, wanted.k), positions, read(recalled[0], policy=rule))
