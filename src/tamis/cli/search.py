"""``tamis search``: recall from an index, then rerank."""

from __future__ import annotations

from typing import Annotated

import typer

from tamis.cli import show
from tamis.cli.found import Wanted, found
from tamis.cli.options import (
    USUAL,
    AsJson,
    Chosen,
    Depth,
    FirstStage,
    IndexFolder,
    Instruction,
    Model,
    PolicyFile,
    Where,
    choosing,
)
from tamis.cli.rewriting import NOT, Rewriting, rewritten_by


@rewritten_by()
@choosing(Model, "tamis-mini", passages=True)
def command(
    index: IndexFolder,
    query: Annotated[str, typer.Argument(help="What is asked.")],
    k: Annotated[int, typer.Option("-k", min=1, help="Results to show.")] = 10,
    recall: FirstStage = None,
    depth: Depth = 100,
    where: Where = None,
    chosen: Chosen = USUAL,
    instruction: Instruction = "",
    policy: PolicyFile = None,
    rewriting: Rewriting = NOT,
    as_json: AsJson = False,
) -> None:
    """Search an index: recall candidates, then rerank them. Scores are raw logits, not probabilities.

    With --policy, only what the policy accepts is shown; a policy with a calibration gives probabilities beside scores.

    With --rewrite, the query is searched as --history means it and in other words; candidates say what found them.

    Example: tamis search ./law "试用期最长多久" -k 5

    Among some: tamis search ./law "试用期最长多久" --where kind=statute --where "year>=2008"
    """
    from tamis.core import Query
    from tamis.filters import Filter

    asked = Query(query, instruction=instruction, where=Filter.of(where) if where else None)
    done = found(asked, chosen.or_none(), Wanted(index, recall, depth, policy, k, rewriting))
    show.decided(done.decision, chosen.model, done.positions, done.reading, machine=as_json)
