"""``tamis bulk``: score millions of pairs, each exactly once, on this machine or on a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tamis.cli import show
from tamis.cli.options import USUAL, AsJson, Chosen, Columns, Instruction, Model, choosing, named_columns


@choosing(Model, "tamis-mini", passages=True)
def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="Rows with query and document(s): .jsonl, .csv, .tsv (plain or .gz), .parquet; a folder; a pattern.",
        ),
    ],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="A folder for the parts; of an earlier run: go on.")],
    chosen: Chosen = USUAL,
    columns: Columns = "",
    instruction: Instruction = "",
    form: Annotated[Literal["jsonl", "parquet"], typer.Option(help="How the parts are written.")] = "jsonl",
    block: Annotated[int, typer.Option(min=1, help="Rows that are scored and written together.")] = 4096,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes (with --ray, actors); without it, one a GPU or core.", show_default=False),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="local|ADDRESS", help="Score on Ray: started here, or the cluster at an address (auto)."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where OUTPUT was made from something else.")
    ] = False,
    joined: Annotated[
        Path | None, typer.Option(help="Write all parts, in order, into this file, too.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score millions of pairs into a folder of parts, each pair exactly once. Scores are raw logits.

    Stopped, killed or out of disk, the same command goes on where it was. Rows that cannot be used go to
    OUTPUT/errors, with file, line, field and reason. The parts are the same, byte for byte, however many workers there
    are, and whether they are processes or Ray's.

    Example: tamis bulk pairs.jsonl scored

    Several files, into one: tamis bulk 'data/*.csv' scored --columns query=问题,document=答案 --joined scored.jsonl

    A cluster: tamis bulk /shared/pairs /shared/scored --ray auto --device cuda --form parquet
    """
    from tamis.scale import Model as Loads
    from tamis.scale import bulk

    try:
        with show.progress("scoring") as progress:
            counts = bulk(
                source,
                output,
                model=Loads(chosen.model, **chosen.options()),
                columns=named_columns(columns),
                instruction=instruction,
                form=form,
                block=block,
                workers=workers,
                ray=ray,
                restart=restart,
                joined=joined,
                progress=progress,
            )
    except KeyboardInterrupt:
        show.say("stopped: the same command goes on from here")
        raise
    if as_json:
        show.as_json(counts)
    else:
        show.say(said(counts))
    if counts["set_aside"] or not counts["rows"]:
        raise typer.Exit(1)


def said(counts: dict[str, Any]) -> str:
    """What came of a run, for people."""
    lines = [f"{counts['pairs']} pairs of {counts['rows']} rows scored by {counts['model']}: {counts['output']}"]
    if counts["columns"]:
        lines.append(f"columns: {', '.join(f'{wanted}={name}' for wanted, name in counts['columns'].items())}")
    if counts["resumed"]:
        lines.append(f"{counts['resumed']} of {counts['blocks']} blocks were there already")
    if counts["refused"]:
        lines.append(f"{counts['refused']} rows set aside: {counts['output']}/errors")
    if counts["set_aside"]:
        lines.append(f"{counts['set_aside']} blocks could not be scored: the same command tries them again")
    return "\n".join(lines)
