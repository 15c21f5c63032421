"""``tamis distill``: a smaller model learns the scores of a larger one; labels are welcome and not needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import AsJson
from tamis.cli.training import (
    USUAL,
    Conflicts,
    How,
    Kind,
    Output,
    measured_on,
    shown,
    stopping,
    telling,
    training,
)

if TYPE_CHECKING:
    from tamis.train.distil import Plan
    from tamis.train.job import Trained

NONE = "-"

Spec = Annotated[
    str, typer.Option("--teacher", help="Who teaches: tamis-mini, a model folder, a hub id, the URL of a server.")
]
Lists = Annotated[
    list[Path] | None,
    typer.Option("--data", help="Queries with documents, labelled or not, in any known form; may be repeated."),
]
Queries = Annotated[Path | None, typer.Option(help="Queries without documents, which get theirs from --corpus.")]
Corpus = Annotated[
    Path | None,
    typer.Option(help="Documents, or an index folder: each query's list gets the best that a search finds there."),
]
Candidates = Annotated[int, typer.Option(min=2, help="How many of these a query's list gets.")]
Start = Annotated[
    str | None, typer.Option(help="Where the student begins; without it, as the teacher with fewer --layers.")
]
Held = Annotated[
    str,
    typer.Option(
        "--dev",
        help="Queries to measure on: a file, or a share of the queries; 0 is none. Unlabelled ones measure agreement "
        "with the teacher.",
    ),
]
Factor = Annotated[
    float | None,
    typer.Option(help="What the teacher's scores are multiplied by; without it, what suits the kind of student."),
]
Where = Annotated[str, typer.Option(help="Where the teacher runs: cpu, cuda, cuda:1, mps; auto is the fastest.")]


@training
def command(
    teacher: Spec,
    output: Output,
    data: Lists = None,
    base: Start = None,
    kind: Kind = "cross-encoder",
    queries: Queries = None,
    corpus: Corpus = None,
    candidates: Candidates = 30,
    dev: Held = "0.1",
    conflicts: Conflicts = "refuse",
    teacher_scale: Factor = None,
    teacher_device: Where = "auto",
    how: How = USUAL,
    as_json: AsJson = False,
) -> None:
    """Teach a smaller reranker or an encoder to score as a larger model does.

    The teacher scores every list once; its scores stay in OUTPUT/training/teacher.jsonl, so that the same command goes
    on where it was interrupted (while the student learns: with --resume).

    Example: tamis distill --teacher BAAI/bge-reranker-v2-m3 --data lists.jsonl --layers 4 -o reranker-small

    Without documents: tamis distill --teacher tamis-mini --queries queries.txt --corpus docs.jsonl --base e5-small
    --kind bi-encoder -o encoder-ft
    """
    from tamis.train.after import shown_command
    from tamis.train.distil import Distillation, Plan, student_base, taught
    from tamis.train.job import Job
    from tamis.train.pool import Pool
    from tamis.train.processes.chosen import launch, running, started
    from tamis.train.teaching import Teacher

    if data is None and queries is None:
        raise typer.BadParameter("give lists with --data, or --queries with a --corpus")
    options, master = how.options(), Teacher(teacher, teacher_device)
    job = Job(
        [str(one) for one in data or []],
        student_base(master, base, options, kind),
        output,
        kind=kind,
        dev=measured_on(dev),
        conflicts=conflicts,
        asked=how.asked(),
        resume=how.resume,
        command=shown_command(["tamis", *sys.argv[1:]]),
    )
    pool = None if corpus is None else Pool(corpus, candidates)
    plan = Plan.of(Distillation(master, job, queries, pool, teacher_scale), options)
    if not started():
        _score(plan)
    if how.nproc > 1 and not started():
        raise typer.Exit(launch(how.nproc, sys.argv[1:]))
    with running(how.strategy) as processes, stopping() as stop, telling() as (told, scoring):
        found = taught(plan, processes=processes, told=told, scoring=scoring, stop=stop)
    if found:
        shown(found, machine=as_json)
        if not as_json:
            _beside(found)


def _score(plan: Plan) -> None:
    """Have the teacher score.

    Raises:
        typer.Exit: it was stopped.
    """
    with stopping() as stop, show.progress("the teacher scores") as bar:
        done = plan.score(bar, stop)
    if not done:
        left = len(plan.scores.missing())
        show.say(f"stopped: {left} lists are not scored yet; the same command goes on from there")
        raise typer.Exit(130)


def _beside(found: Trained) -> None:
    """Print teacher and student side by side."""
    said = found.outcome.distilled or {}
    table = show.table(f"{said['teacher']} and its student", "system", "agreement (95 %)", "MB", "pairs/s")
    costs, alike = said["costs"], said["agreement"]
    for name in dict.fromkeys(("teacher", *alike, "after")):
        cost = costs.get("student" if name == "after" else name, {})
        table.add_row(name, _interval(alike.get(name)), *(_number(cost.get(key)) for key in _COSTS))
    show.out(table)
    if alike:
        show.say("agreement: rank correlation with the teacher's scores within each dev query")
    if said["labels"] == "teacher":
        show.say("nobody labelled the dev queries: all figures say how well the teacher is copied, none how good it is")
    if said["factor"] != 1:
        show.say(f"the teacher's scores were multiplied by {said['factor']:g}: the student's scores are on that scale")


_COSTS = ("megabytes", "pairs_per_second")


def _interval(found: dict[str, Any] | None) -> str:
    return NONE if found is None else f"{found['mean']:.3f} ({found['low']:.2f}-{found['high']:.2f})"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}"
