"""A real training run: the embedded encoder's lowest layers become a cross-encoder for insurance questions.

    scripts/bench train [STEPS [FURTHER]]     # TAMIS_DATA names the data; 2,000 steps, then 3,500

Questions and answers of insuranceqa in English and in machine-translated Chinese, the same model for both. Everything
runs through the command line: the data are written as lists, ``tamis train`` learns from short texts first, where a
step costs least, and goes on with longer ones; the model is measured on the development sets, whose questions it has
not seen, beside random order, BM25, the cosine of e5-small (the encoder whose lower layers it began with, all twelve of
them, which reads whole texts) and itself before training. The weights may not ship.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tamis import load_scorer
from tamis.core import Scorer
from tamis.data import Collection, Example, write_examples
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG, random_order
from tamis.experiment import Experiment
from tamis.pipeline import Rerank
from tamis.recall import Index, Mode
from tamis.score.folder import ModelFolder
from tamis.train.bases.opened import based, start_of
from tamis.train.options import Options

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("TAMIS_DATA") or HERE.parents[1] / "shared/data")
WORK = Path(os.environ.get("TAMIS_BENCH", "/tmp")) / "tamis-train-insurance"
LANGUAGES = ("en", "zh")
NEGATIVES = 12  # of the 200 that the data list for a question
DEV_EVERY = 200  # every so many questions one stands aside to choose the checkpoint
LAYERS, LENGTH = 4, 96
OPTIONS = {
    "--freeze-layers": 0,
    "--dropout": 0,
    "--loss": "softmax",
    "--batch-size": 8,
    "--documents": 6,
    "--patience": 0,
    "--conflicts": "drop",  # answers that two spellings of one question disagree about
}
SHORT = {"--base": "e5-small", "--layers": LAYERS, "--max-length": 64, "--rate": 2e-4}
LONGER = {"--max-length": LENGTH, "--rate": 1.5e-4, "--seed": 1}
FIRST_STAGES: dict[str, Mode] = {"BM25": "bm25", "e5-small, cosine": "dense"}


def questions() -> Iterator[tuple[int, Example]]:
    """Every training question in both languages, with its number: right answers, and some of the listed wrong ones."""
    with gzip.open(DATA / "train/insuranceqa/answers.jsonl.gz", "rt", encoding="utf-8") as file:
        answers = {row["id"]: row for row in map(json.loads, file)}
    rng = np.random.default_rng(0)
    with gzip.open(DATA / "train/insuranceqa/train.jsonl.gz", "rt", encoding="utf-8") as file:
        for at, row in enumerate(map(json.loads, file)):
            wrong = [one for one in row["neg"] if one not in row["pos"]]
            chosen = row["pos"] + [wrong[i] for i in rng.permutation(len(wrong))[:NEGATIVES]]
            labels = (1.0,) * len(row["pos"]) + (0.0,) * (len(chosen) - len(row["pos"]))
            for language in LANGUAGES:
                yield at, Example(row[language], tuple(answers[one][language] for one in chosen), labels)


def written() -> tuple[Path, Path]:
    """The questions as files: to learn from, and to choose the checkpoint by."""
    learn, dev = WORK / "learn.jsonl", WORK / "dev.jsonl"
    if not dev.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        known = {query.text for name in LANGUAGES for query in opened(name).queries}
        found = [(at, example) for at, example in questions() if example.query not in known]
        write_examples(learn, [example for at, example in found if at % DEV_EVERY])
        write_examples(dev, [example for at, example in found if not at % DEV_EVERY])
    return learn, dev


def opened(language: str) -> Collection:
    return Collection.open(DATA / f"eval/insuranceqa_{language}_dev")


def trained(folder: Path, steps: int, changes: Mapping[str, object]) -> Path:
    """The model's folder, trained so many steps; a run that was stopped goes on."""
    if (folder / "training/result.json").exists():
        return folder
    learn, dev = written()
    options = [str(part) for pair in {**OPTIONS, **changes}.items() for part in pair]
    command = ["train", "--data", str(learn), "--dev", str(dev), "-o", str(folder), "--max-steps", str(steps), *options]
    command += ["--resume"] if (folder / "training/checkpoints").is_dir() else []
    subprocess.run([sys.executable, "-m", "tamis", *command], check=True)
    return folder


def untrained() -> Scorer:
    """The same start, before training."""
    folder: ModelFolder = based("e5-small", WORK / "base", LAYERS)
    start = start_of(folder, "cross-encoder", Options(max_length=LENGTH))
    return start.scorer(start.network, "cpu")


def measured(language: str, scorers: Mapping[str, Scorer]) -> None:
    """Print nDCG@10 of every system on a development set, and how far the trained one is ahead."""
    collection = opened(language)
    trial = Experiment(collection, Index.build(collection.documents.values(), encoder="e5-small"))
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
    given = [*map(int, sys.argv[1:])]
    steps, further = given + [2000, 3500][len(given) :]
    short = trained(WORK / f"short-{steps}", steps, SHORT)
    model = trained(WORK / f"longer-{steps}-{further}", further, {"--base": short, **LONGER})
    for folder in (short, model):
        result = json.loads((folder / "training/result.json").read_text("utf-8"))
        pace = f"{result['seconds'] / 60:.0f} min, {result['pairs_per_second']:.0f} pairs/s"
        print(f"{folder.name}: {result['steps']} steps in {pace}")
    systems = {"untrained": untrained(), "trained": load_scorer(model, max_length=LENGTH)}
    for name in LANGUAGES:
        measured(name, systems)
