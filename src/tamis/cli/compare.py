"""``tamis compare``: two runs held against each other on the same judgements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.differences import differences_table
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.evaluate import Comparison, Qrels, Run
    from tamis.evaluate.slices import Masks

LEAST = 3  # queries won or lost that the table names


def command(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="A run in TREC's six columns.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="The run that it is held against.")],
    qrels: Annotated[Path, typer.Option("--qrels", metavar="FILE", help="Judgements: query, document, grade.")],
    queries: Annotated[
        Path | None,
        typer.Option("--queries", metavar="FILE", help="The queries' texts, to compare by parts, too."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: A minus B by every measure with intervals and tests, hit@1, slices, queries won and lost.

    P-values are of paired randomisation tests (hit@1: McNemar's exact test), and beside them after Holm's correction
    over all comparisons of the report.

    Example: tamis compare reranked.run bm25.run --qrels qrels.tsv --queries queries.jsonl
    """
    from tamis.data import read_qrels
    from tamis.evaluate import comparison

    judged = {query: grades for query, grades in read_qrels(qrels).items() if grades}
    masks = _masks(queries, judged)
    found = comparison(_run(run_a, judged), _run(run_b, judged), judged, names=(run_a.name, run_b.name), masks=masks)
    if as_json:
        show.as_json(found.as_json())
    else:
        _show(found)


def _run(source: Path, judged: Qrels) -> Run:
    """A run; one of other queries would count 0 everywhere, and lose significantly.

    Raises:
        InputError: it holds none of the judged queries.
    """
    from tamis.data import read_run
    from tamis.errors import InputError

    run = read_run(source)
    if judged and not any(query in run for query in judged):
        other = f"its first query is {next(iter(run))!r}, " if run else "it is empty; "
        raise InputError(
            f"{source}: none of the {len(judged)} judged queries is there: {other}that of the qrels is "
            f"{next(iter(judged))!r}"
        )
    return run


def _masks(source: Path | None, judged: Qrels) -> Masks:
    """The parts of the judged queries, in the order of the qrels; none without texts.

    Raises:
        InputError: a judged query has no text.
    """
    from tamis.data import read_queries
    from tamis.errors import InputError
    from tamis.evaluate import asked_of, sliced

    if source is None:
        return {}
    texts = {query.id: query for query in read_queries(source)}
    if missing := [query for query in judged if query not in texts]:
        raise InputError(
            f"{source}: {len(missing)} judged queries have no text there, the first is {missing[0]!r}: "
            "give the queries of these qrels"
        )
    return sliced(asked_of([texts[query] for query in judged], judged))


def _show(found: Comparison) -> None:
    from tamis.evaluate.family import counted

    one, two = found.names
    for name, evaluation in zip(found.names, found.evaluations, strict=True):
        if evaluation.missing:
            show.say(f"{name}: no document for {len(evaluation.missing)} judged queries; each counts 0")
    plain = [test for test in found.tests if not test.kind]
    title = f"A = {one}, B = {two}; A minus B, {len(found.evaluations[0].queries)} queries (above 0: A is better)"
    show.out(differences_table(title, "measure", [(test.by, test) for test in plain]))
    if parts := [test for test in found.tests if test.kind]:
        named = [(f"{test.kind}: {test.part} ({test.paired.queries})", test) for test in parts]
        show.out(differences_table("parts of the queries: A minus B by nDCG@10", "part (queries)", named, seen=False))
    show.say(f"* below 0.05 after Holm's correction over all {counted(found.tests)} comparisons")
    won, lost = found.changed(LEAST)
    for what, rows in (("A won most", won), ("A lost most", lost)):
        if rows:
            show.say(f"{what}: {', '.join(map(_row, rows))}")


def _row(row: Mapping[str, Any]) -> str:
    return f"{show.safe(row['query'])} ({row['second']:.3f} to {row['first']:.3f})"
