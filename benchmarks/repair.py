"""nDCG@10 before and after repair: scifact clean, broken and repaired; cacm as it is and repaired.

    TAMIS_DATA=/path/to/data python benchmarks/repair.py                    # every system, three seeds: 50 minutes
    TAMIS_DATA=/path/to/data python benchmarks/repair.py --bm25 --seeds 8   # words only: a minute, nothing written
    python benchmarks/repair.py --table                                     # the tables of what has been measured

scifact's broken version is made by broken_pdf.py, once with seed 0 and then with several seeds, a query's value being
its mean over them (--seeds; --keep goes on where an earlier run ended). What repair gives back is
(repaired - broken) / (clean - broken), with a 95 % interval of a bootstrap over queries. tamis-mini reranks the best
100 of BM25 by the texts alone. Each text is encoded once; texts that repair restores are those that have been read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from broken_pdf import broken
from remembering import RememberingScorer, pair_key

import tamis
from tamis.core import Document, Query, Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, compare, evaluate, interval, nDCG
from tamis.pipeline import Rerank
from tamis.recall import Index
from tamis.text.repair import Known, affected, repaired

NDCG = nDCG @ 10
DEPTH, SEED, SEEDS = 100, 0, 3
RESULTS = Path(__file__).parent / "results/repair.json"
LOSSES = ("lost", "repaired - broken", "repaired - clean")
CONTROLS = ("scifact", "stard_dev", "vaswani", "cranfield")
NAMES = {
    "bm25": "BM25",
    "dense": "e5",
    "hybrid": "hybrid",
    "tamis-mini": "tamis-mini",
    "tamis-mini+bm25": "tamis-mini + BM25",
}


def systems(
    documents: Sequence[Document], queries: Sequence[Query], scorer: Reading | None
) -> dict[str, list[Ranking]]:
    """Rankings of the queries by every system; without a scorer, by words only."""
    found = {"bm25": Index.build(documents, encoder=None).search(queries, DEPTH, mode="bm25")}
    if scorer is None:
        return found
    scorer.take(queries, documents, found["bm25"])
    index = Index.build(documents, encoder=scorer.encoder)
    found["dense"] = index.search(queries, DEPTH, mode="dense")
    found["hybrid"] = index.search(queries, DEPTH, mode="hybrid")
    found["tamis-mini"] = Rerank(scorer, evidence=())(found["bm25"])
    found["tamis-mini+bm25"] = Rerank(scorer)(found["bm25"])
    return found


class Reading(RememberingScorer):
    """Reads the documents of several versions of a set, each text once."""

    def take(self, queries: Sequence[Query], documents: Sequence[Document], candidates: Sequence[Ranking]) -> None:
        """Read the documents of candidates that have not been read for their queries."""
        wanted: dict[str, set[int]] = {}
        for at, ranking in enumerate(candidates):
            for candidate in ranking:
                if pair_key(queries[at], candidate.doc) not in self.known:
                    wanted.setdefault(candidate.doc.id, set()).add(at)
        if new := [document for document in documents if document.id in wanted]:
            self.read(queries, new, wanted, 0)


def scored(collection: Collection, versions: Mapping[str, Sequence[Document]], scorer: Reading | None) -> dict:
    """Every system's values on each version of a set, by version and system."""
    made = {}
    for version, documents in versions.items():
        start = time.perf_counter()
        rankings = systems(documents, collection.judged, scorer)
        made[version] = {s: evaluate(as_run(r), collection.qrels, [NDCG]) for s, r in rankings.items()}
        print(f"{collection.name} {version}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return made


def row(values: Mapping[str, object], system: str, versions: Sequence[str]) -> dict[str, object]:
    """Means with intervals by version, and each version but the last against the last, query by query."""
    means = {}
    for version in versions:
        own = interval(values[version][system][NDCG])
        means[version] = [float(values[version][system][NDCG].mean()), own.low, own.high]
    last = versions[-1]
    tests = {v: paired(values[last][system], values[v][system]) for v in versions[:-1]}
    return {"ndcg@10": means, "repaired against": tests}


def paired(one: object, two: object) -> dict[str, float]:
    found = compare(one, two, NDCG)
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p_value}


def recovered(clean: np.ndarray, torn: np.ndarray, mended: np.ndarray) -> dict[str, float]:
    """The share of the loss that repair gives back, with an interval of a bootstrap over queries."""
    rng = np.random.default_rng(0)
    samples = rng.integers(0, len(clean), (4000, len(clean)))
    losses, gains = (clean - torn)[samples].mean(axis=1), (mended - torn)[samples].mean(axis=1)
    shares = gains[losses > 0] / losses[losses > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return {"share": float((mended - torn).mean() / (clean - torn).mean()), "low": float(low), "high": float(high)}


def opened(name: str) -> Collection:
    return Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)


def mended(documents: Sequence[Document]) -> list[Document]:
    known = Known.of(documents)
    return [repaired(document, known=known).document for document in documents]


def scifact(scorer: Reading | None) -> dict[str, object]:
    """scifact clean, broken, repaired."""
    collection = opened("scifact")
    clean = list(collection.documents.values())
    torn = [broken(document, SEED) for document in clean]
    versions = {"clean": clean, "broken": torn, "repaired": mended(torn)}
    values = scored(collection, versions, scorer)
    report = affected(torn, known=Known.of(torn))
    same = sum(_flat(a) == _flat(b) for a, b in zip(clean, versions["repaired"], strict=True))
    found: dict[str, dict[str, object]] = {}
    for system in values["clean"]:
        found[system] = row(values, system, tuple(versions))
        found[system]["loss"] = paired(values["broken"][system], values["clean"][system])
        found[system]["recovered"] = recovered(*(values[v][system][NDCG] for v in versions))
    return {
        "queries": len(collection.judged),
        "documents": len(clean),
        "affected": {kind: report.share(kind) for kind in report.kinds},
        "restored to the character": same / len(clean),
        "systems": found,
    }


def _flat(document: Document) -> str:
    return " ".join(document.text.split())


def cacm(scorer: Reading | None) -> dict[str, object]:
    """cacm as it is and repaired."""
    collection = opened("cacm")
    documents = list(collection.documents.values())
    versions = {"as it is": documents, "repaired": mended(documents)}
    values = scored(collection, versions, scorer)
    report = affected(documents)
    return {
        "queries": len(collection.judged),
        "documents": len(documents),
        "affected": {kind: report.share(kind) for kind in report.kinds},
        "systems": {system: row(values, system, tuple(versions)) for system in values["repaired"]},
    }


def many_seeds(scorer: Reading | None, count: int) -> dict[str, object]:
    """scifact broken by several seeds and repaired, by system: each query's value is its mean over the seeds."""
    collection = opened("scifact")
    clean = list(collection.documents.values())

    def values(documents: Sequence[Document]) -> dict[str, np.ndarray]:
        found = systems(documents, collection.judged, scorer)
        return {s: evaluate(as_run(r), collection.qrels, [NDCG])[NDCG] for s, r in found.items()}

    whole, drawn = values(clean), []
    for seed in range(count):
        start = time.perf_counter()
        torn = [broken(document, seed) for document in clean]
        drawn.append((values(torn), values(mended(torn))))
        print(f"scifact, seed {seed}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return {"seeds": count, "systems": {s: _over_seeds(whole[s], [(a[s], b[s]) for a, b in drawn]) for s in whole}}


def _over_seeds(clean: np.ndarray, drawn: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, object]:
    """What breaking costs and repair gives back, from clean values and each seed's broken and repaired ones."""
    torn, whole = np.mean(drawn, axis=0)
    pairs = ((torn, clean), (whole, torn), (whole, clean))
    return {
        "ndcg@10": {name: float(v.mean()) for name, v in (("clean", clean), ("broken", torn), ("repaired", whole))},
        "by seed": [[float(a.mean()), float(b.mean())] for a, b in drawn],
        **{what: _paired(*pair) for what, pair in zip(LOSSES, pairs, strict=True)},
        "given back": recovered(clean, torn, whole),
    }


def _paired(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """The mean difference with a bootstrap's interval, and p of a paired randomisation test."""
    rng, gap = np.random.default_rng(0), one - two
    low, high = np.percentile(gap[rng.integers(0, len(gap), (10_000, len(gap)))].mean(axis=1), [2.5, 97.5])
    flipped = np.abs((rng.choice((-1.0, 1.0), (10_000, len(gap))) * gap).mean(axis=1))
    p = (1 + int((flipped >= abs(gap.mean()) - 1e-12).sum())) / 10_001
    return {"difference": float(gap.mean()), "low": float(low), "high": float(high), "p": p}


def controls() -> dict[str, object]:
    """How many documents of clean sets each kind of repair would change."""
    found = {}
    for name in CONTROLS:
        documents = list(opened(name).documents.values())
        report = affected(documents, known=Known.of(documents))
        found[name] = {"documents": report.documents, **{k: n for k, n in report.kinds.items() if n}}
    return found


def tables(results: Mapping[str, dict]) -> str:
    """The results as Markdown."""
    made = {
        ("scifact", "clean (95 %)", "broken", "repaired", *LOSSES, "given back"): {
            system: [
                mean(r["ndcg@10"]["clean"]),
                *(f"{r['ndcg@10'][version][0]:.3f}" for version in ("broken", "repaired")),
                *map(difference, (r["loss"], r["repaired against"]["broken"], r["repaired against"]["clean"])),
                share(r["recovered"]),
            ]
            for system, r in results["scifact"]["systems"].items()
        },
        (f"scifact, {results['seeds']['seeds']} seeds", "clean", "broken", "repaired", *LOSSES, "given back"): {
            system: [
                *(f"{value:.4f}" for value in r["ndcg@10"].values()),
                *(difference(r[what]) for what in LOSSES),
                share(r["given back"]),
            ]
            for system, r in results["seeds"]["systems"].items()
        },
        ("cacm", "as it is (95 %)", "repaired (95 %)", "difference"): {
            system: [*map(mean, r["ndcg@10"].values()), difference(r["repaired against"]["as it is"])]
            for system, r in results["cacm"]["systems"].items()
        },
    }
    return "\n\n".join(
        "\n".join([line(heads), "|---" * len(heads) + "|", *(line([NAMES[s], *cells]) for s, cells in rows.items())])
        for heads, rows in made.items()
    )


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def share(of: Mapping[str, float]) -> str:
    return "{share:.0%} ({low:.0%} to {high:.0%})".format(**of)


def mean(of: Sequence[float]) -> str:
    return "{:.4f} ({:.3f} to {:.3f})".format(*of)


def difference(of: Mapping[str, float]) -> str:
    return "{difference:+.4f} ({low:+.4f} to {high:+.4f}, p {p:.4f})".format(**of)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bm25", action="store_true", help="search by words only, and keep no results")
    options.add_argument("--seeds", type=int, default=SEEDS, help="how often scifact is broken (%(default)s)")
    options.add_argument("--table", action="store_true", help="print what has been measured, measure nothing")
    options.add_argument("--results", type=Path, default=RESULTS, help="where results are kept (%(default)s)")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep what was read here, and use it again")
    asked = options.parse_args()
    if asked.table:
        results = json.loads(asked.results.read_text())
    else:
        scorer = None if asked.bm25 else Reading(tamis.load_scorer("tamis-mini"))
        with scorer.kept(asked.keep, "repair") if scorer else nullcontext():
            results = {
                "cacm": cacm(scorer),
                "scifact": scifact(scorer),
                "seeds": many_seeds(scorer, asked.seeds),
                "clean sets": controls(),
            }
        if scorer:
            asked.results.write_text(json.dumps({"model": scorer.fingerprint, **results}, indent=1) + "\n")
    print(tables(results))
    print(json.dumps({name: {k: v for k, v in r.items() if k != "systems"} for name, r in results.items()
                      if isinstance(r, dict)}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
