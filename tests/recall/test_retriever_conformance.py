"""What every Retriever must do, run on each mode of the index, and on one that searches in several ways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tamis import Query
from tamis.core import Ranking, Retriever
from tamis.recall import RRF, Fusion, Index, Mode
from tamis.recall.snapshot import DEPTH
from tamis.rewrite import variant
from tamis.widening import Widened

QUERIES = [
    Query("drum sieve", id="q1"),
    Query("法院 合同", id="q2"),
    Query("wing flow appeal court contract", id="q3"),
    Query("soup", id="q4"),
]


@dataclass(frozen=True)
class Kind:
    mode: Mode
    ann: bool = False
    fusion: Fusion | None = None
    widened: bool = False

    def retriever(self, index: Index) -> Retriever:
        found = index.retriever(self.mode, fusion=self.fusion)
        return Widened(found, LastWord()) if self.widened else found


class LastWord:
    """A rewriter that searches with the last word, too."""

    name = fingerprint = "last word"

    def rewrite(self, query):
        return [variant(query, text) for text in dict.fromkeys((query.text, query.text.split()[-1]))]


KINDS = {
    "bm25": Kind("bm25"),
    "dense exact": Kind("dense"),
    "dense ann": Kind("dense", ann=True),
    "hybrid": Kind("hybrid"),
    "hybrid rrf": Kind("hybrid", fusion=RRF()),
    "hybrid ann": Kind("hybrid", ann=True),
    "widened bm25": Kind("bm25", widened=True),
    "widened dense": Kind("dense", widened=True),
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def kind(request):
    if request.param.ann:
        pytest.importorskip("faiss")
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("conformance")


@pytest.fixture(scope="module")
def index(kind, folder, documents) -> Index:
    from_conftest = documents.__globals__["HashingEncoder"]()
    return Index.build(
        documents(400),
        folder / f"{kind.mode}{kind.ann}{kind.fusion}{kind.widened}",
        encoder=from_conftest,
        ann=kind.ann,
    )


@pytest.fixture(scope="module")
def retriever(kind, index) -> Retriever:
    return kind.retriever(index)


def plain(rankings: list[Ranking]):
    """Everything a ranking says, for comparison bit by bit."""
    return [(r.query, [(c.doc, c.score, dict(c.scores)) for c in r]) for r in rankings]


def test_is_a_retriever(retriever):
    assert isinstance(retriever, Retriever)


def test_one_ranking_a_query_in_the_queries_order(retriever):
    assert [ranking.query for ranking in retriever.search(QUERIES, 5)] == QUERIES


def test_no_queries_no_rankings(retriever):
    assert retriever.search([], 5) == []


@pytest.mark.parametrize("k", [1, 7, 100, 10_000])
def test_at_most_k_and_no_document_twice(retriever, index, k):
    for ranking in retriever.search(QUERIES, k):
        ids = [candidate.doc.id for candidate in ranking]
        assert 0 < len(ids) <= min(k, len(index))
        assert len(set(ids)) == len(ids)


def test_best_first_and_equal_scores_by_id(retriever):
    for ranking in retriever.search(QUERIES, 400):
        keys = [(-candidate.score, candidate.doc.id) for candidate in ranking]
        assert keys == sorted(keys)


def test_smaller_k_cuts_larger_k(retriever):
    for short, long in zip(retriever.search(QUERIES, 10), retriever.search(QUERIES, DEPTH), strict=True):
        assert plain([short]) == plain([long[:10]])


def test_deterministic(retriever):
    assert plain(retriever.search(QUERIES, 50)) == plain(retriever.search(QUERIES, 50))


def test_a_batch_gives_what_single_queries_give(retriever):
    singles = [retriever.search([query], 50)[0] for query in QUERIES]
    assert plain(retriever.search(QUERIES * 20, 50)) == plain(singles * 20)


def test_save_and_open_change_nothing(kind, index, retriever, documents):
    opened = Index.open(index.path, encoder=documents.__globals__["HashingEncoder"]())
    assert plain(kind.retriever(opened).search(QUERIES, 50)) == plain(retriever.search(QUERIES, 50))


def test_eight_threads_give_what_one_gives(retriever):
    expected = plain(retriever.search(QUERIES, 50))
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: plain(retriever.search(QUERIES, 50)), range(64)):
            assert found == expected


def test_stages_say_what_they_found(retriever, kind):
    stages = {"bm25": {"bm25"}, "dense": {"dense"}, "hybrid": {"bm25", "dense", "hybrid"}}[kind.mode]
    for candidate in retriever.search(QUERIES, 50)[0]:
        assert candidate.scores.keys() == stages | ({"variants"} if kind.widened else set())
        assert candidate.score == candidate.scores["variants" if kind.widened else kind.mode]
        assert candidate.probability is None


def test_unknown_words_and_long_queries(retriever, kind):
    (unknown,) = retriever.search([Query("xyzzy")], 5)
    assert len(unknown) == (0 if kind.mode == "bm25" else 5)
    assert len(retriever.search([Query("drum " * 50_000)], 5)[0]) == 5
