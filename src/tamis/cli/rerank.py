"""``tamis rerank``: order given documents for a query, or score a file of queries with their documents."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.decision import calibration_for, decided, policy_for
from tamis.cli.options import USUAL, AsJson, CalibrationFile, Chosen, Instruction, Model, PolicyFile, TopK, choosing

if TYPE_CHECKING:
    from tamis.core import Scorer
    from tamis.decide.policies.policy import Policy


@choosing(Model, "tamis-mini", passages=True)
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
    """
    if source is not None:
        if query is not None or docs is not None or output is None or calibration is not None:
            raise typer.BadParameter("a batch takes --input FILE --output FILE, without QUERY, --docs, --calibration")
        scorer = chosen.scorer()
        _batch(source, output, scorer, policy_for(policy, scorer), Said(chosen.model, instruction, as_json))
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
class Rules:
    """What is made of scores: a policy, a calibration, and how many candidates are shown."""

    policy: Path | None
    calibration: str | None
    top_k: int | None


def _one(query: str, docs: str, chosen: Chosen, rules: Rules, said: Said) -> None:
    from tamis.data import read_documents
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
    show.decided(decided(ranking, policy, rules.top_k), said.model, positions, machine=said.as_json)


def _batch(source: Path, output: Path, scorer: Scorer, policy: Policy | None, said: Said) -> None:
    from tamis.scoring import score_file

    with show.progress("scoring") as progress:
        counts = score_file(source, output, scorer, instruction=said.instruction, policy=policy, progress=progress)
    if said.as_json:
        show.as_json({"output": str(output), "model": said.model, **counts})
    else:
        accepted = f", {counts['accepted']} accepted" if policy is not None else ""
        show.say(f"{counts['pairs']} pairs of {counts['rows']} rows scored by {said.model}{accepted}: {output}")
