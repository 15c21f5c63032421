"""``tamis rerank``: order given documents for a query, or score a file of queries with their documents."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.decision import calibration_for, decided, policy_for
from tamis.cli.options import (
    USUAL,
    AsJson,
    CalibrationFile,
    Chosen,
    Columns,
    Instruction,
    Model,
    PolicyFile,
    TopK,
    choosing,
    named_columns,
)

if TYPE_CHECKING:
    from tamis.core import Scorer
    from tamis.decide.policies.policy import Policy
    from tamis.errors import DataError


@choosing(Model, "tamis-mini", passages=True)
def command(
    query: Annotated[str | None, typer.Argument(help="What is asked.", show_default=False)] = None,
    docs: Annotated[
        str | None,
        typer.Option(
            help="Documents: .txt (one a line), .jsonl, .csv, gzip allowed, .xlsx; - reads stdin.", metavar="FILE|-"
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--input", help="Batch: .csv, .jsonl or .xlsx rows with query and document(s), or .txt and QUERY."
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Batch: where the scored rows go, .csv or .jsonl.")] = None,
    columns: Columns = "",
    errors: Annotated[
        Path | None, typer.Option(help="Batch: set rows that cannot be used aside, into this .jsonl file.")
    ] = None,
    chosen: Chosen = USUAL,
    instruction: Instruction = "",
    policy: PolicyFile = None,
    calibration: CalibrationFile = None,
    top_k: TopK = None,
    as_json: AsJson = False,
) -> None:
    """Order documents by how well they answer a query. Scores are raw logits, not probabilities.

    With --policy, only what the policy accepts is shown; a policy with a calibration gives probabilities beside scores.
    --calibration default gives those of the calibration that comes with the model, until you have labels of your own.

    Example: tamis rerank "how to return goods" --docs docs.txt --top-k 5

    Batch: tamis rerank --input pairs.csv --output scored.csv

    Batch: tamis rerank --input pairs.xlsx --output scored.csv --columns query=问题,document=答案 --errors errors.jsonl
    """
    if source is not None:
        if docs is not None or output is None or calibration is not None:
            raise typer.BadParameter("a batch takes --input FILE --output FILE, without --docs, --calibration")
        files = Files(source, output, errors, named_columns(columns), query or "")
        scorer = chosen.scorer()
        _batch(files, scorer, policy_for(policy, scorer), Said(chosen.model, instruction, as_json))
    elif columns or errors is not None:
        raise typer.BadParameter("--columns and --errors belong to a batch: --input FILE --output FILE")
    elif query is None or docs is None:
        raise typer.BadParameter("expected QUERY --docs FILE, or --input FILE --output FILE")
    else:
        _one(query, docs, chosen, Rules(policy, calibration, top_k), Said(chosen.model, instruction, as_json))


@dataclass(frozen=True, slots=True)
class Said:
    """The model's name, the task description, and whether JSON is wanted."""

    model: str
    instruction: str
    as_json: bool


@dataclass(frozen=True, slots=True)
class Files:
    """A batch: what is read, where its rows and those set aside go, what its columns are, what is asked of all rows."""

    source: Path
    output: Path
    errors: Path | None
    columns: dict[str, str]
    query: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What is made of scores: a policy, a calibration, and how many candidates are shown."""

    policy: Path | None
    calibration: str | None
    top_k: int | None


def _one(query: str, docs: str, chosen: Chosen, rules: Rules, said: Said) -> None:
    from tamis.data import read_documents
    from tamis.decide import read
    from tamis.pipeline import rerank

    documents = list(read_documents(sys.stdin.buffer if docs == "-" else docs))
    positions = {document.id: at for at, document in enumerate(documents)}
    scorer = chosen.scorer()
    policy, calibration = policy_for(rules.policy, scorer), calibration_for(rules.calibration, chosen.model)
    if calibration is not None and policy is not None and policy.calibration is not None:
        raise typer.BadParameter(f"{rules.policy} has a calibration of its own: leave --calibration out")
    with show.progress("reranking") as progress:
        ranking = rerank(query, documents, model=scorer, instruction=said.instruction, progress=progress)
    if calibration is not None:
        (ranking,) = calibration([ranking])
    reading = read(ranking, policy=policy)
    show.decided(decided(ranking, policy, rules.top_k), said.model, positions, reading, machine=said.as_json)


def _batch(files: Files, scorer: Scorer, policy: Policy | None, said: Said) -> None:
    from tamis.scoring import score_file, write_refused

    aside: list[DataError] = []
    try:
        with show.progress("scoring") as progress:
            counts = score_file(
                files.source,
                files.output,
                scorer,
                columns=files.columns,
                query=files.query,
                instruction=said.instruction,
                policy=policy,
                refused=aside.append if files.errors else None,
                progress=progress,
            )
    finally:
        if files.errors and (aside or files.errors.exists()):
            write_refused(files.errors, aside)
    if said.as_json:
        show.as_json({"output": str(files.output), "model": said.model, **counts})
    else:
        accepted = f", {counts['accepted']} accepted" if policy is not None else ""
        left = f", {len(aside)} set aside: {files.errors}" if aside else ""
        show.say(
            f"{counts['pairs']} pairs of {counts['rows']} rows scored by {said.model}{accepted}: {files.output}{left}"
        )
