"""nDCG@10 of every development set: random order, BM25, dense, hybrid, tamis-mini; written to results/quality.json.

    TAMIS_DATA=/path/to/data python benchmarks/quality.py [SET ...]     # all sets: about an hour on two cores
    python benchmarks/quality.py --table                                # the table of what has been measured

A set with candidates is reranked within them; another is searched whole, and tamis-mini reranks the best 100 of the
stage named before it. Each text is encoded once and its vectors serve every system. With --sample N, so many judged
queries are drawn (seeded) and a set without candidates gets those of BM25's best 100, in which every system then ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from remembering import Remembering

import tamis
from tamis.core import Query, Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG, random_order
from tamis.pipeline import Rerank
from tamis.recall import Index
from tamis.score.late import LateInteraction

NDCG = nDCG @ 10
DEPTH = 100
RESULTS = Path(__file__).parent / "results/quality.json"
SETS = (
    "trec_dl21",
    "wikiqa_dev",
    "trecqa_dev",
    "kuake_dev",
    "house_dev",
    "cacm",
    "cranfield",
    "vaswani",
    "insuranceqa_en_dev",
    "insuranceqa_zh_dev",
    "scifact",
    "stard_dev",
)


def systems(collection: Collection, scorer: LateInteraction) -> dict[str, list[Ranking]]:
    """Rankings of the judged queries by every system."""
    queries = collection.judged
    found: dict[str, list[Ranking]] = {}
    words = Index.build(collection.documents.values(), encoder=None)
    found["bm25"] = first_stage(words, collection, queries, "bm25")
    found["tamis-mini"] = Rerank(scorer)(found["bm25"])
    listed = {doc for query in queries for doc in collection.candidates.get(query.id, ())}
    known = [d for id, d in collection.documents.items() if id in listed] if listed else collection.documents.values()
    index = Index.build(known, encoder=scorer.encoder)
    found["dense"] = first_stage(index, collection, queries, "dense")
    found["hybrid"] = first_stage(index, collection, queries, "hybrid")
    return found


def first_stage(index: Index, collection: Collection, queries: Sequence[Query], mode: str) -> list[Ranking]:
    if collection.candidates:
        return [index.rank(query, collection.candidates.get(query.id, ()), mode=mode) for query in queries]
    return index.search(queries, DEPTH, mode=mode)


def sampled(collection: Collection, size: int) -> Collection:
    """The set with fewer queries, and with candidates; documents that are no candidates count in BM25 only."""
    drawn = random.Random(0).sample(collection.judged, min(size, len(collection.judged)))
    candidates = collection.candidates
    if not candidates:
        words = Index.build(collection.documents.values(), encoder=None)
        candidates = {q.id: [c.doc.id for c in words.search(q, DEPTH, mode="bm25")] for q in drawn}
    qrels = {q.id: collection.qrels[q.id] for q in drawn}
    return replace(collection, queries=drawn, qrels=qrels, candidates=candidates)


def measured(name: str, scorer: LateInteraction, sample: int) -> dict[str, object]:
    """Every system's mean nDCG@10 on one set, and tamis-mini against BM25 and dense, query by query."""
    start = time.perf_counter()
    collection = Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)
    if sample:
        collection = sampled(collection, sample)
    rankings = systems(collection, scorer)
    shuffled = random_order(as_run(rankings["bm25"]), collection.qrels, [NDCG])
    values = {system: evaluate(as_run(found), collection.qrels, [NDCG]) for system, found in rankings.items()}
    mini = interval(values["tamis-mini"][NDCG])
    return {
        "queries": len(collection.judged),
        "sampled": bool(sample),
        "ndcg@10": {"random": shuffled.means[str(NDCG)]} | {s: float(v[NDCG].mean()) for s, v in values.items()},
        "tamis-mini interval": [mini.low, mini.high],
        "against": {two: paired(values["tamis-mini"], values[two]) for two in ("bm25", "dense")},
        "seconds": round(time.perf_counter() - start),
    }


def paired(one: object, two: object) -> dict[str, float]:
    found = compare(one, two, NDCG)
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p_value}


def table(results: dict[str, dict]) -> str:
    """The results as Markdown."""
    columns = ("random", "bm25", "dense", "hybrid", "tamis-mini")
    lines = [
        "| set | queries | random | BM25 | dense (e5) | hybrid | **tamis-mini** "
        "| tamis-mini - BM25 (95 %, p) | tamis-mini - dense (95 %, p) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [s for s in SETS if s in results]:
        r = results[name]
        cells = [f"{r['ndcg@10'][c]:.3f}" for c in columns]
        cells[4] = f"**{cells[4]}**"
        tests = [
            f"{d['difference']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f}, p {d['p']:.4f})"
            for d in (r["against"][two] for two in ("bm25", "dense"))
        ]
        drawn = " (drawn)" if r["sampled"] else ""
        lines.append(f"| {name} | {r['queries']}{drawn} | " + " | ".join(cells + tests) + " |")
    cells = [f"{np.mean([r['ndcg@10'][c] for r in results.values()]):.3f}" for c in columns]
    lines.append("| **mean** | | " + " | ".join(cells) + " | | |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument("--table", action="store_true", help="print what has been measured, measure nothing")
    options.add_argument("--sample", type=int, default=0, metavar="N", help="queries drawn of each set; 0: all")
    asked = options.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not asked.table:
        loaded = tamis.load_scorer("tamis-mini")
        for name in asked.sets:
            scorer = LateInteraction(
                loaded.name,
                Remembering(loaded.encoder),
                blends=loaded.blends,
                statistics=loaded.statistics,
                made=loaded.made,
            )
            results[name] = {"model": loaded.fingerprint, **measured(name, scorer, asked.sample)}
            print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
