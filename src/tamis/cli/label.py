"""``tamis label``: pairs that decide a promise, labelled by several people; their progress, agreement and labels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tamis.cli import labelling, show
from tamis.cli.options import USUAL, AsJson, Chosen, LabelledBy, choosing
from tamis.errors import InputError

if TYPE_CHECKING:
    from tamis.data.agree import Agreement
    from tamis.labelling import Project


class Verbs(TyperGroup):
    """The verbs, and before a folder the one that labels in the terminal: ``tamis label DIR`` is ``label work DIR``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that the first word names."""
        named = bool(args) and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if named else ["work", *args])


app = typer.Typer(
    name="label",
    cls=Verbs,
    help="Label the pairs that decide a promise: draw them, hand them out, watch agreement, export labels.\n\n"
    "tamis label DIR --annotator NAME labels in this terminal, a key a pair.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder made by tamis label new.")]
ItemName = Annotated[str, typer.Argument(metavar="ITEM", help="The pair's name, as tamis label next says it.")]
By = Annotated[str, typer.Option("--annotator", "-a", metavar="NAME", help="Who labels.")]
Seconds = Annotated[float | None, typer.Option(min=0, help="How long it took.", show_default=False)]


@app.command("new")
@choosing(LabelledBy, None)
def new_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    pairs: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Rows with query and document; perhaps score, query_id, title (.jsonl, .csv)."
        ),
    ],
    precision: Annotated[float, typer.Option(help="What shall be promised: this share of what is shown is relevant.")],
    confidence: Annotated[float, typer.Option(help="How surely the promise holds.")] = 0.95,
    budget: Annotated[int, typer.Option(min=1, help="How many pairs can be labelled.")] = 200,
    overlap: Annotated[float, typer.Option(help="Share of them that two annotators see.")] = 0.2,
    grades: Annotated[
        str, typer.Option(metavar="GRADES", help="What annotators may say, lowest first (0,1,2; no,partly,yes).")
    ] = "irrelevant,relevant",
    relevant_if: Annotated[
        float | None,
        typer.Option(help="From which grade on a pair is relevant, its number or place; needed with three grades."),
    ] = None,
    title: Annotated[str, typer.Option(help="Name of the project.")] = "",
    guidelines: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A text that tells annotators what is relevant.")
    ] = None,
    chosen: Chosen = USUAL,
    as_json: AsJson = False,
) -> None:
    """Make a project: score the pairs where they have no scores, and draw those worth labelling.

    Example: tamis label new ./shop --pairs pairs.jsonl --precision 0.9 --budget 200
    """
    from tamis.decide import PrecisionAtLeast
    from tamis.labelling import Guide, Project, has_scores

    told = _text(guidelines)
    guide = Guide(title or folder.name, told, tuple(g.strip() for g in grades.split(",")), relevant_if, overlap)
    target = PrecisionAtLeast(precision, confidence)
    scorer = chosen.scorer() if chosen.given or not has_scores(pairs) else None
    with show.progress("scoring") as progress:
        project = Project.create(
            folder, pairs, target=target, budget=budget, scorer=scorer, guide=guide, progress=progress
        )
    (drawn,) = project.rounds
    if as_json:
        show.as_json({"folder": str(folder), "promise": target.promise, **drawn.as_json()})
        return
    show.say(f"{folder}: {len(drawn.items)} pairs to label, of {drawn.region} ({drawn.advice})")
    show.say(project.progress().outlook.sentence)
    show.say(f"label them: tamis label {folder} --annotator NAME")


@app.command("next")
def next_command(folder: Folder, annotator: By, as_json: AsJson = False) -> None:
    """Show the pair that an annotator is to label now; it is theirs for ten minutes.

    Example: tamis label next ./shop --annotator ann --json
    """
    project = _open(folder)
    item = project.next(annotator)
    if as_json:
        show.as_json({**item.as_json(), "grades": list(project.guide.grades)} if item else {"item": None})
    elif item is None:
        show.say(f"nothing is left for {annotator}")
    else:
        labelling.show_pair(item)
        show.say(f"tamis label set {folder} {item.id} {'|'.join(project.guide.grades)} --annotator {annotator}")


@app.command("set")
def set_command(
    folder: Folder,
    item: ItemName,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="A grade: its name or its number.")],
    annotator: By,
    seconds: Seconds = None,
    as_json: AsJson = False,
) -> None:
    """Keep what an annotator says of a pair; what they said of it before is replaced.

    Example: tamis label set ./shop 17 relevant --annotator ann
    """
    entry = _open(folder).label(item, annotator, label, seconds=seconds)
    if as_json:
        show.as_json(entry.as_json())


@app.command("skip")
def skip_command(folder: Folder, item: ItemName, annotator: By) -> None:
    """Pass over a pair that an annotator cannot judge; others may still get it.

    Example: tamis label skip ./shop 17 --annotator ann
    """
    _open(folder).skip(item, annotator)


@app.command("undo")
def undo_command(folder: Folder, annotator: By, as_json: AsJson = False) -> None:
    """Take back what an annotator did last, and hand them the pair again.

    Example: tamis label undo ./shop --annotator ann
    """
    item = _open(folder).undo(annotator)
    if as_json:
        show.as_json(item.as_json() if item else {"item": None})
    else:
        show.say(f"taken back: {item.id}" if item else f"{annotator} has done nothing that could be taken back")


@app.command("status")
def status_command(folder: Folder, as_json: AsJson = False) -> None:
    """Say how far the project has come, how far annotators agree, and how many labels the promise still takes.

    Example: tamis label status ./shop
    """
    project = _open(folder)
    standing, agreed = project.progress(), _agreement(project)
    if as_json:
        show.as_json({**standing.as_json(), "agreement": agreed.as_json() if agreed else None})
        return
    labelling.show_people(project, standing)
    if agreed:
        labelling.show_agreement(agreed)
    show.say(standing.sentence)
    for note in standing.notes:
        show.say(note)


@app.command("replan")
def replan_command(
    folder: Folder,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Pairs of the new round; without it, what is left of the first budget.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw another round, from the scores that the labels so far point to; the promise then rests on it alone.

    Example: tamis label replan ./shop --budget 150
    """
    project = _open(folder)
    drawn = project.replan(budget)
    if as_json:
        show.as_json(drawn.as_json())
        return
    show.say(f"round {len(project.rounds)}: {len(drawn.items)} pairs to label, of {drawn.region} ({drawn.advice})")


@app.command("more")
def more_command(
    folder: Folder, count: Annotated[int, typer.Argument(metavar="COUNT", min=1, help="How many pairs to add.")]
) -> None:
    """Add pairs of the same region to the present round.

    Example: tamis label more ./shop 100
    """
    show.say(f"{len(_open(folder).extend(count).items)} pairs to label")


@app.command("export")
def export_command(
    folder: Folder,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write: .jsonl or .csv.")],
    every_round: Annotated[
        bool,
        typer.Option("--every-round", help="Labels of all rounds, weighted: for calibrations, not for a promise."),
    ] = False,
    dawid_skene: Annotated[
        bool, typer.Option("--dawid-skene", help="Adjudicate by a model of the annotators, not by the majority.")
    ] = False,
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Write everybody's labels instead, as tamis agree reads them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write one label a pair, with score and weight, for tamis tune, tamis calibrate and tamis report.

    Example: tamis label export ./shop -o labelled.jsonl
    """
    project = _open(folder)
    if annotations:
        if every_round or dawid_skene:
            raise typer.BadParameter("--annotations writes labels as they were given: leave the other options out")
        count = project.annotations(output)
        if as_json:
            show.as_json({"path": str(output), "labels": count})
        else:
            show.say(f"{output}: {count} labels; tamis agree {output}")
        return
    made = project.export(output, every_round=every_round, model=dawid_skene)
    if as_json:
        show.as_json(made.as_json())
    else:
        labelling.show_exported(project, made, every_round)


@app.command("work")
def work_command(folder: Folder, annotator: By) -> None:
    """Label in this terminal, a key a pair; tamis label DIR does the same.

    Example: tamis label ./shop --annotator ann
    """
    if not sys.stdin.isatty():
        raise InputError("keys are read from a terminal, and this is none: use tamis label next and tamis label set")
    project = _open(folder)
    count = labelling.work(project, annotator)
    show.say(f"{count} labels; {project.progress().sentence}")


def _open(folder: Path) -> Project:
    from tamis.labelling import Project

    return Project.open(folder)


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from error


def _agreement(project: Project) -> Agreement | None:
    """How far annotators agree; None where nobody labelled what another did."""
    try:
        return project.agreement()
    except InputError:
        return None
