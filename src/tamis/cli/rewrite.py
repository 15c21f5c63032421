"""``tamis rewrite``: a query, or a file of turns, as it can stand alone and in other words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.options import AsJson
from tamis.cli.rewriting import VARIANTS, History, TermFiles, Variants, rewriter

if TYPE_CHECKING:
    from tamis.rewrite import Rewriter

SIDE_BY_SIDE = 4  # rows that a server is asked about at once


def command(
    query: Annotated[str | None, typer.Argument(help="What is asked.", show_default=False)] = None,
    history: History = None,
    source: Annotated[
        str | None,
        typer.Option("--input", metavar="FILE|-", help="Batch: .jsonl rows with question and history (a list)."),
    ] = None,
    output: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Batch: where the rewritten rows go, .jsonl.")
    ] = None,
    terms: TermFiles = None,
    variants: Variants = VARIANTS,
    llm: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="OpenAI-compatible server that rewrites; its key is read from TAMIS_LLM_KEY. Without it, rules and "
            "dictionaries do.",
        ),
    ] = "",
    llm_model: Annotated[str, typer.Option("--llm-model", help="The model's name at the server.")] = "",
    glossary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms with what they stand for, which the model may use.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say a query as it can stand alone after what was said before, and in other words; each change with its reason.

    Example: tamis rewrite "它能治吗？" --history "喉癌是什么？" --json

    Batch: tamis rewrite --input turns.jsonl --output out.jsonl
    """
    if (llm_model or glossary) and not llm:
        raise typer.BadParameter("--llm-model and --glossary are for a model at a server: expected --llm URL, too")
    by = rewriter(llm, llm_model, variants, terms=terms or (), glossary=glossary)
    if source is not None:
        if query is not None or history or output is None:
            raise typer.BadParameter("a batch takes --input FILE --output FILE, without QUERY and --history")
        _batch(source, output, by, SIDE_BY_SIDE if llm else 1, machine=as_json)
    elif query is None or output is not None:
        raise typer.BadParameter("expected QUERY, or --input FILE --output FILE")
    else:
        _one(query, history or [], by, machine=as_json)


def _one(query: str, history: list[str], by: Rewriter, *, machine: bool) -> None:
    from tamis.core import Query, as_query
    from tamis.rewrite import told

    asked = as_query(Query(query, history=tuple(history)))
    variants = by.rewrite(asked)
    if machine:
        show.as_json(told(query, variants))
        return
    shown = show.table(f"{query}  [{by.name}]", "text", "change", "why")
    for one in variants:
        changes = [(f"{c.before or '∅'} → {c.after or '∅'}" if c.before or c.after else "", c.why) for c in one.changes]
        rows = changes or [("", "" if one.changed else "as it was asked")]
        for at, (change, why) in enumerate(rows):
            shown.add_row(*map(show.printable, ("" if at else one.text, change, why)))
    for column in shown.columns:
        column.justify, column.overflow, column.no_wrap = "left", "fold", False
    show.out(shown)


def _batch(source: str, output: str, by: Rewriter, threads: int, *, machine: bool) -> None:
    from tamis.rewrite import rewrite_file

    with show.progress("rewriting") as progress:
        counts = rewrite_file(source, sys.stdout if output == "-" else output, by, threads=threads, progress=progress)
    counted = {what: many for what, many in getattr(by, "counted", {}).items() if many}
    if machine and output != "-":
        show.as_json({"output": output, "by": by.name, **counts, **({"model": counted} if counted else {})})
        return
    told = ", ".join(f"{many} {what}" for what, many in counted.items())
    rewritten = f"{counts['changed']} of {counts['rows']} questions rewritten by {by.name}"
    show.say(f"{rewritten}{f' ({told})' if told else ''}: {output}")
