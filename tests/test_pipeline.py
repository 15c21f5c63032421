"""Rerank and Pipeline: nothing lost, nothing reordered that should not be, wrong use told at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tamis
from tamis.answer import Answer
from tamis.core import Candidate, Decision, Document, Query, Ranking
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, ModelError, PolicyMismatch
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


class Weighs(Lengths):
    """A scorer that adds its evidence."""

    evidence = ("bm25", "dense")

    def score_with_evidence(self, pairs, evidence):
        return sum(evidence.values(), self.score(pairs))


def carrying(*scores, encoder=""):
    """A ranking of as many candidates, what they carry, and whose vectors the cosines are of."""
    items = tuple(Candidate(document, 1.0, said) for document, said in zip(DOCUMENTS[1:], scores, strict=False))
    return Ranking(Query("q"), items, {"dense": encoder} if encoder else {})


def test_evidence_that_all_candidates_carry_reaches_a_scorer_that_can_weigh_it_in():
    known = ({"bm25": 0.5}, {"bm25": 2.5, "dense": 0.8})
    found, left_out = Rerank(Weighs())([carrying(*known), carrying(*known, {"dense": 0.9})])
    assert [c.scores["lengths+bm25"] for c in found] == [4.5, 1.5]
    assert [c.scores["lengths"] for c in left_out] == [3, 2, 1]
    assert found.fingerprints["lengths+bm25"] == left_out.fingerprints["lengths"] == "lengths:1"
    (plain,) = Rerank(Lengths())([carrying(*known)])
    assert [c.scores["lengths"] for c in plain] == [2, 1]


def test_cosines_count_where_the_embedded_encoder_made_them():
    both, e5 = {"bm25": 2.0, "dense": 0.5}, tamis.load_encoder("e5-small").fingerprint
    given = [carrying(both, encoder=e5), carrying(both), carrying(both, encoder="another"), carrying({"dense": 0.5})]
    given += [carrying({"dense": 0.5}, encoder=e5)]
    names = [set(ranking[0].scores) - {"bm25", "dense"} for ranking in Rerank(Weighs())(given)]
    assert names == [{"lengths+bm25+dense"}, {"lengths+bm25"}, {"lengths+bm25"}, {"lengths"}, {"lengths+dense"}]


def test_rankings_of_unlike_evidence_keep_their_places_and_the_progress_is_of_all():
    given, told = [carrying({}, {}), carrying({"bm25": 3.0}), carrying({}), Ranking(Query("q"))], []
    found = Rerank(Weighs(), progress=lambda *now: told.append(now))(given)
    assert [ranking.scores.tolist() for ranking in found] == [[2, 1], [4], [1], []]
    assert told[-1] == (4, 4) and [done for done, _ in told] == sorted(done for done, _ in told)


def test_hybrid_search_knows_both_kinds_of_evidence_of_every_candidate():
    texts = ["A tamis is a drum sieve.", "A drum of oil.", "筛子用来过滤汤。", "Rain fell."]
    index = tamis.Index.build(texts)
    assert (words := index.search("drum sieve", mode="bm25")) and len(words) == 2
    for mode, name in (("bm25", "+bm25"), ("dense", "+dense"), ("hybrid", "+bm25+dense")):
        (found,) = Pipeline(index.retriever(mode), (Rerank(Weighs()),)).search(["drum sieve"])
        assert {f"lengths{name}"} == {stage for c in found for stage in c.scores if stage.startswith("lengths")}
    encoder = tamis.load_encoder("e5-small")
    asked, held = encoder.encode(["drum sieve"], "query")[0], encoder.encode(texts, "document")
    cosines = {c.doc.id: c.scores["dense"] for c in found}
    assert cosines == pytest.approx({str(at): float(asked @ vector) for at, vector in enumerate(held)}, abs=1e-6)
    assert {c.doc.id: c.scores["bm25"] for c in found} == {
        "2": 0,
        "3": 0,
        **{c.doc.id: c.scores["bm25"] for c in words},
    }


def test_search_gives_the_embedded_scorer_its_bm25():
    index = tamis.Index.build(["A tamis is a drum sieve.", "A drum of oil."], encoder=None)
    (found,) = Pipeline(index.retriever("bm25"), (Rerank(tamis.load_scorer("tamis-blend")),)).search(["drum sieve"])
    scorer, best = tamis.load_scorer("tamis-blend"), found[0]
    assert set(best.scores) == {"bm25", "tamis-blend+bm25"}
    assert (
        best.score
        == scorer.score_with_evidence([(found.query, best.doc)], {"bm25": np.array([best.scores["bm25"]])})[0]
    )


def test_a_model_is_named_by_its_folder_too():
    folder = Path(tamis.__file__).parent / "models/tamis-blend"
    by_folder = tamis.rerank("sieve", ["A tamis is a sieve.", "Rain."], model=folder)
    assert by_folder == tamis.rerank("sieve", ["A tamis is a sieve.", "Rain."], model="tamis-blend")
    with pytest.raises(ModelError):
        tamis.rerank("sieve", ["Rain."], model="")


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


@pytest.mark.parametrize(
    ("wanted", "name"), [(None, "+bm25+dense"), ((), ""), (("bm25",), "+bm25"), (("dense", "clicks"), "+dense")]
)
def test_a_rerank_weighs_in_no_more_than_what_is_wanted(wanted, name):
    known = carrying({"bm25": 0.5, "dense": 0.25}, encoder=tamis.load_encoder("e5-small").fingerprint)
    (found,) = Rerank(Weighs(), evidence=wanted)([known])
    expected = 1 + 0.5 * ("bm25" in name) + 0.25 * ("dense" in name)
    assert found[0].scores[f"lengths{name}"] == expected == found[0].score


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


class Echo:
    """A generator that says which passages it was given."""

    name = "echo"

    def answer(self, decision):
        return Answer(" ".join(c.doc.id for c in decision.ranking), decision, self.name)

    def stream(self, decision):
        yield self.answer(decision)


def test_an_answer_comes_from_what_the_policy_accepted():
    pipeline = Pipeline(Fixed(DOCUMENTS[:7]), (Rerank(Lengths()),), Policy(Thresholds(5)), generator=Echo())
    assert pipeline.answer("q").text == "6 5"
    with pytest.raises(InputError, match="no retriever"):
        Pipeline(generator=Echo()).answer("q")


def test_without_a_generator_the_last_scorer_chooses_sentences():
    documents = [Document("a", "Short. A longer sentence.")]
    answer = Pipeline(Fixed(documents), (Rerank(Lengths()),)).answer("q")
    assert (answer.text, answer.by) == ("A longer sentence. [1]", "extractive:lengths")
    together = Lengths()
    together.depends_on_companions = True
    assert Pipeline(Fixed(documents), (Rerank(together),)).answer("q").by == "extractive:tamis-mini"
