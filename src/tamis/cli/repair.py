"""``tamis data repair``: how much of a corpus is broken, the corpus repaired, and its repairs taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.text.repair import Affected, Mends


def command(
    corpus: Annotated[
        Path,
        typer.Argument(metavar="CORPUS", help="Documents: .txt (one a line), .jsonl, .csv; or a folder with a corpus."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="Write the repaired corpus here; without it, only report."),
    ] = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kinds",
            help="characters, pages, apart, spaces, hyphens, lines, records, titles; when asked for: titles-zh, "
            "headings. May be repeated, or separated by commas; without it, all but the last two.",
        ),
    ] = None,
    listing: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The list of repairs; without it, OUT.repairs.jsonl (CORPUS's, to undo)."),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="CORPUS was repaired: write what it was made from to OUT.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report how much of a corpus is broken as text from PDF files is; with -o, repair it, and list every repair.

    Documents without a fault stay as they are. --undo takes the repairs back, character for character.

    Example: tamis data repair corpus.jsonl -o repaired.jsonl

    Back: tamis data repair repaired.jsonl --undo -o corpus.jsonl
    """
    from tamis.data.repair import affected_corpus, repair_corpus

    if undo:
        _undo(corpus, output, listing, kinds, machine=as_json)
        return
    chosen = _kinds(kinds)
    if output is None:
        if listing:
            raise typer.BadParameter("--listing is written beside a repaired corpus: give -o, too")
        with show.progress("reading documents") as progress:
            affected = affected_corpus(corpus, kinds=chosen, progress=progress)
        _show(affected, {}, machine=as_json)
        return
    with show.progress("repairing documents") as progress:
        done = repair_corpus(corpus, output, listing=listing, kinds=chosen, progress=progress)
    _show(done.affected, {"output": str(done.path), "listing": str(done.listing)}, machine=as_json)
    show.say(f"{done.path}: {done.affected.affected:,} of {done.affected.documents:,} documents repaired")
    show.say(f"{done.listing}: every repair; tamis data repair {done.path} --undo -o FILE takes them back")


def _kinds(names: list[str] | None) -> tuple[Mends, ...]:
    from tamis.errors import InputError
    from tamis.text.repair import KINDS, kinds_named

    if not names:
        return KINDS
    try:
        return kinds_named([name.strip() for each in names for name in each.split(",") if name.strip()])
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--kinds") from error


def _undo(corpus: Path, output: Path | None, listing: Path | None, kinds: list[str] | None, *, machine: bool) -> None:
    from tamis.data.repair import undo_corpus

    if output is None:
        raise typer.BadParameter("--undo writes a file: give -o OUT")
    if kinds:
        raise typer.BadParameter("--undo takes all repairs back: leave --kinds out")
    with show.progress("taking repairs back") as progress:
        count = undo_corpus(corpus, output, listing=listing, progress=progress)
    if machine:
        show.as_json({"output": str(output), "undone": count})
    show.say(f"{output}: {count:,} documents as they were")


def _show(affected: Affected, paths: dict[str, Any], *, machine: bool) -> None:
    from tamis.text.repair import SAYS

    if machine:
        show.as_json({**affected.as_json(), **paths})
        return
    title = f"{affected.affected:,} of {affected.documents:,} documents have faults"
    table = show.table(title, "kind", "documents", "share", "repairs", "value")
    table.columns[0].justify = "left"
    table.columns[-1].header = "what it is; the first of them"  # it folds: figures are whole in 80 columns
    for kind, many in affected.kinds.items():
        first = affected.examples[kind][0] if affected.examples[kind] else None
        said = f"{SAYS[kind]}; {first.id}: {first.before!r} -> {first.after!r}" if first else SAYS[kind]
        row = (f"{many:,}", f"{affected.share(kind):.1%}", f"{affected.repairs[kind]:,}", show.printable(said))
        table.add_row(kind, *row)
    show.out(table)
