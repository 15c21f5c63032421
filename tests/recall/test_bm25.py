"""BM25 against the formula, written out."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.recall import Index, bm25
from tamis.recall.bm25 import Lexical, Parameters
from tamis.recall.postings import counted
from tamis.text import segment


def lexical(rows: list[list[int]], parameters: Parameters) -> tuple[Lexical, float]:
    """Documents of numbered tokens, and their mean length."""
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    tokens = np.array([token for row in rows for token in row], dtype=np.int32)
    mean = float(lengths.mean()) if len(rows) else 0.0
    return Lexical(counted(tokens, lengths, np.arange(60, dtype=np.uint64)), parameters.norms(lengths, mean)), mean


def asked(words: Lexical, query: list[int], parameters: Parameters) -> tuple[np.ndarray, list[float]]:
    terms = np.array(query, dtype=np.uint64)
    held = [part.stop - part.start for part in words.postings.places(terms)]
    return terms, [parameters.idf(len(words.norms), df) for df in held]


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
    parameters = Parameters(k1, b)
    words, _ = lexical(rows, parameters)
    for query in ([3], [3, 7, 29], [5, 1], [30]):
        told = asked(words, query, parameters)
        np.testing.assert_allclose(words.scores(*told), by_the_formula(rows, query, k1, b), rtol=2e-6, atol=1e-7)


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=12), st.lists(st.integers(0, 11), unique=True))
def test_some_documents_have_the_scores_they_have_among_all(rows, query):
    words, _ = lexical(rows, Parameters())
    told = asked(words, query, Parameters())
    everything = words.scores(*told)
    for chosen in (np.arange(len(rows)), np.arange(0, len(rows), 2)):
        assert words.scores_of(chosen.astype(np.int32), *told).tolist() == everything[chosen].tolist()


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=30),
    st.lists(st.integers(0, 11), unique=True, max_size=6),
    st.integers(1, 8),
    st.randoms(),
)
def test_the_best_are_the_best_whatever_is_left_out(rows, query, k, random):
    words, _ = lexical(rows, Parameters())
    told = asked(words, query, Parameters())
    everything = words.scores(*told)
    mask = np.array([random.random() < 0.7 for _ in rows], dtype=bool)
    for only in (None, mask):
        wanted = sorted(
            ((-score, at) for at, score in enumerate(everything.tolist()) if score and (only is None or only[at]))
        )[:k]
        for few in (0, 1 << 30):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(bm25, "FEW", few)
                patch.setattr(bm25, "LONG", 0)
                found, scores = words.best(*told, k, only)
            assert found.tolist() == sorted(found.tolist()) and len(set(found.tolist())) == len(found)
            best = sorted(zip((-scores).tolist(), found.tolist(), strict=True))[:k]
            assert best == wanted


@pytest.mark.parametrize("rows", [[], [[]], [[], []]])
def test_no_tokens_no_scores(rows):
    words, _ = lexical(rows, Parameters())
    assert words.scores(*asked(words, [3], Parameters())).tolist() == [0.0] * len(rows)
    assert words.scores(np.zeros(0, np.uint64), []).tolist() == [0.0] * len(rows)


def test_what_counts_overflow_a_byte():
    words, _ = lexical([[1] * 70_000, [1] * 300, [2]], Parameters(1000.0, 0.0))
    assert words.postings.counts.dtype == np.uint32
    expected = by_the_formula([[1] * 70_000, [1] * 300, [2]], [1], 1000.0, 0.0)
    np.testing.assert_allclose(words.scores(*asked(words, [1], Parameters())), expected, rtol=2e-6)


def test_a_token_twice_in_the_query_counts_twice(documents):
    index = Index.build(documents(80), encoder=None)
    once = {c.doc.id: c.score for c in index.search("court", k=80)}
    assert {c.doc.id: c.score for c in index.search("court court", k=80)} == pytest.approx(
        {name: 2 * score for name, score in once.items()}, rel=1e-6
    )


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
