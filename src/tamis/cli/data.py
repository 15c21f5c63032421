"""``tamis data``: training data checked, converted between forms, and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.data import Example, Written
    from tamis.data.checks import Finding, Report

Conflicts: TypeAlias = Literal["refuse", "drop", "mean"]
Unjudged: TypeAlias = Literal["ignore", "negative"]
SplitBy: TypeAlias = Literal["query", "document"]

STYLES: Mapping[str, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}

app = typer.Typer(
    name="data",
    help="Training data: check it, convert it between forms, split it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help="Examples in any form (.jsonl, .csv, .tsv, a JSON array; .gz too), or folders with corpus, queries, "
        "qrels; several are read as one.",
    ),
]
OnConflict = Annotated[
    Conflicts, typer.Option("--conflicts", help="Documents with contradictory labels: stop, leave out, or average.")
]
OnUnjudged = Annotated[
    Unjudged, typer.Option(help="Candidates of a folder that nobody judged: left out, or labelled 0.")
]


@app.command("check")
def check_command(
    files: Files,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="What a model is measured on: say what stands on both sides.", show_default=False),
    ] = None,
    unjudged: OnUnjudged = "ignore",
    as_json: AsJson = False,
) -> None:
    """Report on training data: bad rows, contradictions, queries without positives or negatives, lengths, leaks.

    All problems are listed, not only the first. The exit code is 1 where there are errors.

    Example: tamis data check train.csv --against dev.jsonl
    """
    from tamis.data.checks import check

    with show.progress("reading rows") as progress:
        report = check(files, against=against or None, unjudged=unjudged, progress=progress)
    if as_json:
        show.as_json(report.as_json())
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(1)


@app.command("convert")
def convert_command(
    files: Files,
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write: .jsonl, .csv or .tsv; with .gz compressed.")
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORM",
            help="triplets, pairs, lists, messages (ms-swift), ms-swift3, sentence-transformers (or -query, -scores, "
            "-labels), flagembedding.",
        ),
    ],
    conflicts: OnConflict = "refuse",
    unjudged: OnUnjudged = "ignore",
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Leave out what the form cannot carry, and say how much that was.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write examples of any form in another; rows of one query are put together.

    What the form cannot carry (grades, scores, queries without positives) is an error, unless --lossy is given.

    Example: tamis data convert my_triplets.csv swift.jsonl --to messages
    """
    from tamis.data import convert, form_named

    form = form_named(to)
    written = convert(files, output, form, conflicts=conflicts, unjudged=unjudged, lossy=lossy)
    if as_json:
        show.as_json(_written(written))
        return
    show.say(f"{written.path}: {written.queries:,} queries in {written.rows:,} rows ({written.form})")
    for what, queries in written.lost.items():
        show.say(f"lost: {what}, of {queries:,} queries")


@app.command("split")
def split_command(
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to make.")],
    dev: Annotated[float, typer.Option(help="Share of the queries in dev.jsonl.")] = 0.1,
    by: Annotated[
        SplitBy, typer.Option(help="document: queries that share a document stay together, so that none is shared.")
    ] = "query",
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    conflicts: OnConflict = "refuse",
    unjudged: OnUnjudged = "ignore",
    as_json: AsJson = False,
) -> None:
    """Split examples by query into train.jsonl and dev.jsonl (lists), which appear together or not at all.

    A query's side depends on its text and the seed only: more data later moves no query.

    Example: tamis data split labels.jsonl --dev 0.1 -o sides
    """
    from tamis.data import read_training, split, write_split

    examples = read_training(files, conflicts=conflicts, unjudged=unjudged)
    train, held = split(examples, dev, seed=seed, by=by)
    written = write_split(output, train, held)
    shared = _shared(train, held)
    if as_json:
        show.as_json({"files": [_written(one) for one in written], "shared_documents": shared})
        return
    for one in written:
        show.say(f"{one.path}: {one.queries:,} queries")
    if shared:
        show.say(f"{shared:,} documents stand on both sides; --by document keeps each on one side")


def _written(written: Written) -> dict[str, Any]:
    return {**asdict(written), "path": str(written.path)}


def _shared(train: Sequence[Example], dev: Sequence[Example]) -> int:
    from tamis.data.split import document_key

    one, other = ({document_key(text) for example in side for text in example.documents} for side in (train, dev))
    return len(one & other)


def _show(report: Report) -> None:
    show.out(_table(report))
    for finding in report.findings:
        _show_finding(finding)
    found = [sum(finding.level == level for finding in report.findings) for level in STYLES]
    show.out("{} errors, {} warnings, {} notes".format(*found) if any(found) else "nothing to complain about")


def _table(report: Report) -> Any:
    counts = report.counts
    shown = show.table(", ".join(report.sources), "system", "value")
    shown.show_header = False
    for name, value in (
        ("rows", f"{report.rows:,}"),
        ("queries", f"{counts.queries:,}"),
        ("documents", f"{counts.documents:,}"),
        ("pairs", f"{counts.pairs:,}, of which {counts.positives:,} positive, {counts.negatives:,} negative"),
        ("teacher's scores", f"{counts.scored:,}"),
        ("labels", ", ".join(f"{label}: {many:,}" for label, many in list(report.labels.items())[:8])),
        *((f"{kind} a query", "{} to {}, mean {:.1f}".format(*_ends(of))) for kind, of in report.per_query.items()),
        ("query characters", _lengths(report.query_lengths)),
        ("document characters", _lengths(report.document_lengths)),
        ("pairs beyond 512 tokens", f"about {report.beyond_window:.1%}"),
        *((f"language of {texts}", _shares(shares)) for texts, shares in report.languages.items()),
    ):
        shown.add_row(name, value)
    return shown


def _ends(of: tuple[int, float, int]) -> tuple[int, int, float]:
    least, mean, most = of
    return least, most, mean


def _lengths(lengths: Any) -> str:
    return f"median {lengths.median:,}, 90 % {lengths.p90:,}, 99 % {lengths.p99:,}, longest {lengths.longest:,}"


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{language} {share:.0%}" for language, share in shares.items())


def _show_finding(finding: Finding) -> None:
    show.out(f"[{STYLES[finding.level]}]{finding.level}[/] {show.printable(finding.says)}")
    for place in finding.places:
        show.out(f"  {show.printable(str(place))}")
    if finding.places and (more := finding.count - len(finding.places)) > 0:
        show.out(f"  and {more:,} more")
    show.out(f"  -> {show.printable(finding.advice)}\n")
