"""Runs under torchrun: trains each case of a plan, and keeps its loss curve and its weights."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tamis.data.training import read_training
from tamis.score.folder import ModelFolder
from tamis.score.nets.lib import nn, torch
from tamis.train.bases.files import write_tensors
from tamis.train.bases.opened import start_of
from tamis.train.checkpoints import Checkpoints
from tamis.train.log import Log
from tamis.train.loop import Run, fit
from tamis.train.losses.forms import loss
from tamis.train.options import Batches, Learning, Options, Watch
from tamis.train.processes.base import Processes
from tamis.train.processes.chosen import running
from tamis.train.sampler import Sampler
from tamis.train.tune import Full, Head, Lora

STEPS = 12


def trained(case: dict[str, Any], root: Path, processes: Processes) -> nn.Module:
    """Train one case, from its last checkpoint where it has one; the network with whole weights."""
    batches = Batches(queries=case["queries"], documents=4, max_steps=STEPS, tokens=case["tokens"], in_batch=False)
    options = Options(
        loss=loss("softmax"),
        tune={"full": Full, "head": Head, "lora": Lora}[case["tune"]](),
        batches=batches,
        learning=Learning(rate=1e-4, rows=False),  # which several processes do not have
        watch=Watch(evaluate=4, checkpoint=4),
        precision=case["precision"],
        recompute=case["recompute"],
    )
    assert options.loss
    start = start_of(ModelFolder(root / case["base"]), case["kind"], options)
    sampler = Sampler(read_training([root / "labels.jsonl"]), batches, seed=0)
    home = root / case["name"]
    dev = start.task(batches, torch.device("cpu")).read(sampler.at(0))  # something to measure in the first process

    def worth(network: nn.Module) -> float:
        network.eval()
        task: Any = start.task(batches, torch.device("cpu"))
        with torch.no_grad():
            found = task.scores(network, dev.parts[0]) if case["kind"] == "cross-encoder" else torch.zeros(1)
        return float(found.sum())

    stop = case["stop"]
    run = Run(
        start,
        sampler,
        options.loss,
        options,
        processes,
        Checkpoints(home / "checkpoints", {"case": case["name"]}),
        Log(home / "log.jsonl"),
        torch.device("cpu"),
        worth if case["measure"] else None,
    )
    if stop:
        seen: list[int] = []
        run = replace(run, stop=lambda: seen.append(0) or len(seen) == stop)  # type: ignore[func-returns-value]
    fit(run)
    return processes.plain(start.network)


def main() -> None:
    root, plan = Path(sys.argv[1]), json.loads(sys.argv[2])
    with running(os.environ.get("STRATEGY", "ddp")) as processes:
        for case in plan:
            network = trained(case, root, processes)
            if processes.rank == 0:
                write_tensors(dict(network.named_parameters()), root / case["name"] / "weights.safetensors")


if __name__ == "__main__":
    main()
