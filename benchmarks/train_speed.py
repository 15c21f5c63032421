"""Training speed beside sentence-transformers' CrossEncoderTrainer: the same model, data and loss, in one process.

    scripts/bench train-speed [STEPS]     # TAMIS_DATA names the data; 12 steps a round

Pairs of insurance questions and answers, English and Chinese, 256 tokens at most, 32 pairs a step, binary
cross-entropy, fp32, as many threads as TAMIS_THREADS says. The model is the embedded encoder's six lowest layers with a
new head, once with all parameters learning and once with its word vectors frozen. Contenders take turns; a round's
first two steps are not counted.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from insurance_lists import Lists

from tamis.data import Example
from tamis.score.threads import threads
from tamis.train.bases.opened import based, start_of
from tamis.train.checkpoints import Checkpoints
from tamis.train.log import Log
from tamis.train.loop import Run, fit
from tamis.train.losses.forms import loss
from tamis.train.options import Batches, Options, Watch
from tamis.train.processes.base import Alone
from tamis.train.sampler import Sampler
from tamis.train.tune import Full

PAIRS, LISTED, LENGTH, LAYERS, ROUNDS, UNCOUNTED = 32, 8, 256, 6, 3, 2
FREEZE = {"all parameters": None, "word vectors frozen": 0}


def examples(count: int) -> list[Example]:
    """Lists of eight documents; every query has as many, so that steps have as many pairs."""
    found = (example for _, example in Lists().examples())
    lists = [
        Example(e.query, e.documents[:LISTED], e.labels[:LISTED]) for e, _ in zip(found, range(count), strict=False)
    ]
    return [one for one in lists if len(one.documents) == LISTED]


def speed(times: list[float]) -> float:
    """Pairs a second from the ends of steps."""
    counted = times[UNCOUNTED:]
    return PAIRS * (len(counted) - 1) / (counted[-1] - counted[0])


def ours(folder: Path, data: list[Example], steps: int, freeze: int | None) -> float:
    """tamis: packed tokens."""
    import torch

    times: list[float] = []
    options = Options(
        loss=loss("bce"),
        tune=Full(freeze),
        batches=Batches(PAIRS // LISTED, LISTED, max_steps=steps),
        watch=Watch(evaluate=10**6, checkpoint=10**6),
        max_length=LENGTH,
    )
    start = start_of(based(folder, folder, None), "cross-encoder", options)
    with tempfile.TemporaryDirectory() as place:
        run = Run(
            start,
            Sampler(data, options.batches, 0),
            loss("bce"),
            options,
            Alone(),
            Checkpoints(Path(place) / "checkpoints", {}),
            Log(Path(place) / "log.jsonl"),
            torch.device("cpu"),
            progress=lambda done, total, value: times.append(time.perf_counter()),
        )
        fit(run)
    return speed(times)


def theirs(folder: Path, data: list[Example], steps: int, freeze: int | None) -> float:
    """sentence-transformers' trainer with its defaults: batches in random order, padded to their longest pair."""
    from datasets import Dataset
    from sentence_transformers import CrossEncoder
    from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
    from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.times: list[float] = []

        def on_step_end(self, *_: object, **__: object) -> None:
            self.times.append(time.perf_counter())

    model = CrossEncoder(str(folder), num_labels=1, max_length=LENGTH, device="cpu")
    if freeze is not None:
        model.model.bert.embeddings.requires_grad_(False)
    rows = [(e.query, text, label) for e in data for text, label in zip(e.documents, e.labels, strict=True)]
    columns = dict(zip(("query", "document", "label"), map(list, zip(*rows, strict=True)), strict=True))
    clock = Clock()
    with tempfile.TemporaryDirectory() as place:
        arguments = CrossEncoderTrainingArguments(
            output_dir=place,
            per_device_train_batch_size=PAIRS,
            max_steps=steps,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            logging_strategy="no",
            seed=0,
        )
        dataset = Dataset.from_dict(columns)
        trainer = CrossEncoderTrainer(
            model=model, args=arguments, train_dataset=dataset, loss=BinaryCrossEntropyLoss(model), callbacks=[clock]
        )
        trainer.train()
    return speed(clock.times)


def main(steps: int) -> None:
    import torch

    torch.set_num_threads(threads())
    work = Path(tempfile.mkdtemp())
    try:
        plain = start_of(based("e5-small", work / "base", LAYERS), "cross-encoder", Options(max_length=LENGTH))
        plain.write(dict(plain.network.named_parameters()), work / "model")
        data = examples(4000)
        rng = np.random.default_rng(0)
        data = [data[i] for i in rng.permutation(len(data))]
        for name, freeze in FREEZE.items():
            contenders: dict[str, Callable[[], float]] = {
                "sentence-transformers": lambda f=freeze: theirs(work / "model", data, steps, f),
                "tamis": lambda f=freeze: ours(work / "model", data, steps, f),
            }
            found: dict[str, list[float]] = {who: [] for who in contenders}
            for _ in range(ROUNDS):
                for who, run in contenders.items():
                    found[who].append(run())
            base = np.array(found["sentence-transformers"])
            print(f"\n| {name}, {threads()} threads | pairs/s | x sentence-transformers, each of {ROUNDS} rounds |")
            print("|---|---|---|")
            for who, speeds in found.items():
                ratios = ", ".join(f"{ratio:.2f}" for ratio in np.array(speeds) / base)
                print(f"| {who} | {np.median(speeds):.1f} | {ratios} |", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
