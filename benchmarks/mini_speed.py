"""tamis-mini beside sentence-transformers with a cross-encoder of MiniLM-L6's shape: the same pairs, taking turns.

    scripts/bench mini [MODEL] [--rounds 5]

MiniLM's weights are random in its true shape, which decides its speed and nothing else. Both sides tokenise in the time
that counts, each with its own tokenizer. ``tamis-blend`` is the model of before.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

from peers import sentence_transformers
from workloads import bert, tokenizer_of, workload

import tamis
from tamis.score.threads import threads

BATCHES = {"mixed": (32, 4), "FAQ": (32, 16)}  # sentence-transformers' default, and its best on such lengths


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", nargs="?", default="tamis-mini", help="a scorer's spec")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    import torch

    torch.set_num_threads(threads())
    ours = {name: tamis.load_scorer(name) for name in dict.fromkeys((asked.model, "tamis-blend"))}
    with tempfile.TemporaryDirectory() as made:
        bert(Path(made), 6, 384, 12)
        predict, tokenizer = sentence_transformers(Path(made)), tokenizer_of(Path(made))
        for kind, batches in BATCHES.items():
            load = workload(kind, tokenizer)
            runs = {f"sentence-transformers, batch {n}": partial(predict, load, n) for n in batches}
            runs |= {Path(name).name: partial(scorer.score, load.pairs) for name, scorer in ours.items()}
            print(f"{kind}, {len(load.documents)} documents, {threads()} threads, median of {asked.rounds} rounds")
            seconds = taking_turns(runs, asked.rounds)
            first = next(iter(seconds.values()))
            for name, each in seconds.items():
                print(f"  {name:34}{len(load.documents) / each:8.1f} pairs/s {first / each:7.2f} x")


def taking_turns(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: median(each) for name, each in seconds.items()}


if __name__ == "__main__":
    main()
