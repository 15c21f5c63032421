"""What rewriting and reranking gain on sets: the 2x2 as a Markdown table, and how fast its test is.

    python benchmarks/gain.py [SET ...] [--rewrite NAME|FILE|own] [--sample N] [--out FILE]
    python benchmarks/gain.py --speed

A set is a folder, or the name of one under ``eval/`` of the data (``TAMIS_DATA``). ``--rewrite own`` takes the file
``rewrites.jsonl`` in the set's folder, which ``benchmarks/conversations.py`` writes: what people made of the queries.
The figures are written as JSON to ``--out``, sets that stand there already are replaced, others kept. ``--speed``
times 10,000 permutations of 1,000 queries beside scipy's, in turns, in processor time of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tamis.cli.gain import rewriter_of
from tamis.data import Collection, atomic_write
from tamis.evaluate import paired
from tamis.gains import Study
from tamis.gains.errors import Errors
from tamis.recall import Index
from tamis.score import load_scorer

DATA = Path(os.environ.get("TAMIS_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
RESULTS = Path(__file__).parent / "results" / "gain.json"
OWN = "rewrites.jsonl"
MODEL = "tamis-mini"
SHOWN = ("rewrite", "rerank", "both", "rewrite if rerank", "interaction")
ROUNDS, QUERIES, REPEATS = 10_000, 1_000, 5


def studied(folder: Path, rewrite: str, sample: int | None) -> dict[str, Any]:
    """The figures of one set, without the texts of its queries."""
    collection = Collection.open(folder)
    if sample is not None:
        collection = collection.sampled(sample)
    index = Index.build(collection.documents.values(), encoder=None)
    rewriter = rewriter_of(str(folder / OWN) if rewrite == "own" else rewrite)
    found = Study(collection, index, rewriter, load_scorer(MODEL)).run()
    counts = {name: len(places) for name, places in Errors(found).lists.items()}
    return found.as_json() | {"sample": sample, "lists": counts}


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The sets as Markdown, a line each."""
    lines = [
        "| set, rewriter | queries (rewritten) | random | neither | rewrite | rerank | both | "
        + " | ".join(f"{name} (95 %; Holm)" for name in SHOWN)
        + " | rewriting |",
        "|" + "---|" * (8 + len(SHOWN)),
    ]
    for name, one in results.items():
        means = [one["random"], *(one["systems"][system] for system in ("neither", "rewrite", "rerank", "both"))]
        cells = [name, f"{one['queries']} ({one['rewritten']})", *(f"{mean['ndcg@10']['mean']:.3f}" for mean in means)]
        cells += [*(_test(one, test) for test in SHOWN), one["gate"]["rewriting"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _test(one: Mapping[str, Any], name: str) -> str:
    found = next(test for test in one["tests"] if (test["name"], test["by"], test["kind"]) == (name, "ndcg@10", ""))
    low, high = found["interval"]
    return f"{found['difference']:+.3f} ({low:+.3f} to {high:+.3f}; {found['p_holm']:.4f})"


def speed() -> str:
    """Seconds of the processor for one test, ours and scipy's, in turns."""
    from scipy.stats import permutation_test

    rng = np.random.default_rng(0)
    first = rng.random(QUERIES)
    second = np.clip(first + rng.normal(0.02, 0.2, QUERIES), 0, 1)

    def theirs() -> float:
        found = permutation_test(
            (first, second),
            lambda one, two, axis: np.mean(one - two, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=ROUNDS,
            batch=500,
            rng=np.random.default_rng(0),
        )
        return float(found.pvalue)

    def ours() -> float:
        return paired(first, second, rounds=ROUNDS).p_value

    contenders: dict[str, Callable[[], float]] = {
        "tamis (test and bootstrap interval)": ours,
        "scipy.stats.permutation_test": theirs,
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    p_values = {}
    for _ in range(REPEATS):
        for name, run in contenders.items():
            start = time.process_time()
            p_values[name] = run()
            seconds[name].append(time.process_time() - start)
    what = f"{ROUNDS:,} permutations of {QUERIES:,} queries"
    lines = [f"| {what} | seconds, median of {REPEATS} (least) | p |", "|---|---|---|"]
    lines += [
        f"| {name} | {statistics.median(taken):.3f} ({min(taken):.3f}) | {p_values[name]:.4f} |"
        for name, taken in seconds.items()
    ]
    return "\n".join(lines)


def kept(path: Path, made: Mapping[str, Any]) -> dict[str, Any]:
    """The results of earlier runs with the new ones in their place."""
    before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return before | dict(made)


def _folder(name: str) -> Path:
    return Path(name) if Path(name).is_dir() else DATA / "eval" / name


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["wikiqa_dev", "cacm"], metavar="SET")
    parser.add_argument("--rewrite", default="offline", metavar="NAME|FILE|own")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args(arguments)
    if given.speed:
        print(speed())
        return
    made: dict[str, Any] = {}
    for folder in map(_folder, given.sets):
        made[f"{folder.name}, {given.rewrite}"] = studied(folder, given.rewrite, given.sample)
        print(f"{folder.name}: done", flush=True)
    results = kept(given.out, made)
    with atomic_write(given.out) as out:
        json.dump(results, out, ensure_ascii=False, indent=1)
        out.write("\n")
    print(table(results))


if __name__ == "__main__":
    main()
