"""``tamis agree``: how far annotators agree, who is good, one label out of several, and what to look at again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.data.agree import Agreement, Layout

SHOWN = 20  # annotators that the table lists, worst first
TITLES = {
    "percent_agreement": "percent agreement",
    "cohen_kappa": "Cohen's kappa",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac1": "Gwet's AC1",
    "krippendorff_alpha_nominal": "Krippendorff's alpha, nominal",
    "krippendorff_alpha_interval": "Krippendorff's alpha, interval",
    "gwet_ac2": "Gwet's AC2, quadratic weights",
    "kappa_linear": "Cohen's kappa, linear weights",
    "kappa_quadratic": "Cohen's kappa, quadratic weights",
}


def command(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="Columns item, annotator, label (.jsonl, .csv, .tsv).")
    ],
    ordinal: Annotated[
        bool, typer.Option("--ordinal/--nominal", help="Whether near misses count as part agreement.")
    ] = False,
    grades: Annotated[
        str | None,
        typer.Option(metavar="LABEL=NUMBER,...", help="Numbers for labels that are words (no=0,partly=1,yes=2)."),
    ] = None,
    annotators: Annotated[
        str | None,
        typer.Option(metavar="COLUMNS", help="A row is an item, and these columns hold one annotator each (ann,bob)."),
    ] = None,
    header: Annotated[
        str | None, typer.Option(metavar="COLUMNS", help="Names of all columns of a table without a header line.")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(metavar="LABELS", help="Labels that mean that no answer was given (?,skip).")
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Known labels (item, label): who hits them, and what does.")
    ] = None,
    majority: Annotated[
        bool, typer.Option("--majority", help="Adjudicate by majority, not by Dawid and Skene's model.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write one label an item, with weight (JSONL)."),
    ] = None,
    queue: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the items to look at again, most open first (JSONL).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how far annotators agree; adjudicate their labels; list what deserves a second look.

    With query and document columns, what -o writes are training pairs.

    Example: tamis agree labels.csv -o adjudicated.jsonl --queue queue.jsonl

    One column an annotator: tamis agree table.tsv --annotators ann,bob,eve --ordinal
    """
    from tamis.data.agree import agreement, read_gold, read_labels, write_rows

    layout = _layout(annotators, header, missing, grades)
    table = read_labels(labels, layout)
    found = agreement(table, ordinal=ordinal, gold=None if gold is None else read_gold(gold, table, layout))
    said = []
    if output is not None:
        count = write_rows(output, found.adjudicated(majority=majority or found.few).rows())
        said.append(f"{count} adjudicated labels: {output}")
        if found.few and not majority:
            said.append("by majority: annotators gave too few labels for a model of each of them")
        if table.texts and table.numbers is None:
            said.append("training reads labels that are numbers: give these words their --grades")
    if queue is not None:
        said.append(f"{write_rows(queue, found.queue().rows())} items to look at again: {queue}")
    if as_json:
        show.as_json(found.as_json())
        return
    _show(found)
    for line in said:
        show.say(line)


def _layout(annotators: str | None, header: str | None, missing: str | None, grades: str | None) -> Layout:
    from tamis.data.agree import Layout

    columns, names = _list("--annotators", annotators), _list("--header", header)
    if names and (strange := [column for column in columns if column not in names]):
        raise typer.BadParameter(f"--annotators names {strange[0]!r}, which --header does not have")
    return Layout(columns, names, frozenset(_list("--missing", missing)), None if grades is None else _grades(grades))


def _list(option: str, given: str | None) -> tuple[str, ...]:
    """The names in a comma-separated option."""
    names = () if given is None else tuple(name.strip() for name in given.split(","))
    if not all(names) or len(set(names)) != len(names):
        raise typer.BadParameter(f"{option} takes different names with commas between them, got {given!r}")
    return names


def _grades(given: str) -> dict[str, float]:
    from tamis.data.agree.table import as_grade

    found: dict[str, float] = {}
    for part in _list("--grades", given):
        label, equals, number = part.rpartition("=")
        grade = as_grade(number)
        if not equals or grade is None:
            raise typer.BadParameter(f"--grades takes LABEL=NUMBER with commas between them, got {part!r}")
        found[label.strip()] = grade
    return found


def _show(found: Agreement) -> None:
    show.out(_figures(found))
    show.out(_people(found))
    for sentence in found.notes:
        show.say(sentence)


def _figures(found: Agreement) -> Any:
    table = found.table
    kind = "ordinal" if found.ordinal else "nominal"
    title = f"{len(table.items)} items, {len(table.annotators)} annotators, {table.ratings} labels ({kind})"
    shown = show.table(title, "figure", "value", "95 %")
    for name, estimate in found.coefficients.items():
        value = f"{estimate.value:.4f}" if estimate.value is not None else f"not defined: {estimate.reason}"
        shown.add_row(TITLES[name], show.printable(value), _between(estimate.interval))
    for name, known in found.known.items():
        made = "Dawid and Skene" if name == "dawid_skene" else name
        value = f"{known.value:.4f} of {found.known_items}"
        shown.add_row(f"known labels hit by {made}", value, _between(known.interval))
    return shown


def _people(found: Agreement) -> Any:
    """The annotators, worst first; the first rows of a long list."""
    known = ("known labels hit",) if found.known else ()
    shown = show.table("annotators", "annotator", "labels", "agreement", "kappa", "95 %", "accuracy", *known, "why")
    ranked = sorted(found.annotators, key=lambda who: who.accuracy)
    for who in ranked[:SHOWN]:
        hit = (_number(who.gold.value if who.gold else None),) if known else ()
        agreed, kappa = _number(who.agreement), _number(who.kappa.value)
        flags = show.printable("; ".join(who.flags))
        row = (show.printable(who.name), str(who.ratings), agreed, kappa, _between(who.kappa.interval))
        shown.add_row(*row, f"{who.accuracy:.3f}", *hit, flags)
    if (more := len(ranked) - SHOWN) > 0:
        shown.caption = f"and {more} more: --json lists all"
    return shown


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
