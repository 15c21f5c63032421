"""``tamis search``: recall from an index, then rerank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tamis.cli import show
from tamis.cli.decision import decided, policy_for
from tamis.cli.options import USUAL, AsJson, Chosen, Instruction, Model, PolicyFile, Recall, choosing


@choosing(Model, "tamis-mini", passages=True)
def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An index folder made by tamis index.")],
    query: Annotated[str, typer.Argument(help="What is asked.")],
    k: Annotated[int, typer.Option("-k", min=1, help="Results to show.")] = 10,
    recall: Annotated[
        Recall | None, typer.Option(help="First stage; hybrid where the index has vectors, bm25 elsewhere.")
    ] = None,
    depth: Annotated[int, typer.Option(min=1, help="Candidates that are recalled and reranked.")] = 100,
    chosen: Chosen = USUAL,
    instruction: Instruction = "",
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Search an index: recall candidates, then rerank them. Scores are raw logits, not probabilities.

    With --policy, only what the policy accepts is shown; a policy with a calibration gives probabilities beside scores.

    Example: tamis search ./law "试用期最长多久" -k 5
    """
    from tamis.core import Query
    from tamis.pipeline import Pipeline, Rerank
    from tamis.recall import Index
    from tamis.score import evidence_of

    scorer = chosen.or_none()
    rule = policy_for(policy, scorer)
    retriever = Index.open(folder).retriever(recall or "auto")
    asked = Query(query, instruction=instruction)
    recalled = Pipeline(retriever, k=max(depth, k)).search([asked])
    positions = {item.doc.id: at for at, item in enumerate(recalled[0])}
    if scorer is not None:
        # A policy is for the scores that it was tuned on: of the texts alone, or with the same evidence weighed in.
        wanted = evidence_of(rule.stage, scorer) if rule else None
        with show.progress("reranking") as progress:
            recalled = Rerank(scorer, progress=progress, evidence=wanted)(recalled)
    show.decided(decided(recalled[0], rule, k), chosen.model, positions, machine=as_json)
