"""Rerank and Pipeline: nothing lost, nothing reordered that should not be, wrong use told at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tamis
from tamis.core import Candidate, Decision, Document, Query, Ranking
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, PolicyMismatch
from tamis.pipeline import CHUNK, Pipeline, Rerank


class Lengths:
    """A scorer that counts characters; it remembers how many pairs came at once."""

    name, fingerprint = "lengths", "lengths:1"

    def __init__(self):
        self.calls = []

    def score(self, pairs):
        self.calls.append(len(pairs))
        return np.array([float(len(d.full_text) * len(q.text)) for q, d in pairs])


class Fixed:
    """A retriever that finds the same documents for every query."""

    def __init__(self, documents):
        self.documents = documents

    def search(self, queries, k):
        items = tuple(Candidate(d, 1.0, {"fixed": 1.0}) for d in self.documents[:k])
        return [Ranking(query, items) for query in queries]


DOCUMENTS = [Document(str(i), "x" * (i % 7)) for i in range(40)]


def test_rerank_orders_by_the_scorer_and_keeps_provenance():
    (ranking,) = Rerank(Lengths())(Fixed(DOCUMENTS).search([Query("q")], 40))
    assert list(ranking.scores) == sorted(ranking.scores, reverse=True)
    assert ranking[0].scores == {"fixed": 1.0, "lengths": 6.0}


def test_ties_keep_the_earlier_order():
    (ranking,) = Rerank(Lengths())(Fixed(DOCUMENTS).search([Query("q")], 40))
    sixes = [int(c.doc.id) for c in ranking if c.score == 6]
    assert sixes == sorted(sixes)


def test_every_ranking_gets_its_own_scores():
    rankings = Rerank(Lengths())(Fixed(DOCUMENTS).search([Query("q"), Query("qq")], 10))
    np.testing.assert_array_equal(rankings[1].scores, 2 * rankings[0].scores)


def test_many_pairs_go_in_chunks_that_keep_a_document_together():
    scorer, seen = Lengths(), []
    queries = [Query("q" * n) for n in range(1, 601)]
    rankings = Rerank(scorer, progress=lambda done, total: seen.append((done, total)))(
        Fixed(DOCUMENTS).search(queries, 40)
    )
    assert len(scorer.calls) > 1
    assert max(scorer.calls) < CHUNK + 600 * 7
    assert sum(scorer.calls) == 600 * 40
    assert seen[-1] == (24000, 24000)
    for query, ranking in zip(queries, rankings, strict=True):
        assert ranking.query is query
        assert all(c.score == len(c.doc.text) * len(query.text) for c in ranking)


def test_depth_drops_the_tail():
    (ranking,) = Rerank(Lengths(), depth=5)(Fixed(DOCUMENTS).search([Query("q")], 40))
    assert {c.doc.id for c in ranking} == set("01234")


class Weighing(Lengths):
    """A scorer that adds BM25 where it is known."""

    def score_with_bm25(self, pairs, bm25):
        return self.score(pairs) + np.nan_to_num(bm25)


def test_the_first_stages_bm25_reaches_a_scorer_that_can_weigh_it_in():
    words = [{"bm25": 0.5}, {"bm25": 2.5, "dense": 0.8}]
    known = tuple(Candidate(d, 1.0, s) for d, s in zip(DOCUMENTS[1:3], words, strict=True))
    unknown = (*known, Candidate(DOCUMENTS[3], 1.0, {"dense": 0.9}))
    found, left_out = Rerank(Weighing())([Ranking(Query("q"), known), Ranking(Query("q"), unknown)])
    assert [c.scores["lengths+bm25"] for c in found] == [4.5, 1.5]
    assert [c.scores["lengths"] for c in left_out] == [3, 2, 1]
    (plain,) = Rerank(Lengths())([Ranking(Query("q"), known)])
    assert [c.scores["lengths"] for c in plain] == [2, 1]


def test_search_gives_the_embedded_scorer_its_bm25():
    index = tamis.Index.build(["A tamis is a drum sieve.", "A drum of oil."], encoder=None)
    (found,) = Pipeline(index.retriever("bm25"), (Rerank(tamis.load_scorer("tamis-blend")),)).search(["drum sieve"])
    scorer, best = tamis.load_scorer("tamis-blend"), found[0]
    assert set(best.scores) == {"bm25", "tamis-blend+bm25"}
    assert best.score == scorer.score_with_bm25([(found.query, best.doc)], np.array([best.scores["bm25"]]))[0]


def test_nothing_to_rerank():
    assert Rerank(Lengths())([]) == []
    assert len(Rerank(Lengths())([Ranking(Query("q"))])[0]) == 0


def test_pipeline_asks_its_policy():
    class First:
        def decide(self, ranking):
            return Decision(ranking[:1], tuple((c, "not first") for c in ranking[1:]), "first")

    decision = Pipeline(Fixed(DOCUMENTS), (Rerank(Lengths()),), First(), k=3).ask("q")
    assert [c.doc.id for c in decision.ranking] == ["2"]
    assert len(decision.rejected) == 2
    assert Pipeline(Fixed(DOCUMENTS)).ask("q").rejected == ()


def tuned(**fields):
    return Policy(Thresholds(5.0), **{"scorer": "lengths:1", "stage": "lengths", **fields})


def test_pipeline_decides_on_given_documents():
    pipeline = Pipeline(stages=(Rerank(Lengths()),), policy=tuned(max_k=1))
    decision = pipeline.decide("q", ["x" * 4, "x" * 6, "x" * 5])
    assert [c.doc.id for c in decision.ranking] == ["1"]
    assert [why for _, why in decision.rejected] == ["threshold: score 4 is below 5", "max_k: place 2, 1 is shown"]
    assert len(Pipeline(stages=(Rerank(Lengths()),)).decide("q", ["a", "b"]).ranking) == 2


def test_a_policy_for_another_scorer_is_refused_before_anything_runs():
    class Other(Lengths):
        fingerprint = "lengths:2"

    with pytest.raises(PolicyMismatch, match=r"lengths:1.*lengths:2"):
        Pipeline(stages=(Rerank(Other()),), policy=tuned())
    # Only the last reranker gives the scores that are decided on; a policy for any scorer fits.
    for stages, policy in (((Rerank(Other()), Rerank(Lengths())), tuned()), ((Rerank(Other()),), tuned(scorer=""))):
        pipeline = Pipeline(stages=stages, policy=policy)
        assert len(pipeline.decide("q", ["x" * 9]).ranking) == 1


def test_a_rerank_of_the_texts_only_leaves_bm25_out():
    known = tuple(Candidate(d, 1.0, {"bm25": 0.5}) for d in DOCUMENTS[1:3])
    (found,) = Rerank(Weighing(), texts_only=True)([Ranking(Query("q"), known)])
    assert [c.scores["lengths"] for c in found] == [2, 1]


def test_a_pipeline_without_retriever_says_so():
    with pytest.raises(InputError, match="no retriever"):
        Pipeline().search(["q"])


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_is_refused(query):
    with pytest.raises(InputError, match="the query is empty"):
        tamis.rerank(query, ["a"])


def test_empty_documents_give_an_empty_ranking():
    assert len(tamis.rerank("q", [])) == 0


def test_wrong_arguments_are_told():
    with pytest.raises(InputError, match="top_k must be at least 1"):
        tamis.rerank("q", ["a"], top_k=0)
    with pytest.raises(InputError, match="put it in a list"):
        tamis.rerank("q", "one document")
    with pytest.raises(InputError, match="stands twice"):
        tamis.rerank("q", [Document("a", "x"), Document("a", "y")])


def test_a_ten_megabyte_document_is_ranked_and_its_cut_noted():
    ranking = tamis.rerank("drum sieve", ["drum sieve " * 950_000, "rain"])
    assert ranking[0].notes["truncated_tokens"] > 10_000
    assert len(ranking) == 2


def test_eight_threads_rerank_as_one():
    documents = ["试用期不得超过六个月。", "A tamis is a drum sieve.", "雨", "sieve " * 50]

    def ranked(_):
        return [(c.doc.id, c.score) for c in tamis.rerank("what is a tamis?", documents)]

    with ThreadPoolExecutor(8) as pool:
        assert len({tuple(r) for r in pool.map(ranked, range(24))}) == 1


def test_eight_threads_search_and_rerank_one_index_and_one_scorer_as_one():
    texts = [
        "试用期不得超过六个月。",
        "A tamis is a drum sieve.",
        "七日内可以无理由退货。",
        "Rain fell.",
        "sieve " * 50,
    ]
    index = tamis.Index.build([Document(str(at), text) for at, text in enumerate(texts)])
    pipeline = Pipeline(index.retriever("hybrid"), (Rerank(tamis.load_scorer("tamis-mini")),))
    queries = ["试用期多久", "what is a tamis?", "退货", "drum"]

    def found(at):
        (ranking,) = pipeline.search([queries[at % len(queries)]])
        return at % len(queries), tuple((c.doc.id, tuple(c.scores.items())) for c in ranking)

    alone = dict(found(at) for at in range(len(queries)))
    with ThreadPoolExecutor(8) as pool:
        for at, ranking in pool.map(found, range(48)):
            assert ranking == alone[at]
