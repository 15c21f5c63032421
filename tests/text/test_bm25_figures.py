"""The segmentation is judged by what BM25 makes of it; the figures are those of the data folder's README."""

from __future__ import annotations

from pathlib import Path

import bm25s
import numpy as np
import pytest

from tamis.data import Collection
from tamis.text import segment


def ndcg_at_10(collection: Collection) -> float:
    documents = [collection.documents[id] for id in sorted(collection.documents)]
    vocabulary: dict[str, int] = {}
    tokens = [[vocabulary.setdefault(t, len(vocabulary)) for t in segment(doc.full_text)] for doc in documents]
    bm25 = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    bm25.index(bm25s.tokenization.Tokenized(ids=tokens, vocab=vocabulary), show_progress=False)
    gains = []
    for query in collection.judged:
        known = [vocabulary[t] for t in segment(query.text) if t in vocabulary]
        scores = bm25.get_scores(known) if known else np.zeros(len(documents))
        grades = collection.qrels[query.id]
        best = np.argsort(-scores, kind="stable")[:10]
        got = [grades.get(documents[at].id, 0) for at in best]
        ideal = sorted(grades.values(), reverse=True)[:10]
        discount = 1 / np.log2(np.arange(2, 12))
        gains.append(float(got @ discount[: len(got)]) / float(ideal @ discount[: len(ideal)]))
    return float(np.mean(gains))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("scifact", 0.680),
        ("vaswani", 0.441),
        ("cranfield", 0.352),
        pytest.param("stard_dev", 0.35, marks=pytest.mark.slow),
    ],
)
def test_bm25_reaches_its_reference(shared_data: Path, name: str, reference: float) -> None:
    assert ndcg_at_10(Collection.open(shared_data / "eval" / name)) == pytest.approx(reference, abs=0.01)
