"""The model that ships, in 8 bits, beside the same model in fp32: ranks and nDCG@10 on the development sets.

    TAMIS_DATA=/path/to/data scripts/bench precision [SET ...] [--queries 150]

Each set's first queries; of each the best 100 by BM25 among its candidates, or in the whole collection, where BM25 is
weighed in as search does. fp32 is the encoder from the weights that its recipe starts from; statistics, heads and
weights are the same. Rank correlation is Spearman's, over all pairs of a set and within the lists.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from encoder_engines import engines
from quality import DEPTH, MEANS, NDCG, first_stage
from scipy.stats import spearmanr

import tamis
from tamis.core import Floats, Pair, Ranking
from tamis.data import Collection
from tamis.evaluate import compare, evaluate
from tamis.recall import Index
from tamis.score.encoder import TextEncoder
from tamis.score.late import LateInteraction

SETS = tuple(name for names in MEANS.values() for name in names)


def rankings(collection: Collection, many: int) -> list[Ranking]:
    """BM25's best candidates of the first queries."""
    index = Index.build(collection.documents.values(), encoder=None)
    return [found[:DEPTH] for found in first_stage(index, collection, collection.judged[:many], "bm25")]


def scores(scorer: LateInteraction, pairs: Sequence[Pair], bm25: Floats | None) -> Floats:
    return scorer.score(pairs) if bm25 is None else scorer.score_with_evidence(pairs, {"bm25": bm25})


def within(lists: Sequence[Ranking], one: Floats, other: Floats) -> float:
    """Mean rank correlation of two scorings over the lists that have more than two candidates."""
    ends = np.cumsum([len(found) for found in lists])
    parts = [slice(end - len(found), end) for found, end in zip(lists, ends, strict=True) if len(found) > 2]
    return float(np.nanmean([spearmanr(one[part], other[part]).statistic for part in parts]))


def row(name: str, collection: Collection, scorers: Sequence[LateInteraction], many: int) -> str:
    """A set's row of the table."""
    lists = rankings(collection, many)
    pairs = [(found.query, candidate.doc) for found in lists for candidate in found]
    bm25 = None if collection.candidates else np.concatenate([found.scores for found in lists])
    found = [scores(scorer, pairs, bm25) for scorer in scorers]
    values = [evaluate(dict(runs(lists, own)), _judged(collection, lists), [NDCG]) for own in found]
    (fp32, int8), test = [v[NDCG].mean() for v in values], compare(values[1], values[0], NDCG)
    return (
        f"| {name} | {len(lists)} | {len(pairs):,} | {spearmanr(*found).statistic:.4f} | {within(lists, *found):.3f} "
        f"| {fp32:.4f} | {int8:.4f} | {test.difference:+.4f} ({test.low:+.4f} to {test.high:+.4f}) |"
    )


def runs(lists: Sequence[Ranking], found: Floats) -> Iterator[tuple[str, dict[str, float]]]:
    """Each query's scores by document."""
    at = 0
    for ranking in lists:
        ids = [candidate.doc.id for candidate in ranking]
        yield ranking.query.id, dict(zip(ids, found[at : at + len(ids)].tolist(), strict=True))
        at += len(ids)


def _judged(collection: Collection, lists: Sequence[Ranking]) -> dict[str, dict[str, int]]:
    return {found.query.id: dict(collection.qrels[found.query.id]) for found in lists}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    options.add_argument("--queries", type=int, default=150)
    asked = options.parse_args()
    data = Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "eval"
    shipped = tamis.load_scorer("tamis-mini")
    with tempfile.TemporaryDirectory() as folder:
        full = TextEncoder.load(engines(Path(folder))["fp32"])
    exact = LateInteraction("fp32", full, blends=shipped.blends, statistics=shipped.statistics, made="")
    print("| set | queries | pairs | rank correlation | within lists | nDCG@10 fp32 | 8 bits | difference (95 %) |")
    print("|---" * 8 + "|")
    for name in asked.sets:
        print(row(name, Collection.open(data / name), (exact, shipped), asked.queries), flush=True)


if __name__ == "__main__":
    main()
