"""nDCG@10 before and after repair: scifact clean, broken and repaired; cacm as it is and repaired.

    TAMIS_DATA=/path/to/data python benchmarks/repair.py                    # every system, three seeds: 50 minutes
    TAMIS_DATA=/path/to/data python benchmarks/repair.py --bm25 --seeds 8   # words only: three minutes, nothing written
    python benchmarks/repair.py --table                                     # the tables of what has been measured

scifact's broken version is made by broken_pdf.py, with seed 0 alone and with several seeds, a query's value being its
mean over them (--seeds; --keep goes on where an earlier run ended). What repair gives back is
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
from tamis.evaluate import as_run, evaluate, interval, nDCG, paired
from tamis.pipeline import Rerank
from tamis.recall import Index
from tamis.text.repair import Known, affected, repaired

NDCG = nDCG @ 10
DEPTH, SEEDS = 100, 3
RESULTS = Path(__file__).parent / "results/repair.json"
SYSTEMS = ("systems", "first seed", "all seeds")  # what the tables show
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
        made[version] = {s: evaluate(as_run(r), collection.qrels, [NDCG])[NDCG] for s, r in rankings.items()}
        print(f"{collection.name} {version}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return made


def tested(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """The first's difference to the other, query by query, with its interval and test."""
    found = paired(one, other)
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p_value}


def meant(values: np.ndarray) -> list[float]:
    """The mean over queries with its interval."""
    found = interval(values)
    return [found.mean, found.low, found.high]


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


def scifact(scorer: Reading | None, seeds: int) -> dict[str, object]:
    """scifact clean, broken and repaired, with the first seed and with all."""
    collection = opened("scifact")
    clean = list(collection.documents.values())
    torn = [[broken(document, seed) for document in clean] for seed in range(seeds)]
    whole = [mended(documents) for documents in torn]
    versions = {"clean": clean}
    for seed in range(seeds):
        versions |= {f"broken {seed}": torn[seed], f"repaired {seed}": whole[seed]}
    values = scored(collection, versions, scorer)
    report = affected(torn[0], known=Known.of(torn[0]))
    same = sum(_flat(a) == _flat(b) for a, b in zip(clean, whole[0], strict=True))
    drawn = {
        s: [(values[f"broken {seed}"][s], values[f"repaired {seed}"][s]) for seed in range(seeds)]
        for s in values["clean"]
    }
    return {
        "queries": len(collection.judged),
        "documents": len(clean),
        "seeds": seeds,
        "affected": {kind: report.share(kind) for kind in report.kinds},
        "restored to the character": same / len(clean),
        "first seed": {s: given_back(values["clean"][s], pairs[:1]) for s, pairs in drawn.items()},
        "all seeds": {s: given_back(values["clean"][s], pairs) for s, pairs in drawn.items()},
    }


def given_back(clean: np.ndarray, drawn: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, object]:
    """What breaking costs and repair gives back; a query's broken and repaired value is its mean over the seeds."""
    torn, whole = np.mean(drawn, axis=0)
    return {
        "ndcg@10": {"clean": meant(clean), "broken": meant(torn), "repaired": meant(whole)},
        "by seed": [[float(a.mean()), float(b.mean())] for a, b in drawn],
        "lost": tested(torn, clean),
        "repaired - broken": tested(whole, torn),
        "repaired - clean": tested(whole, clean),
        "given back": recovered(clean, torn, whole),
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
        "systems": {
            s: {
                "ndcg@10": {version: meant(values[version][s]) for version in versions},
                "repaired - as it is": tested(values["repaired"][s], values["as it is"][s]),
            }
            for s in values["repaired"]
        },
    }


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
    losses = ("lost", "repaired - broken", "repaired - clean")
    heads = ("clean (95 %)", "broken", "repaired", *losses, "given back")
    scifact, cacm = results["scifact"], results["cacm"]
    made = {
        (f"scifact, {name}", *heads): {
            s: [
                mean(r["ndcg@10"]["clean"]),
                *(f"{r['ndcg@10'][version][0]:.4f}" for version in ("broken", "repaired")),
                *(difference(r[what]) for what in losses),
                share(r["given back"]),
            ]
            for s, r in scifact[key].items()
        }
        for name, key in (("seed 0", "first seed"), (f"{scifact['seeds']} seeds", "all seeds"))
    }
    made["cacm", "as it is (95 %)", "repaired (95 %)", "difference"] = {
        s: [*map(mean, r["ndcg@10"].values()), difference(r["repaired - as it is"])] for s, r in cacm["systems"].items()
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
                "scifact": scifact(scorer, asked.seeds),
                "clean sets": controls(),
            }
        if scorer:
            asked.results.write_text(json.dumps({"model": scorer.fingerprint, **results}, indent=1) + "\n")
    print(tables(results))
    print(json.dumps({name: {k: v for k, v in r.items() if k not in SYSTEMS} for name, r in results.items()
                      if isinstance(r, dict)}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
