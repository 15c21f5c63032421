"""The sections minilm, tinybert and xlmr: classifiers of true shapes on mixed and on short texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ours
import peers
from ours import INT8, ONNX, SAME_FILE, TORCH
from peers import DEFAULT, FLASHRANK, ONE
from report import Report, Target
from timing import Contender, Shape, in_turns
from workloads import bert, tokenizer_of, workload, xlm_roberta

from tamis.score.threads import threads

ROOF = (Target(TORCH, "GEMM", 0.8), Target(ONNX, "GEMM", 0.8))


@dataclass(frozen=True, slots=True)
class Plan:
    """A classifier of one shape and how it is measured.

    Attributes:
        make: writes the folder and says its shape.
        rounds, documents: of each workload.
        plain: whether those that read one plain ONNX file take part.
        batches: batch sizes of sentence-transformers beside its 32.
        targets: what was promised, by workload.
    """

    make: Callable[[Path], Shape]
    rounds: int
    documents: int
    plain: bool
    batches: tuple[int, ...]
    targets: dict[str, tuple[Target, ...]]


PLANS = {
    "minilm": Plan(
        lambda folder: bert(folder, 6, 384, 12),
        rounds=3,
        documents=100,
        plain=True,
        batches=(4, 8, 16),
        targets={
            "mixed": (
                Target(TORCH, DEFAULT, 2.1),
                Target(TORCH, "tuned", 1.25),
                Target(ONNX, DEFAULT, 1.9),
                Target(ONNX, "tuned", 1.1),
                Target(INT8, DEFAULT, 2.7),
                Target(SAME_FILE, FLASHRANK, 4.0),
                *ROOF,
            ),
            "FAQ": (
                Target(TORCH, DEFAULT, 1.4),
                Target(ONNX, DEFAULT, 1.4),
                Target(SAME_FILE, FLASHRANK, 1.3),
                *ROOF,
            ),
        },
    ),
    "tinybert": Plan(
        lambda folder: bert(folder, 2, 128, 2),
        rounds=7,
        documents=100,
        plain=True,
        batches=(4, 8, 16, 64),
        targets={"mixed": (Target(TORCH, DEFAULT, 3.0), Target(ONNX, DEFAULT, 2.3), *ROOF), "FAQ": ROOF},
    ),
    "xlmr": Plan(
        xlm_roberta,
        rounds=1,
        documents=64,
        plain=False,
        batches=(4, 8),
        targets={"mixed": (Target(TORCH, DEFAULT, 2.0), *ROOF)},
    ),
}


def measure(name: str, report: Report, place: Path) -> None:
    """One shape on its workloads."""
    plan = PLANS[name]
    folder, plain = place / "model", place / "plain"
    folder.mkdir()
    shape = plan.make(folder)
    files = {}
    if plan.plain:
        peers.export_plain(folder, plain)
        files = peers.of_plain_file(plain, place, shape)
    predict, alone = peers.sentence_transformers(folder), peers.one_at_a_time(folder)
    entrants = ours.entrants(report, name, folder, place, shape, plain if plan.plain else None)
    for kind, targets in plan.targets.items():
        load = workload(kind, tokenizer_of(folder), plan.documents)
        contenders = peers.of_sentence_transformers(predict, load, plan.batches)
        contenders.append(Contender(ONE, lambda load=load: alone(load)))
        for other, (run, count) in (files | entrants).items():
            made = Contender(other, lambda run=run, load=load: run(load), exact=other != INT8, session_flops=count)
            contenders.append(made)
        found, rates = in_turns(contenders, plan.rounds)
        size = f"{shape.layers} layers of {shape.hidden}"
        title = f"{name}, {kind}: {plan.documents} documents, {threads()} threads, {size}, random weights"
        report.table(name, title, found, rates, plan.documents, targets)
