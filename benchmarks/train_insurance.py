"""A real training run: the embedded encoder's lowest layers become a cross-encoder for insurance questions.

    scripts/bench train [STEPS ...]     # TAMIS_DATA names the data; 2,000, 3,500, 5,500 and 4,400 steps

Questions and answers of insuranceqa in English and in machine-translated Chinese, the same model for both. Everything
runs through the command line: the data are written as lists, ``tamis train`` learns from short texts first, where a
step costs least, goes on with longer ones, with harder wrong answers, and with pairs that no part before it had; the
model is measured on the development sets, whose questions it has not seen, beside random order, BM25, the cosine of
e5-small (the encoder whose lower layers it began with, all twelve of them, which reads whole texts) and itself before
training. The weights may not ship.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from insurance_lists import LANGUAGES, LENGTH, WORK, FreshLists, HarderLists, Lists, opened

from tamis import load_scorer
from tamis.core import Scorer
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG, random_order
from tamis.experiment import Experiment
from tamis.pipeline import Rerank
from tamis.recall import Index, Mode
from tamis.score.folder import ModelFolder
from tamis.train.bases.opened import based, start_of
from tamis.train.options import Options


class Stage(NamedTuple):
    """A part of the training, which begins with the model of the part before."""

    name: str
    steps: int
    lists: type[Lists]
    options: Mapping[str, object]


BASE, LAYERS = "e5-small", 4
OPTIONS = {
    "--freeze-layers": 0,
    "--dropout": 0,
    "--loss": "softmax",
    "--batch-size": 8,
    "--documents": 6,
    "--patience": 0,
    "--conflicts": "drop",  # answers that two spellings of one question disagree about
}
STAGES = (
    Stage("short", 2000, Lists, {"--layers": LAYERS, "--max-length": 64, "--rate": 2e-4}),
    Stage("longer", 3500, Lists, {"--max-length": LENGTH, "--rate": 1.5e-4, "--seed": 1}),
    Stage(
        "harder",
        5500,
        HarderLists,
        {"--max-length": LENGTH, "--rate": 1.5e-4, "--seed": 2, "--evaluate-every": 1100},
    ),
    Stage(
        "fresh",
        4400,
        FreshLists,
        {"--max-length": LENGTH, "--rate": 1.5e-4, "--dropout": 0.1, "--seed": 3},
    ),
)
FIRST_STAGES: dict[str, Mode] = {"BM25": "bm25", "e5-small, cosine": "dense"}


def trained(stage: Stage, base: str, folder: Path, steps: int) -> Path:
    """The model's folder, trained so many steps; a run that was stopped goes on."""
    if (folder / "training/result.json").exists():
        return folder
    options = {**stage.lists.written(), **OPTIONS, **stage.options, "--max-steps": steps}
    command = ["train", "--base", base, "-o", str(folder), *(str(part) for pair in options.items() for part in pair)]
    command += ["--resume"] if (folder / "training/checkpoints").is_dir() else []
    subprocess.run([sys.executable, "-m", "tamis", *command], check=True)
    return folder


def model(steps: list[int]) -> Path:
    """The folder of the last part; parts are trained as many steps as are given, and after those as they say."""
    done: list[str] = []
    base = BASE
    for stage, count in zip(STAGES, [*steps, *(stage.steps for stage in STAGES[len(steps) :])], strict=True):
        done.append(f"{stage.name}-{count}")
        folder = trained(stage, base, WORK / "-".join(done), count)
        result = json.loads((folder / "training/result.json").read_text("utf-8"))
        pace = f"{result['seconds'] / 60:.0f} min, {result['pairs_per_second']:.0f} pairs/s"
        print(f"{folder.name}: {result['steps']} steps in {pace}")
        base = str(folder)
    return folder


def untrained() -> Scorer:
    """The same start, before training."""
    folder: ModelFolder = based(BASE, WORK / "base", LAYERS)
    start = start_of(folder, "cross-encoder", Options(max_length=LENGTH))
    return start.scorer(start.network, "cpu")


def measured(language: str, scorers: Mapping[str, Scorer]) -> None:
    """Print nDCG@10 of every system on a development set, and how far the trained one is ahead."""
    collection = opened(language)
    trial = Experiment(collection, Index.build(collection.documents.values(), encoder=BASE))
    queries = collection.judged
    given = trial.first_stage(queries, None)
    runs = {name: trial.first_stage(queries, mode) for name, mode in FIRST_STAGES.items()}
    runs |= {name: Rerank(scorer)(given) for name, scorer in scorers.items()}
    found = {name: evaluate(as_run(run), collection.qrels, [nDCG @ 10]) for name, run in runs.items()}
    found = {"random order": random_order(as_run(given), collection.qrels, [nDCG @ 10]), **found}
    print(f"\n| insuranceqa_{language}_dev, {len(queries)} questions | nDCG@10 (95 %) | trained ahead by (95 %) |")
    print("|---|---|---|")
    for name, one in found.items():
        spread, ahead = interval(one[nDCG @ 10]), compare(found["trained"], one, nDCG @ 10)
        lead = "" if name == "trained" else f"{ahead.difference:+.3f} ({ahead.low:+.3f} to {ahead.high:+.3f})"
        print(f"| {name} | {spread.mean:.3f} ({spread.low:.3f} to {spread.high:.3f}) | {lead} |", flush=True)


if __name__ == "__main__":
    folder = model([*map(int, sys.argv[1:])])
    systems = {"untrained": untrained(), "trained": load_scorer(folder, max_length=LENGTH)}
    for name in LANGUAGES:
        measured(name, systems)
