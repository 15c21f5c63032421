"""``tamis rerank``: order given documents for a query, or score a file of queries with their documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tamis.cli import show
from tamis.cli.options import (
    AsJson,
    Chosen,
    Device,
    Dtype,
    Engine,
    Instruction,
    MaxLength,
    Model,
    Passages,
    Template,
    TopK,
)


def command(
    query: Annotated[str | None, typer.Argument(help="What is asked.", show_default=False)] = None,
    docs: Annotated[
        str | None,
        typer.Option(help="Documents: .txt (one a line), .jsonl, .csv, gzip allowed; - reads stdin.", metavar="FILE|-"),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--input", help="Batch: .csv or .jsonl rows with query and document(s).")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Batch: where the scored rows go, .csv or .jsonl.")] = None,
    model: Model = "tamis-mini",
    engine: Engine = "auto",
    device: Device = "auto",
    dtype: Dtype = "auto",
    max_length: MaxLength = None,
    template: Template = "auto",
    passages: Passages = None,
    instruction: Instruction = "",
    top_k: TopK = None,
    as_json: AsJson = False,
) -> None:
    """Order documents by how well they answer a query. Scores are raw logits, not probabilities.

    Example: tamis rerank "how to return goods" --docs docs.txt --top-k 5

    Batch: tamis rerank --input pairs.csv --output scored.csv
    """
    chosen = Chosen(model, engine, device, dtype, max_length, template, passages)
    if source is not None:
        if query is not None or docs is not None or output is None:
            raise typer.BadParameter("a batch takes --input FILE --output FILE, without QUERY and --docs")
        _batch(source, output, chosen, instruction, as_json)
    elif query is None or docs is None:
        raise typer.BadParameter("expected QUERY --docs FILE, or --input FILE --output FILE")
    else:
        _one(query, docs, chosen, instruction, top_k, as_json)


def _one(query: str, docs: str, chosen: Chosen, instruction: str, top_k: int | None, as_json: bool) -> None:
    from tamis.core import Decision
    from tamis.data import read_documents
    from tamis.pipeline import rerank

    documents = list(read_documents(sys.stdin.buffer if docs == "-" else docs))
    positions = {document.id: at for at, document in enumerate(documents)}
    scorer = chosen.scorer()
    with show.progress("reranking") as progress:
        ranking = rerank(query, documents, model=scorer, instruction=instruction, top_k=top_k, progress=progress)
    if as_json:
        show.as_json(show.decision(Decision(ranking), chosen.model, positions))
    else:
        show.out(show.ranking_table(Decision(ranking), chosen.model, positions))


def _batch(source: Path, output: Path, chosen: Chosen, instruction: str, as_json: bool) -> None:
    from tamis.scoring import score_file

    scorer = chosen.scorer()
    with show.progress("scoring") as progress:
        counts = score_file(source, output, scorer, instruction=instruction, progress=progress)
    if as_json:
        show.as_json({"output": str(output), "model": chosen.model, **counts})
    else:
        show.say(f"{counts['pairs']} pairs of {counts['rows']} rows scored by {chosen.model}: {output}")
