"""The model that ships, in 8 bits, beside the same model in fp32: ranks and nDCG@10 on the development sets.

    TAMIS_DATA=/path/to/data scripts/bench precision [SET ...] [--queries N] [--keep DIR]

Of each query the best 100 by BM25 among its candidates, or in the whole collection, where BM25 is weighed in as search
does. fp32 is the encoder from the weights that its recipe starts from; statistics, heads and weights are the same. Rank
correlation is Spearman's, over all pairs of a set and within the lists. What ``quality`` kept is not read anew.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from encoder_engines import engines
from quality import DEPTH, MEANS, NDCG, first_stage
from remembering import RememberingScorer
from scipy.stats import spearmanr

import tamis
from tamis.core import Ranking
from tamis.data import Collection
from tamis.evaluate import as_run, compare, evaluate
from tamis.pipeline import Rerank
from tamis.recall import Index
from tamis.score.encoder import TextEncoder
from tamis.score.late import LateInteraction

SETS = tuple(name for names in MEANS.values() for name in names)


def rankings(collection: Collection, many: int | None) -> list[Ranking]:
    """BM25's best candidates of the first queries, or of all."""
    index = Index.build(collection.documents.values(), encoder=None)
    return [found[:DEPTH] for found in first_stage(index, collection, collection.judged[:many], "bm25")]


def within(lists: Sequence[np.ndarray]) -> float:
    """Mean rank correlation of two scorings, shape ``(2, candidates)`` each, over lists of more than two candidates."""
    return float(np.nanmean([spearmanr(*found).statistic for found in lists if found.shape[1] > 2]))


def row(name: str, collection: Collection, scorers: Sequence[RememberingScorer], many: int | None) -> str:
    """A set's row of the table."""
    lists = rankings(collection, many)
    runs = [as_run((Rerank(s, evidence=()) if collection.candidates else Rerank(s))(lists)) for s in scorers]
    found = [np.array([[run[query][document] for document in runs[0][query]] for run in runs]) for query in runs[0]]
    pairs = np.concatenate(found, axis=1)
    qrels = {query: collection.qrels[query] for query in runs[0]}
    values = [evaluate(run, qrels, [NDCG]) for run in runs]
    (fp32, int8), test = [v[NDCG].mean() for v in values], compare(values[1], values[0], NDCG)
    return (
        f"| {name} | {len(lists)} | {pairs.shape[1]:,} | {spearmanr(*pairs).statistic:.4f} | {within(found):.3f} "
        f"| {fp32:.4f} | {int8:.4f} | {test.difference:+.4f} ({test.low:+.4f} to {test.high:+.4f}) |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument("--queries", type=int, help="the first so many of a set; all (most of an hour) otherwise")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep what was read here, and use it again")
    asked = options.parse_args()
    data = Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval"
    shipped = tamis.load_scorer("tamis-mini")
    with tempfile.TemporaryDirectory() as folder:
        full = TextEncoder.load(engines(Path(folder))["fp32"])
    exact = LateInteraction("fp32", full, blends=shipped.blends, statistics=shipped.statistics, made=shipped.made)
    print("| set | queries | pairs | rank correlation | within lists | nDCG@10 fp32 | 8 bits | difference (95 %) |")
    print("|---" * 8 + "|")
    for name in asked.sets:
        read = [RememberingScorer(scorer) for scorer in (exact, shipped)]
        with read[0].kept(asked.keep, f"{name}.fp32"), read[1].kept(asked.keep, name):
            print(row(name, Collection.open(data / name), read, asked.queries), flush=True)


if __name__ == "__main__":
    main()
