"""What dictionaries and forms add to BM25, by kind: the query alone, the alternative alone, both fused.

    TAMIS_DATA=/path/to/data python benchmarks/rewrite_terms.py [SET ...]     # a few minutes on one core

Each kind is measured on the queries it changes, by its first alternative; "two" takes the first two of all kinds, as
the offline rewriter does, and counts over all queries. Fused is reciprocal rank fusion in which the query counts twice.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tamis.core import Query, Ranking
from tamis.data import Collection
from tamis.evaluate import R, evaluate, nDCG
from tamis.recall import Index
from tamis.rewrite.dictionary.swaps import SHORTENED
from tamis.rewrite.dictionary.terms import Terms
from tamis.rewrite.forms import forms

SETS = ("stard_dev", "insuranceqa_zh_dev", "kuake_dev", "scifact", "cacm", "insuranceqa_en_dev", "wikiqa_dev")
NDCG, RECALL = nDCG @ 10, R @ 100
DEPTH, K = 100, 60
KINDS = ("abbreviation", "shortened", "term", "synonym", "form", "two")


def alternatives(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of everything that may be asked beside a query."""
    for other, changes in Terms.starter().alternatives(text):
        yield ("shortened" if changes[0].why == SHORTENED else changes[0].kind), other
    for other, _ in forms(text):
        yield "form", other


def fused(rankings: Sequence[Ranking]) -> dict[str, float]:
    """Scores by document; the first ranking counts twice."""
    scores: dict[str, float] = {}
    for weight, ranking in zip([2, *[1] * len(rankings)], rankings, strict=False):
        for rank, candidate in enumerate(ranking, start=1):
            scores[candidate.doc.id] = scores.get(candidate.doc.id, 0) + weight / (K + rank)
    best = sorted(scores, key=lambda doc: (-scores[doc], doc))[:DEPTH]
    return {doc: scores[doc] for doc in best}


def interval(values: np.ndarray) -> str:
    """The mean with its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(2000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def measured(name: str, show: int) -> Iterator[str]:
    """A line a kind: how many queries it changes, nDCG@10 and recall@100 of the three, and what fusion adds."""
    collection = Collection.open(Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval" / name)
    index = Index.build(collection.documents.values(), encoder=None)
    queries = collection.judged
    found: dict[str, Ranking] = {}

    def searched(query: Query, text: str) -> Ranking:
        if text not in found:
            asked = Query(text, query.id)
            within = collection.candidates.get(query.id)
            found[text] = (
                index.rank(asked, within, mode="bm25") if within else index.search([asked], DEPTH, mode="bm25")[0]
            )
        return found[text]

    others = {query.id: list(alternatives(query.text)) for query in queries}
    for kind in KINDS:
        chosen = {
            query: [text for own, text in others[query.id] if kind in (own, "two")][: 2 if kind == "two" else 1]
            for query in queries
        }
        changed = {query: texts for query, texts in chosen.items() if texts}
        if not changed:
            continue
        rows = []
        for query, texts in changed.items():
            rankings = [searched(query, text) for text in (query.text, *texts)]
            rows.append([fused([rankings[0]]), fused([rankings[1], rankings[1]]), fused(rankings)])
        qrels = {query.id: collection.qrels[query.id] for query in changed}
        systems = [
            evaluate({query.id: row[at] for query, row in zip(changed, rows, strict=True)}, qrels, [NDCG, RECALL])
            for at in range(3)
        ]
        for measure in (NDCG, RECALL):
            alone, other, both = (np.asarray(system[measure]) for system in systems)
            wins, losses = int((both > alone + 1e-9).sum()), int((both < alone - 1e-9).sum())
            means = " | ".join(f"{values.mean():.4f}" for values in (alone, other, both))
            gain = f"{interval(both - alone)} | {wins}/{losses}"
            yield f"| {name} | {kind} | {len(changed)}/{len(queries)} | {measure} | {means} | {gain} |"
        if show:
            diff = np.asarray(systems[2][NDCG]) - np.asarray(systems[0][NDCG])
            for at in [*np.argsort(diff)[:show], *np.argsort(-diff)[:show]]:
                query, texts = list(changed.items())[at]
                print(f"    {diff[at]:+.3f} {query.text[:60]} => {[t[:60] for t in texts]}", file=sys.stderr)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument(
        "--show", type=int, default=0, metavar="N", help="print the N worst and best queries of a kind"
    )
    asked = options.parse_args()
    print("| set | kind | queries changed | measure | query | alternative | fused | fused - query (95 %) | won/lost |")
    print("|---" * 9 + "|")
    for name in asked.sets:
        for line in measured(name, asked.show):
            print(line, flush=True)


if __name__ == "__main__":
    main()
