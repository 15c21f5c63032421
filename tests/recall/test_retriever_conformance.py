"""What every Retriever must do, run on each mode of the index, on others' engines, and on what asks in several ways.

Qdrant runs in memory and in a folder, PostgreSQL is a real server with pgvector, and OpenSearch is a small server that
answers as OpenSearch does (``engines/searching.py``). Batches give what single queries give to the last bit everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tamis import Document, Query
from tamis.core import Ranking, Retriever
from tamis.filters import Filter
from tamis.recall import RRF, Fusion, Index, Mode
from tamis.recall.engines import create_collection, open_collection
from tamis.recall.snapshot import DEPTH
from tamis.rewrite import variant
from tamis.widening import Widened

from .engines.searching import Searching

QUERIES = [
    Query("drum sieve", id="q1"),
    Query("法院 合同", id="q2"),
    Query("wing flow appeal court contract", id="q3"),
    Query("soup", id="q4"),
]
FILTERS = [
    {"parity": "odd"},
    {"third": {"gte": 20, "lt": 60.5}},
    {"whole": {"not": True}, "parity": ["even", None]},
    {"parity": {"not": None}},
    {"third": [0, 1, 2.0, 77]},
]


@dataclass(frozen=True)
class Kind:
    """A retriever: in which place, and how it searches there."""

    place: str
    mode: Mode
    fusion: Fusion | None = None
    widened: bool = False

    def retriever(self, held: Index | Any) -> Retriever:
        found = held.retriever(self.mode, fusion=self.fusion)
        return Widened(found, LastWord()) if self.widened else found


class LastWord:
    """A rewriter that searches with the last word, too."""

    name = fingerprint = "last word"

    def rewrite(self, query):
        return [variant(query, text) for text in dict.fromkeys((query.text, query.text.split()[-1]))]


KINDS = {
    "bm25": Kind("index", "bm25"),
    "dense exact": Kind("index", "dense"),
    "dense ann": Kind("index ann", "dense"),
    "hybrid": Kind("index", "hybrid"),
    "hybrid rrf": Kind("index", "hybrid", fusion=RRF()),
    "hybrid ann": Kind("index ann", "hybrid"),
    "widened bm25": Kind("index", "bm25", widened=True),
    "widened dense": Kind("index", "dense", widened=True),
    "qdrant bm25": Kind("qdrant memory", "bm25"),
    "qdrant dense": Kind("qdrant memory", "dense"),
    "qdrant hybrid": Kind("qdrant memory", "hybrid"),
    "qdrant hybrid rrf": Kind("qdrant memory", "hybrid", fusion=RRF()),
    "qdrant widened": Kind("qdrant memory", "bm25", widened=True),
    "qdrant folder bm25": Kind("qdrant folder", "bm25"),
    "qdrant folder dense": Kind("qdrant folder", "dense"),
    "qdrant folder hybrid": Kind("qdrant folder", "hybrid"),
    "postgresql bm25": Kind("postgresql", "bm25"),
    "postgresql dense": Kind("postgresql", "dense"),
    "postgresql hybrid": Kind("postgresql", "hybrid"),
    "opensearch bm25": Kind("opensearch", "bm25"),
    "opensearch dense": Kind("opensearch", "dense"),
    "opensearch hybrid": Kind("opensearch", "hybrid"),
    "elasticsearch hybrid": Kind("elasticsearch", "hybrid"),
}
FEW = dict.fromkeys(("qdrant memory", "qdrant folder", "opensearch", "elasticsearch"), 120)  # slow doubles


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def kind(request):
    """The kinds, one after the other; those of one place share what is in it."""
    if request.param.place == "index ann":
        pytest.importorskip("faiss")
    if request.param.place.startswith("qdrant"):
        pytest.importorskip("qdrant_client", reason="needs tamis[qdrant]")
    return request.param


@dataclass(frozen=True)
class Place:
    """What holds documents, how it is opened again, and how many documents there are."""

    held: Any
    again: Callable[[], Any]
    documents: Sequence[Document]


def fielded(document: Document, at: int) -> Document:
    """The document with fields of each kind; some have none."""
    fields = {"third": at // 3 if at % 2 else at / 3, "parity": "odd" if at % 2 else "even", "whole": at % 3 == 0}
    return replace(document, fields={} if at % 7 == 0 else fields)


class Places:
    """Makes each place once, when it is first asked for."""

    def __init__(self, folder, documents, request) -> None:
        self.folder, self.documents, self.request = folder, documents, request
        self.hashing = documents.__globals__["HashingEncoder"]
        self.made: dict[str, Place] = {}
        self.servers: list[Searching] = []

    def __call__(self, name: str) -> Place:
        if name not in self.made:
            rows = [fielded(document, at) for at, document in enumerate(self.documents(FEW.get(name, 400)))]
            self.made[name] = self.index(name, rows) if name.startswith("index") else self.engine(name, rows)
        return self.made[name]

    def index(self, name: str, rows: Sequence[Document]) -> Place:
        built = Index.build(rows, self.folder / name, encoder=self.hashing(), ann=name.endswith("ann"))
        return Place(built, lambda: Index.open(built.path, encoder=self.hashing()), rows)

    def engine(self, name: str, rows: Sequence[Document]) -> Place:
        url = self.url(name)
        held = create_collection(url, encoder=self.hashing())
        assert held.add(rows) == len(held) == len(rows)
        # What is in memory, or in a folder that one process may open once, cannot be opened beside itself.
        alone = name.startswith("qdrant")
        return Place(held, lambda: held if alone else open_collection(url, encoder=self.hashing()), rows)

    def url(self, name: str) -> str:
        if name.startswith("qdrant"):
            return "qdrant+memory:" if name.endswith("memory") else f"qdrant://{self.folder}/qdrant"
        if name == "postgresql":
            url: str = self.request.getfixturevalue("postgresql")
            return f"{url}{'&' if '?' in url else '?'}table=conformance"
        self.servers.append(Searching(name))
        return f"{name}+{self.servers[-1].url}/documents"

    def close(self) -> None:
        for each in self.made.values():
            if not isinstance(each.held, Index):
                each.held.close()
        for server in self.servers:
            server.close()


@pytest.fixture(scope="module")
def places(documents, tmp_path_factory, request) -> Iterator[Places]:
    made = Places(tmp_path_factory.mktemp("conformance"), documents, request)
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(kind, places) -> Place:
    return places(kind.place)


@pytest.fixture(scope="module")
def retriever(kind, place) -> Retriever:
    return kind.retriever(place.held)


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
def test_at_most_k_and_no_document_twice(retriever, place, k):
    for ranking in retriever.search(QUERIES, k):
        ids = [candidate.doc.id for candidate in ranking]
        assert 0 < len(ids) <= min(k, len(place.held))
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
    assert plain(retriever.search(QUERIES * 3, 50)) == plain(singles * 3)


def test_save_and_open_change_nothing(kind, place, retriever):
    assert plain(kind.retriever(place.again()).search(QUERIES, 50)) == plain(retriever.search(QUERIES, 50))


def test_eight_threads_give_what_one_gives(retriever):
    expected = plain(retriever.search(QUERIES, 50))
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: plain(retriever.search(QUERIES, 50)), range(8)):
            assert found == expected


def test_stages_say_what_they_found(retriever, kind):
    stages = {"bm25": {"bm25"}, "dense": {"dense"}, "hybrid": {"bm25", "dense", "hybrid"}}[kind.mode]
    for candidate in retriever.search(QUERIES, 50)[0]:
        assert candidate.scores.keys() == stages | ({"variants"} if kind.widened else set())
        assert candidate.score == candidate.scores["variants" if kind.widened else kind.mode]
        assert candidate.probability is None


def test_documents_come_back_as_they_were(retriever, place):
    given = {document.id: document for document in place.documents}
    for candidate in retriever.search(QUERIES, 20)[0]:
        assert candidate.doc == given[candidate.doc.id]
        assert [type(v) for v in candidate.doc.fields.values()] == [
            type(v) for v in given[candidate.doc.id].fields.values()
        ]


def test_unknown_words_and_long_queries(retriever, kind):
    (unknown,) = retriever.search([Query("xyzzy")], 5)
    assert len(unknown) == (0 if kind.mode == "bm25" else 5)
    assert len(retriever.search([Query("drum " * 50_000)], 5)[0]) == 5


def test_filters_admit_what_they_say_and_nothing_is_missed(retriever, kind, place):
    count = len(place.documents)
    everything = retriever.search(QUERIES, count)
    for told in FILTERS:
        where = Filter.of(told)
        filtered = retriever.search([replace(query, where=where) for query in QUERIES], count)
        for ranking, whole in zip(filtered, everything, strict=True):
            admitted = [candidate for candidate in whole if where.admits(candidate.doc.fields)]
            assert 0 < len(ranking) < len(whole)
            assert all(where.admits(candidate.doc.fields) for candidate in ranking)
            if kind.widened:
                continue
            assert {c.doc.id for c in ranking} == {c.doc.id for c in admitted}
            scores = {c.doc.id: c.scores for c in admitted}
            for candidate in ranking:  # what stages say of a document does not depend on the others that are admitted
                for stage in {"bm25", "dense"} & candidate.scores.keys():
                    assert candidate.scores[stage] == scores[candidate.doc.id][stage]


def test_a_small_k_under_a_filter_is_full(retriever):
    where = Filter.of({"third": [5, 6, 33], "parity": {"not": None}})
    (whole,) = retriever.search([replace(QUERIES[2], where=where)], DEPTH)
    (short,) = retriever.search([replace(QUERIES[2], where=where)], 3)
    assert [c.doc.id for c in short] == [c.doc.id for c in whole[:3]]
    assert all(where.admits(c.doc.fields) for c in whole)
