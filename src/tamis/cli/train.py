"""``tamis train``: from labels to a better reranker or encoder, with its figures, card and calibration."""

from __future__ import annotations

import sys

import typer

from tamis.cli.options import AsJson
from tamis.cli.training import (
    USUAL,
    Base,
    Conflicts,
    Data,
    Dev,
    How,
    Kind,
    Output,
    measured_on,
    shown,
    stopping,
    telling,
    training,
)


@training
def command(
    data: Data,
    output: Output,
    base: Base = "e5-small",
    kind: Kind = "cross-encoder",
    dev: Dev = "0.1",
    conflicts: Conflicts = "refuse",
    how: How = USUAL,
    as_json: AsJson = False,
) -> None:
    """Train a reranker or an encoder on labels; what comes out is an ordinary model folder, measured before and after.

    Ctrl-C writes a checkpoint and stops; the same command with --resume goes on.

    Example: tamis train --data my_labels.jsonl --base e5-small --layers 6 -o reranker-ft

    With LoRA: tamis train --data my_rerank_data.jsonl --base cross-encoder/ms-marco-MiniLM-L-6-v2
    --output reranker-ft --tune lora --lora-rank 8 --max-steps 1000
    """
    from tamis.train.after import shown_command
    from tamis.train.job import Job, train
    from tamis.train.processes.chosen import launch, running, started

    if how.nproc > 1 and not started():
        raise typer.Exit(launch(how.nproc, sys.argv[1:]))
    job = Job(
        [str(one) for one in data],
        base,
        output,
        kind=kind,
        dev=measured_on(dev),
        conflicts=conflicts,
        asked=how.asked(),
        resume=how.resume,
        command=shown_command(["tamis", *sys.argv[1:]]),
    )
    with running(how.strategy) as processes, stopping() as stop, telling() as (told, scoring):
        found = train(job, how.options(), processes=processes, told=told, scoring=scoring, stop=stop)
    if found:
        shown(found, machine=as_json)
