"""nDCG@10 of every development set: random order, BM25, dense, hybrid, tamis-blend, tamis-mini.

    TAMIS_DATA=/path/to/data python benchmarks/quality.py [SET ...]     # all sets: most of an hour on two cores
    python benchmarks/quality.py --table                                # the table of what has been measured

A set with candidates is reranked within them, by the texts alone, as ``tamis eval`` does; another is searched whole,
and the best 100 of hybrid search are reranked, with their BM25 weighed in. What is measured besides stands in
results/quality.json: "MODEL+bm25" reranks BM25's candidates with their BM25. Each text is encoded once, and what was
read serves every system; with --keep it serves later runs, too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from remembering import RememberingScorer

import tamis
from tamis.core import Document, Query, Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG, random_order
from tamis.pipeline import Rerank
from tamis.recall import Index

NDCG = nDCG @ 10
DEPTH = 100
RESULTS = Path(__file__).parent / "results/quality.json"
MODEL, BEFORE = "tamis-mini", "tamis-blend"
AGAINST = ("bm25", "dense", BEFORE)
MEANS = {
    "English": ("trec_dl21", "wikiqa_dev", "trecqa_dev", "insuranceqa_en_dev", "scifact", "cacm"),
    "Chinese": ("kuake_dev", "insuranceqa_zh_dev", "stard_dev"),
}
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
    for model in (scorer, scorer.beside(tamis.load_scorer(BEFORE))):
        texts, weighed = Rerank(model, evidence=()), Rerank(model)
        found[model.name] = texts(found["bm25"]) if collection.candidates else weighed(found["hybrid"])
        found[f"{model.name}, texts"] = texts(found["bm25"])
        found[f"{model.name}+bm25"] = weighed(found["bm25"])
    return found


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
    """Every system's mean nDCG@10 on one set, and tamis-mini against the others, query by query."""
    start = time.perf_counter()
    collection = Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)
    rankings = systems(collection, scorer)
    shuffled = random_order(as_run(rankings["bm25"]), collection.qrels, [NDCG])
    values = {system: evaluate(as_run(found), collection.qrels, [NDCG]) for system, found in rankings.items()}
    own = interval(values[MODEL][NDCG])
    return {
        "queries": len(collection.judged),
        "ndcg@10": {"random": shuffled.means[str(NDCG)]} | {s: float(v[NDCG].mean()) for s, v in values.items()},
        "interval": [own.low, own.high],
        "against": {other: paired(values[MODEL], values[other]) for other in AGAINST},
        "per query": {s: [round(float(v), 4) for v in values[s][NDCG]] for s in (*AGAINST, MODEL)},
        "seconds": round(time.perf_counter() - start),
    }


def paired(one: object, two: object) -> dict[str, float]:
    found = compare(one, two, NDCG)
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p_value}


def table(results: dict[str, dict]) -> str:
    """The results as Markdown, and the means over the sets of a language with their intervals."""
    columns = ("random", "bm25", "dense", "hybrid", BEFORE, MODEL)
    lines = [
        f"| set | queries | random | BM25 | e5 | hybrid | {BEFORE} | **{MODEL}** (95 %) | - BM25 | - e5 | - {BEFORE} |",
        "|---" * 11 + "|",
    ]
    for name in [s for s in SETS if s in results]:
        r = results[name]
        cells = [f"{r['ndcg@10'][c]:.3f}" for c in columns]
        cells[-1] = "**{}** ({:.3f} to {:.3f})".format(cells[-1], *r["interval"])
        tests = [
            f"{d['difference']:+.3f} ({d['low']:+.3f} to {d['high']:+.3f}, p {d['p']:.4f})"
            for d in (r["against"][other] for other in AGAINST)
        ]
        lines.append(f"| {name} | {r['queries']} | " + " | ".join(cells + tests) + " |")
    return "\n".join([*lines, *(mean(title, names, results) for title, names in MEANS.items())])


def mean(title: str, names: Sequence[str], results: dict[str, dict]) -> str:
    """The mean over sets, each counting alike; intervals of a bootstrap over each set's queries."""
    known, rng = [results[name]["per query"] for name in names if name in results], np.random.default_rng(0)
    if not known:
        return ""
    drawn = [{s: np.array(v) for s, v in own.items()} for own in known]
    sizes = [len(own[MODEL]) for own in drawn]
    samples = [[rng.integers(0, size, size) for size in sizes] for _ in range(2000)]

    def interval_of(values: list[np.ndarray]) -> str:
        means = [np.mean([v[at].mean() for v, at in zip(values, sample, strict=True)]) for sample in samples]
        low, high = np.percentile(means, [2.5, 97.5])
        return f"{np.mean([v.mean() for v in values]):+.3f} ({low:+.3f} to {high:+.3f})"

    averages = {s: np.mean([own[s].mean() for own in drawn]) for s in drawn[0]}
    gains = " | ".join(interval_of([own[MODEL] - own[other] for own in drawn]) for other in AGAINST)
    own = interval_of([own[MODEL] for own in drawn]).replace("+", "")
    return (
        f"| **{title}** ({len(known)} sets) | | | {averages['bm25']:.3f} | {averages['dense']:.3f} | | "
        f"{averages[BEFORE]:.3f} | **{own}** | {gains} |"
    )


def known(path: Path) -> dict[str, dict]:
    """What has been measured so far, by set."""
    return json.loads(path.read_text()) if path.exists() else {}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument("--model", default=MODEL, help="a folder to measure in its place, named tamis-mini")
    options.add_argument("--table", action="store_true", help="print what has been measured, measure nothing")
    options.add_argument("--results", type=Path, default=RESULTS, help="where results are kept (%(default)s)")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep what was read here, and use it again")
    asked = options.parse_args()
    results = known(asked.results)
    if not asked.table:
        for name in asked.sets:
            scorer = RememberingScorer(tamis.load_scorer(asked.model))
            with scorer.kept(asked.keep, name):
                found = {"model": scorer.fingerprint, **measured(name, scorer)}
            results = known(asked.results) | {name: found}
            print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
            asked.results.parent.mkdir(exist_ok=True)
            rows = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in results.items()]  # a line a set
            asked.results.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    print(table(results))


if __name__ == "__main__":
    main()
