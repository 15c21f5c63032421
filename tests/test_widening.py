"""Search by variants: exactly the retriever where there is one, a union with provenance where there are several."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.answer import Chat
from tamis.core import Candidate, Document, Query, Ranking, Retriever, Stage
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, PolicyMismatch
from tamis.pipeline import Pipeline, Rerank
from tamis.recall import Index
from tamis.recall.union import Fused, Leading
from tamis.rewrite import Llm, Offline, variant
from tamis.score import load_scorer
from tamis.widening import VARIANTS, Placing, RerankVariants, Standalone, Widened

from .answer.conftest import completion, no_key, serve  # noqa: F401

DOCUMENTS = [
    {"id": "cure", "text": "喉癌的治疗以手术和放疗为主，早期治愈率高。"},
    {"id": "cancer", "text": "喉癌是喉部的恶性肿瘤。"},
    {"id": "tumour", "text": "喉部恶性肿瘤能否治愈，取决于分期。"},
    {"id": "rain", "text": "今天下了一整天的雨。"},
    {"id": "sieve", "title": "Tamis", "text": "A tamis is a drum sieve."},
    {"id": "drum", "text": "A drum is loud."},
]


class Says:
    """A rewriter with a table: what a query means, and further ways to say it."""

    name, fingerprint = "says", "says:1"

    def __init__(self, **table):
        self.table, self.asked = table, []

    def rewrite(self, query):
        self.asked.append(query)
        texts = self.table.get(query.text.replace(" ", "_"), [query.text])
        return [variant(query, text) for text in texts]


class Counting:
    """A retriever without ``rank`` that counts its calls."""

    def __init__(self, inner):
        self.inner, self.calls = inner, []

    def search(self, queries, k):
        self.calls.append(([query.text for query in queries], k))
        return self.inner.search(queries, k)


IT = Query("它能治吗", id="q1", history=("喉癌是什么？",))
SAYS = Says(它能治吗=["喉癌能治吗", "喉癌的治疗", "恶性肿瘤治愈"], sieve=["drum sieve"])
PLAIN = [Query("drum sieve"), Query("恶性肿瘤"), Query("雨", id="x"), Query("xyzzy")]


@pytest.fixture(scope="module", params=["bm25", "dense", "hybrid"])
def retriever(request, index):
    return index.retriever(request.param)


@pytest.fixture(scope="module")
def index():
    return Index.build(DOCUMENTS, encoder="e5-small")


@pytest.fixture(scope="module")
def scorer():
    return load_scorer("tamis-mini")


def plain(rankings):
    """Everything a ranking says."""
    return [(r.query, dict(r.fingerprints), [(c.doc, c.score, c.scores, c.notes) for c in r]) for r in rankings]


def test_they_are_what_they_say(retriever, scorer):
    assert isinstance(Widened(retriever, SAYS), Retriever) and isinstance(retriever, Placing)
    assert isinstance(Standalone(SAYS), Stage) and isinstance(RerankVariants(scorer, SAYS), Stage)


@pytest.mark.parametrize("k", [1, 2, 100])
def test_without_another_way_to_say_it_it_is_the_retriever(retriever, k):
    assert plain(Widened(retriever, Says()).search(PLAIN, k)) == plain(retriever.search(PLAIN, k))
    assert plain(Widened(retriever, Offline(variants=1)).search(PLAIN[:1], k)) == plain(retriever.search(PLAIN[:1], k))


def test_one_other_text_is_the_retriever_asked_with_it(retriever):
    (found,) = Widened(retriever, SAYS).search([Query("sieve", id="q", instruction="i")], 5)
    (expected,) = retriever.search([Query("drum sieve", id="q", instruction="i", source="sieve")], 5)
    assert plain([found]) == plain([expected])


@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_a_union_says_what_found_what(retriever, k):
    (found,) = Widened(retriever, SAYS).search([IT], k)
    assert found.query == replace(IT, text="喉癌能治吗", source="它能治吗")
    assert 0 < len(found) <= k and len({c.doc.id for c in found}) == len(found)
    texts = SAYS.table["它能治吗"]
    lists = {r.query.text: [c.doc.id for c in r] for r in retriever.search([Query(text) for text in texts], 100)}
    keys = [(-c.score, c.doc.id) for c in found]
    assert keys == sorted(keys) and found.fingerprints[VARIANTS] == "says:1"
    for candidate in found:
        finders = candidate.notes[VARIANTS]
        assert finders == [
            {"text": t, "rank": lists[t].index(candidate.doc.id) + 1} for t in texts if candidate.doc.id in lists[t]
        ]
        assert candidate.score == candidate.scores[VARIANTS]
    json.dumps([c.as_json() for c in found])


def test_scores_are_those_of_the_query_that_stands_alone(retriever):
    (found,) = Widened(retriever, SAYS).search([IT], 10)
    own = {c.doc.id: c.scores for c in retriever.search([Query("喉癌能治吗")], 100)[0]}
    computed = {c.doc.id: c.scores for c in retriever.rank(Query("喉癌能治吗"), [c.doc.id for c in found])}
    for candidate in found:
        said = {stage: score for stage, score in candidate.scores.items() if stage != VARIANTS}
        evidence = {s: v for s, v in computed[candidate.doc.id].items() if s in ("bm25", "dense")}
        expected = own.get(candidate.doc.id, evidence)
        assert said == pytest.approx(dict(expected))


def test_a_document_that_only_a_variant_finds_keeps_evidence_exact(index, scorer):
    says = Says(q=["drum", "恶性肿瘤"])
    (found,) = Widened(index.retriever("bm25"), says).search([Query("q")], 10)
    assert {c.doc.id: c.scores["bm25"] > 0 for c in found} == {
        **dict.fromkeys(("drum", "sieve"), True),
        **dict.fromkeys(("cancer", "tumour"), False),
    }
    (reranked,) = Rerank(scorer)([found])
    assert reranked.fingerprints.keys() >= {"tamis-mini+bm25"}


def test_what_cannot_be_computed_is_not_guessed(index, scorer):
    counting = Counting(index.retriever("bm25"))
    (found,) = Widened(counting, Says(q=["drum", "恶性肿瘤"])).search([Query("q")], 10)
    assert [set(c.scores) for c in found if c.doc.id in ("cancer", "tumour")] == [{VARIANTS}, {VARIANTS}]
    (reranked,) = Rerank(scorer)([found])
    assert "tamis-mini" in reranked.fingerprints  # the texts alone: not every candidate carries a score


def test_a_document_that_was_deleted_meanwhile_loses_no_query():
    index = Index.build(DOCUMENTS, encoder=None)

    class Late:
        def search(self, queries, k):
            found = index.retriever().search(queries, k)
            index.delete(["cancer"])
            return found

        def rank(self, query, ids):
            return index.rank(query, ids)

    (found,) = Widened(Late(), Says(q=["drum", "恶性肿瘤"])).search([Query("q")], 10)
    assert {c.doc.id for c in found} == {"drum", "sieve", "cancer", "tumour"}


def test_recall_is_asked_once_with_all_variants(index):
    counting = Counting(index.retriever("bm25"))
    found = Widened(counting, SAYS).search([IT, *PLAIN], 100)
    assert [query.text for query in (r.query for r in found)] == ["喉癌能治吗", *(query.text for query in PLAIN)]
    ((texts, k),) = counting.calls
    assert texts == [*SAYS.table["它能治吗"], *(query.text for query in PLAIN)] and k == 100
    counting.calls.clear()
    assert Widened(counting, SAYS).search([], 100) == [] and counting.calls == []


def test_a_small_k_only_cuts_a_larger_one(retriever):
    widened = Widened(retriever, SAYS)
    long = widened.search([IT], 100)[0]
    for k in (1, 3, 5):
        assert plain([widened.search([IT], k)[0]]) == plain([long[:k]])


@pytest.mark.parametrize(
    ("union", "order"),
    [
        (Leading(), ["drum", "sieve", "cancer", "tumour"]),
        (Leading(every=2), ["drum", "cancer", "sieve", "tumour"]),
        (Leading(head=2, every=1), ["drum", "sieve", "cancer", "tumour"]),
        (Fused(0.0), ["drum", "sieve", "cancer", "tumour"]),
        (Fused(1.0), ["cancer", "drum", "sieve", "tumour"]),
    ],
)
def test_how_lists_are_joined(index, union, order):
    says = Says(q=["drum", "恶性肿瘤"])
    (found,) = Widened(index.retriever("bm25"), says, union).search([Query("q")], 10)
    assert [c.doc.id for c in found] == order


def test_no_variant_finds_anything(index):
    (found,) = Widened(index.retriever("bm25"), Says(q=["xyzzy", "zzyx"])).search([Query("q")], 10)
    assert len(found) == 0 and found.query.text == "xyzzy" and found.query.source == "q"


def test_eight_threads_give_what_one_gives(retriever):
    widened = Widened(retriever, SAYS)
    expected = plain(widened.search([IT, *PLAIN], 10))
    assert expected == [one for query in (IT, *PLAIN) for one in plain(widened.search([query], 10))]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: widened.search([IT, *PLAIN], 10), range(16)):
            assert plain(found) == expected


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"threads": -1}])
def test_wrong_use_is_said(index, wrong):
    with pytest.raises(InputError):
        Widened(index.retriever(), SAYS, **wrong)
    with pytest.raises(InputError, match="k must be at least 1"):
        Widened(index.retriever(), SAYS).search([IT], 0)


ids = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(st.lists(ids, min_size=1, max_size=4), st.integers(1, 8), st.sampled_from([Leading(), Leading(2, 1), Fused()]))
def test_any_lists_give_a_union_of_their_documents(lists, k, union):
    class Table:
        def search(self, queries, k):
            return [
                Ranking(q, tuple(Candidate(Document(d, d), -float(n), {"bm25": -float(n)}) for n, d in enumerate(own)))
                for q, own in zip(queries, lists, strict=True)
            ]

    says = Says(q=[f"v{at}" for at in range(len(lists))])
    (found,) = Widened(Table(), says, union).search([Query("q")], k)
    names = [c.doc.id for c in found]
    known = {name for own in lists for name in own}
    assert len(set(names)) == len(names) and set(names) <= known
    if len(lists) > 1:
        assert len(names) == min(k, len(known))
        for c in found:
            assert ("bm25" in c.scores) == (c.doc.id in lists[0])


def test_a_pipeline_with_a_language_model_answers_what_is_meant(index, scorer, serve):  # noqa: F811
    reply = {"standalone": "喉癌能治吗？", "variants": ["喉癌可以治愈吗？"], "changes": []}
    server = serve(lambda sent, n: completion(json.dumps(reply)))
    widened = Widened(index.retriever(), Llm(Chat(server.url)))
    pipeline = Pipeline(widened, (Rerank(scorer),), k=10)
    answer = pipeline.answer(IT)
    assert answer.decision.ranking.query.text == "喉癌能治吗？" and answer.sources[1].doc.id in ("cure", "tumour")
    assert answer.decision.as_json()["source"] == "它能治吗" and len(server.sent) == 1
    (found,) = pipeline.search([IT])
    assert found[0].notes[VARIANTS]
    assert any(stage.startswith("tamis-mini+bm25") for stage in found.fingerprints)


def test_given_documents_are_asked_about_as_the_conversation_means_it(scorer):
    texts = ["喉癌的治疗以手术为主。", "感冒不用治。"]
    found = Pipeline(stages=(Standalone(SAYS), Rerank(scorer))).rank(IT, texts)
    meant = replace(IT, text="喉癌能治吗", source="它能治吗")
    assert plain([found]) == plain([Pipeline(stages=(Rerank(scorer),)).rank(meant, texts)])
    assert Standalone(SAYS)([]) == []


@pytest.mark.parametrize("over", ["max", "mean"])
def test_scores_over_variants(index, scorer, over):
    stages = (RerankVariants(scorer, SAYS, over),)
    (found,) = Pipeline(Widened(index.retriever(), SAYS), stages).search([IT])
    texts = [Query(text) for text in SAYS.table["它能治吗"]]
    for candidate in found:
        own = scorer.score([(query, candidate.doc) for query in texts])
        assert candidate.score == pytest.approx(getattr(np, over)(own), abs=1e-9)
        assert candidate.scores[f"tamis-mini:{over}"] == candidate.score
    assert found.query.text == "喉癌能治吗" and list(found.scores) == sorted(found.scores, reverse=True)
    assert found.fingerprints[f"tamis-mini:{over}"] != scorer.fingerprint


def test_each_pair_is_scored_once_and_depth_cuts():
    class Counts:
        name = fingerprint = "counts"

        def __init__(self):
            self.pairs = []

        def score(self, pairs):
            self.pairs += pairs
            return np.arange(len(pairs), dtype=np.float64)

    counts, says = Counts(), Says(a=["a", "b", "a"], c=["c"])
    documents = tuple(Candidate(Document(str(n), str(n)), 0.0) for n in range(5))
    given = [Ranking(Query("a"), documents), Ranking(Query("c"), documents), Ranking(Query("c"))]
    stage = RerankVariants(counts, says, depth=2)
    assert [len(r) for r in stage(given)] == [2, 2, 0] and len(counts.pairs) == 2 * 2 + 2
    assert stage([]) == [] and stage([Ranking(Query("c"))])[0].items == ()
    with pytest.raises(InputError, match='over must be "max" or "mean"'):
        RerankVariants(counts, says, "min")


def test_a_policy_for_one_is_none_for_the_other(index, scorer):
    policy = Policy(Thresholds(-99.0), scorer=scorer.fingerprint, stage="tamis-mini")
    pipeline = Pipeline(Widened(index.retriever(), SAYS), (RerankVariants(scorer, SAYS),), policy)
    with pytest.raises(PolicyMismatch):
        pipeline.ask(IT)
