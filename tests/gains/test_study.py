"""The 2x2 run: what each system asks and ranks, what is scored once, figures as trec_eval has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tamis.core import Query
from tamis.errors import InputError
from tamis.evaluate import RR, P, R, as_run, compare, evaluate, nDCG
from tamis.pipeline import Rerank
from tamis.rewrite import Given, Offline, variant

from .conftest import Exact, study, world

MAIN = nDCG @ 10


def test_each_system_is_the_pipeline_it_names(talked):
    collection, index = talked.study.collection, talked.study.index
    asked = [variants[0].query for variants in talked.asked]
    plain, named = (index.search(queries, 100, mode="bm25") for queries in (collection.judged, asked))
    expected = {"neither": plain, "rewrite": named, "rerank": Rerank(Exact())(plain), "both": Rerank(Exact())(named)}
    assert list(talked.rankings) == list(expected)
    for name, rankings in expected.items():
        run = as_run(rankings)
        assert as_run(talked.rankings[name]) == run
        assert talked.gain.systems[name].means == evaluate(run, collection.qrels, [MAIN, RR @ 10, P @ 1, R @ 100]).means


def test_naming_what_is_meant_gains_where_a_conversation_left_it_out(talked):
    assert talked.rewritten == 50 and talked.last == "both"
    means = {name: one.means["ndcg@10"] for name, one in talked.gain.systems.items()}
    assert means["neither"] < means["rewrite"] <= means["both"]
    assert talked.gain.test("rewrite").significant and talked.gate.on
    assert talked.gain.test("both").paired == compare(talked.gain.systems["both"], talked.gain.systems["neither"], MAIN)


def test_figures_are_trec_evals(talked):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the reference is missing: pip install pytrec-eval-terrier")
    judge = pytrec_eval.RelevanceEvaluator(dict(talked.study.collection.qrels), {"ndcg_cut.10", "P.1"})
    for name, rankings in talked.rankings.items():
        theirs = judge.evaluate(as_run(rankings))
        ours = talked.gain.systems[name]
        assert ours[MAIN].tolist() == pytest.approx([theirs[q]["ndcg_cut_10"] for q in ours.queries], abs=1e-12)
        assert ours[P @ 1].tolist() == [theirs[q]["P_1"] for q in ours.queries]


def test_queries_that_stay_as_they_are_are_scored_once():
    scorer = Exact()
    found = study(world(conversational=False), scorer=scorer).run()
    assert found.rewritten == 0 and found.rankings["both"] == found.rankings["rerank"]
    assert scorer.pairs == sum(map(len, found.rankings["neither"]))
    assert found.gain.test("rewrite").paired.ties == 50 and found.gain.test("rewrite if rerank").detectable is None


def test_only_pairs_of_changed_rankings_are_scored_again():
    scorer, collection = Exact(), world(conversational=False)
    changed = collection.queries[0]
    found = study(collection, Given({changed.id: "where does the pike sleep"}), scorer).run()
    assert found.rewritten == 1
    assert scorer.pairs == sum(map(len, found.rankings["neither"])) + len(found.rankings["rewrite"][0])


def test_given_candidates_are_all_that_is_ranked():
    whole = world()
    listed = {query.id: [doc for doc in list(whole.documents)[at : at + 12]] for at, query in enumerate(whole.queries)}
    found = study(replace(whole, candidates=listed), scorer=Exact()).run()
    for name in found.rankings:
        for ranking in found.rankings[name]:
            assert {candidate.doc.id for candidate in ranking} == set(listed[ranking.query.id])
    assert found.as_json()["candidates"]


class Widening:
    """Says a query as it is, and once more with another word."""

    name = fingerprint = "widening"

    def rewrite(self, query):
        other = query.text.replace("hide", "sleep")
        return [variant(query, text) for text in dict.fromkeys((query.text, other))]


def test_queries_are_recalled_with_all_their_variants():
    found = study(world(conversational=False), Widening(), Exact(), k=5).run()
    assert found.rewritten == 0, "the first variant stays as it is"
    for query, plain, wide in zip(found.queries, found.rankings["neither"], found.rankings["rewrite"], strict=True):
        if "hide" not in query.text:
            assert plain == wide
            continue
        assert len(wide) == 5 and any("sleep" in candidate.doc.id for candidate in wide)
        assert all("bm25" in candidate.scores for candidate in wide), "what the first stage says of each is known"


def test_variants_order_given_candidates_and_bring_none_in():
    whole = world(conversational=False)
    listed = {query.id: list(whole.documents)[:40] for query in whole.queries}
    found = study(replace(whole, candidates=listed), Widening(), k=5).run()
    assert all({c.doc.id for c in ranking} == set(list(whole.documents)[:40]) for ranking in found.rankings["rewrite"])
    assert found.rankings["rewrite"] != found.rankings["neither"]


def test_without_a_reranker_there_are_two_systems():
    found = study(world()).run()
    assert list(found.rankings) == ["neither", "rewrite"] and found.last == "rewrite"
    assert found.as_json()["scorer"] is None


def test_judged_queries_without_a_text_are_named_and_left_out():
    collection = world()
    found = study(replace(collection, qrels={**collection.qrels, "lost": {"carp-eat": 1}})).run()
    assert found.as_json()["without_text"] == ["lost"] and found.as_json()["queries"] == 50


def test_nothing_judged_is_one_clear_error():
    with pytest.raises(InputError, match="no query of the set is judged"):
        study(replace(world(), qrels={})).run()


def test_the_rewriter_in_the_box_runs(typed):
    found = study(typed.study.collection, Offline(), Exact()).run()
    assert found.gain.systems["rewrite"].queries == typed.gain.systems["rewrite"].queries


def test_a_sample_is_the_same_every_time_and_keeps_the_order():
    collection = world()
    one, two = (collection.sampled(12, seed=3) for _ in range(2))
    assert one == two and len(one.judged) == 12
    assert [query.id for query in one.queries] == [q.id for q in collection.queries if q.id in one.qrels]
    assert collection.sampled(12, seed=4) != one and len(collection.sampled(999).judged) == 50
    assert (
        replace(collection, queries=[*collection.queries, Query("unjudged", "u")]).sampled(999).judged
        == collection.judged
    )
    with pytest.raises(InputError, match="at least one query, got 0"):
        collection.sampled(0)
