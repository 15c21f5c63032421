"""nDCG@10 of every development set: random order, BM25, dense, hybrid, tamis-blend; written to results/quality.json.

    TAMIS_DATA=/path/to/data python benchmarks/quality.py [SET ...]     # all sets: most of an hour on two cores
    python benchmarks/quality.py --table                                # the table of what has been measured

A set with candidates is reranked within them; another is searched whole, and tamis-blend reranks the best 100 of BM25
or of hybrid search, with their BM25 weighed in; "texts" is the same without. Each text is encoded once, and what was
read serves every system; with --keep it serves other weights too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from remembering import RememberingScorer

import tamis
from tamis.core import Candidate, Document, Query, Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG, random_order
from tamis.pipeline import Rerank
from tamis.recall import Index

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


def systems(collection: Collection, scorer: RememberingScorer) -> dict[str, list[Ranking]]:
    """Rankings of the judged queries by every system."""
    queries = collection.judged
    words = Index.build(collection.documents.values(), encoder=None)
    found = {"bm25": first_stage(words, collection, queries, "bm25")}
    known = read(collection, scorer, found["bm25"])
    index = Index.build(known, encoder=scorer.encoder)
    found["dense"] = first_stage(index, collection, queries, "dense")
    found["hybrid"] = first_stage(index, collection, queries, "hybrid")
    found["texts"] = Rerank(scorer)([unscored(ranking) for ranking in found["bm25"]])
    found["tamis-blend"] = Rerank(scorer)(found["bm25"])
    found["hybrid + tamis-blend"] = Rerank(scorer)(found["hybrid"])
    return found


def unscored(ranking: Ranking) -> Ranking:
    """The candidates without what the first stage said of them."""
    return replace(ranking, items=tuple(Candidate(candidate.doc, 0.0) for candidate in ranking))


def read(collection: Collection, scorer: RememberingScorer, candidates: Sequence[Ranking]) -> Sequence[Document]:
    """Let the scorer read what it will be asked for, and give the documents that can be ranked."""
    wanted: dict[str, set[int]] = {}
    for at, ranking in enumerate(candidates):
        for candidate in ranking:
            wanted.setdefault(candidate.doc.id, set()).add(at)
    documents = list(collection.documents.values())
    if collection.candidates:
        documents = [document for document in documents if document.id in wanted]
    if not scorer.known:
        scorer.read(collection.judged, documents, wanted, 0 if collection.candidates else DEPTH)
    return documents


def first_stage(index: Index, collection: Collection, queries: Sequence[Query], mode: str) -> list[Ranking]:
    if collection.candidates:
        return [index.rank(query, collection.candidates.get(query.id, ()), mode=mode) for query in queries]
    return index.search(queries, DEPTH, mode=mode)


def measured(name: str, scorer: RememberingScorer) -> dict[str, object]:
    """Every system's mean nDCG@10 on one set, and tamis-blend against BM25 and dense, query by query."""
    start = time.perf_counter()
    collection = Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)
    rankings = systems(collection, scorer)
    shuffled = random_order(as_run(rankings["bm25"]), collection.qrels, [NDCG])
    values = {system: evaluate(as_run(found), collection.qrels, [NDCG]) for system, found in rankings.items()}
    blend = interval(values["tamis-blend"][NDCG])
    return {
        "queries": len(collection.judged),
        "ndcg@10": {"random": shuffled.means[str(NDCG)]} | {s: float(v[NDCG].mean()) for s, v in values.items()},
        "tamis-blend interval": [blend.low, blend.high],
        "against": {two: paired(values["tamis-blend"], values[two]) for two in ("bm25", "dense")},
        "seconds": round(time.perf_counter() - start),
    }


def paired(one: object, two: object) -> dict[str, float]:
    found = compare(one, two, NDCG)
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p_value}


def table(results: dict[str, dict]) -> str:
    """The results as Markdown."""
    columns = ("random", "bm25", "dense", "hybrid", "texts", "tamis-blend", "hybrid + tamis-blend")
    lines = [
        "| set | queries | random | BM25 | dense (e5) | hybrid | tamis-blend, texts alone | **tamis-blend** "
        "| hybrid, then tamis-blend | tamis-blend - BM25 (95 %, p) | tamis-blend - dense (95 %, p) |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [s for s in SETS if s in results]:
        r = results[name]
        cells = [f"{r['ndcg@10'][c]:.3f}" for c in columns]
        cells[5] = f"**{cells[5]}**"
        tests = [
            f"{d['difference']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f}, p {d['p']:.4f})"
            for d in (r["against"][two] for two in ("bm25", "dense"))
        ]
        lines.append(f"| {name} | {r['queries']} | " + " | ".join(cells + tests) + " |")
    cells = [f"{np.mean([r['ndcg@10'][c] for r in results.values()]):.3f}" for c in columns]
    lines.append("| **mean** | | " + " | ".join(cells) + " | | |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument("--table", action="store_true", help="print what has been measured, measure nothing")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep what was read here, and use it again")
    asked = options.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not asked.table:
        for name in asked.sets:
            scorer = RememberingScorer(tamis.load_scorer("tamis-blend"))
            kept = asked.keep and asked.keep / f"{name}.npz"
            if kept and kept.exists():
                scorer.restore(kept)
            found = {"model": scorer.fingerprint, **measured(name, scorer)}
            if kept:
                scorer.save(kept)
            results = (json.loads(RESULTS.read_text()) if RESULTS.exists() else {}) | {name: found}
            print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    main()
