"""BM25 against the formula, written out."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from tamis.recall import Index
from tamis.recall.bm25 import Parameters, build_matrix
from tamis.recall.documents import Ragged
from tamis.text import segment


def ragged(rows: list[list[int]]) -> Ragged[np.int32]:
    return Ragged(np.array([token for row in rows for token in row], dtype=np.int32), np.cumsum([0, *map(len, rows)]))


def by_the_formula(texts: list[list], query: list, k1: float = 0.9, b: float = 0.4) -> list[float]:
    mean = sum(map(len, texts)) / len(texts)
    scores = []
    for text in texts:
        counts = Counter(text)
        score = 0.0
        for token in query:
            df = sum(token in other for other in texts)
            tf = counts[token]
            idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
            score += idf * tf / (tf + k1 * (1 - b + b * len(text) / mean)) if tf else 0
        scores.append(score)
    return scores


@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.2, 0.75), (2.0, 0.0)])
def test_scores_are_the_formula(k1, b):
    random = np.random.default_rng(0)
    rows = [random.integers(0, 30, random.integers(0, 40)).tolist() for _ in range(60)]
    matrix = build_matrix([(ragged(rows), np.arange(60))], 31, Parameters(k1, b))
    for query in ([3], [3, 7, 29], [5, 5, 1], [30]):
        np.testing.assert_allclose(matrix.scores(query), by_the_formula(rows, query, k1, b), rtol=2e-6, atol=1e-7)


def test_statistics_are_those_of_the_kept_documents():
    rows = [[0, 1], [1, 1, 2], [2], [0, 2, 2]]
    kept = build_matrix([(ragged(rows[:2]), np.array([1])), (ragged(rows[2:]), np.array([0, 1]))], 3, Parameters())
    np.testing.assert_allclose(kept.scores([1, 2]), by_the_formula(rows[1:], [1, 2]), rtol=2e-6)


@pytest.mark.parametrize("rows", [[], [[]], [[], []]])
def test_no_tokens_no_scores(rows):
    matrix = build_matrix([(ragged(rows), np.arange(len(rows)))], 0, Parameters())
    assert matrix.scores([]).tolist() == [0.0] * len(rows)


def test_the_index_searches_by_it(documents):
    made = documents(80)
    index = Index.build(made, encoder=None)
    scores = dict(
        zip(
            (d.id for d in made),
            by_the_formula([segment(d.full_text) for d in made], segment("court contract 合同")),
            strict=True,
        )
    )
    expected = sorted((doc_id for doc_id, s in scores.items() if s > 0), key=lambda i: (-np.float32(scores[i]), i))
    found = index.search("court contract 合同", k=80)
    assert {c.doc.id: c.score for c in found} == pytest.approx({i: scores[i] for i in expected}, rel=1e-6)
    assert [round(c.score, 5) for c in found] == [round(scores[i], 5) for i in expected]


def test_zero_scores_are_no_results(documents):
    index = Index.build(["a drum", "a sieve", ""], encoder=None)
    assert [c.doc.id for c in index.search("drum", k=10)] == ["0"]
    assert len(index.search("violin", k=10)) == 0
