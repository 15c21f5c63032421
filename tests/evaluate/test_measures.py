"""Measures against trec_eval (through pytrec_eval), and as values that are written, parsed and refused."""

import pickle

import numpy as np
import pytest
import pytrec_eval
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tamis.core import Candidate, Document, Query, Ranking
from tamis.errors import InputError
from tamis.evaluate import AP, DEFAULT, MEASURES, RR, P, R, as_run, evaluate, measure, nDCG

CUTOFFS = (1, 2, 3, 5, 10, 100)
REFERENCE = {
    **{nDCG @ k: f"ndcg_cut_{k}" for k in CUTOFFS},
    **{AP @ k: f"map_cut_{k}" for k in CUTOFFS},
    **{P @ k: f"P_{k}" for k in CUTOFFS},
    **{R @ k: f"recall_{k}" for k in CUTOFFS},
    nDCG: "ndcg",
    AP: "map",
    RR: "recip_rank",
    R: "set_recall",
}
ASKED = {
    name.rsplit("_", 1)[0] + "." + ",".join(map(str, CUTOFFS)) for name in REFERENCE.values() if name[-1].isdigit()
}
ASKED |= {name for name in REFERENCE.values() if not name[-1].isdigit()}

# Ids whose order differs between bytes, cases and scripts; few scores, so that most of them tie.
IDS = ["a", "A", "b", "10", "9", "d1", "d10", "é", "ü", "中", "中文", "条", "\uffff", "😀"]
SCORES = st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-9, 1.0 + 1e-7, 1.0 - 1e-9, 16777216.0, 16777217.0, -3.5, 1e39, 2e39])
RANKED = st.dictionaries(st.sampled_from(IDS), SCORES | st.floats(-10, 10), max_size=14)
# trec_eval reads stale memory where every grade of a query is negative, so each query here has one that is not.
JUDGED = st.dictionaries(st.sampled_from(IDS), st.integers(-2, 4), min_size=1, max_size=14).filter(
    lambda grades: max(grades.values()) >= 0
)
QUERIES = ["q1", "q2", "q3", "问"]


@settings(max_examples=300)
@given(
    run=st.dictionaries(st.sampled_from(QUERIES), RANKED, max_size=4),
    qrels=st.dictionaries(st.sampled_from(QUERIES), JUDGED, min_size=1, max_size=4),
)
@example(run={"q1": {"a": 1.0, "b": 1.0 + 1e-9}}, qrels={"q1": {"a": 1, "b": 0}, "q2": {"a": 1}})
def test_equals_trec_eval_with_ties_missing_queries_and_negative_grades(run, qrels):
    expected = pytrec_eval.RelevanceEvaluator(qrels, ASKED).evaluate(run)
    found = evaluate(run, qrels, list(REFERENCE))
    assert found.queries == tuple(qrels)
    for asked, name in REFERENCE.items():
        for query, value in zip(found.queries, found[asked], strict=True):
            assert value == pytest.approx(expected.get(query, {}).get(name, 0.0), abs=1e-12), (query, str(asked))
    assert set(found.missing) == {query for query in qrels if not run.get(query)}
    assert set(found.unjudged) == set(run) - set(qrels)


@settings(max_examples=100)
@given(run=RANKED, grades=JUDGED, cutoff=st.integers(1, 12))
def test_rr_with_a_cutoff_is_recip_rank_or_nothing(run, grades, cutoff):
    full = pytrec_eval.RelevanceEvaluator({"q": grades}, {"recip_rank"}).evaluate({"q": run})["q"]["recip_rank"]
    value = evaluate({"q": run}, {"q": grades}, [RR @ cutoff])[RR @ cutoff][0]
    assert value == pytest.approx(full if full >= 1 / cutoff - 1e-12 else 0.0, abs=1e-12)


@settings(max_examples=100)
@given(run=RANKED, grades=JUDGED, turn=st.randoms())
def test_the_order_of_the_mapping_changes_nothing(run, grades, turn):
    shuffled = list(run.items())
    turn.shuffle(shuffled)
    measures = list(REFERENCE)
    assert (
        evaluate({"q": run}, {"q": grades}, measures).means
        == evaluate({"q": dict(shuffled)}, {"q": grades}, measures).means
    )


def test_negative_grades_only_is_nothing_relevant():
    found = evaluate({"q": {"a": 1.0}}, {"q": {"a": -1, "b": -2}}, list(REFERENCE))
    assert set(found.means.values()) == {0.0}


def test_a_missed_query_counts_and_is_named_and_an_unjudged_one_does_not():
    found = evaluate({"q1": {"a": 1.0}, "q9": {"a": 1.0}}, {"q1": {"a": 1}, "q2": {"a": 1}, "q3": {}}, [RR @ 10])
    assert found.means == {"rr@10": 0.5}
    assert (found.queries, found.missing, found.unjudged) == (("q1", "q2"), ("q2",), ("q9",))
    assert found.per_query == {"q1": {"rr@10": 1.0}, "q2": {"rr@10": 0.0}}


def test_default_measures_are_those_of_the_command_line():
    assert [str(m) for m in DEFAULT] == ["ndcg@10", "rr@10", "ap", "recall@100"]


def test_integer_and_numpy_scores_and_grades_are_taken():
    found = evaluate({"q": {"a": 3, "b": np.float32(2)}}, {"q": {"a": np.int64(1), "b": True}}, [AP])
    assert found.means == {"ap": 1.0}


@pytest.mark.parametrize("row", MEASURES.values(), ids=str)
def test_every_measure_reads_back_from_its_name(row):
    assert measure(str(row @ 7)) == row @ 7
    assert measure(str(row @ 7).upper()) == row @ 7
    assert pickle.loads(pickle.dumps(row @ 7)) == row @ 7
    assert row @ 7 != row @ 8
    assert len({row @ 7, row @ 7, row @ 8}) == 2


def test_names_of_other_tools_are_read():
    assert (measure("map"), measure("mrr@10"), measure("R@100"), measure("precision@5")) == (
        AP,
        RR @ 10,
        R @ 100,
        P @ 5,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ncdg@10", "did you mean 'ndcg@10'"),
        ("recal@100", "did you mean 'recall@100'"),
        ("zzz", "Known: ndcg, rr, ap, p, recall"),
        ("", "unknown measure ''"),
        ("ndcg@", "whole number of at least 1"),
        ("ndcg@0", "whole number of at least 1"),
        ("ndcg@-1", "whole number of at least 1"),
        ("ndcg@1.5", "whole number of at least 1"),
        ("ndcg@１０", "whole number of at least 1"),
        ("p", "'p' needs a cutoff, as in 'p@10'"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused_with_the_remedy(text, says):
    with pytest.raises(InputError) as caught:
        measure(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("cutoff", [0, -1, 1.5, "10", None])
def test_a_cutoff_is_a_whole_number_above_0(cutoff):
    with pytest.raises(InputError, match="whole number of at least 1"):
        nDCG @ cutoff


@pytest.mark.parametrize(
    ("run", "qrels", "measures", "says"),
    [
        ({}, {}, DEFAULT, "no judged query"),
        ({}, {"q": {}}, DEFAULT, "no judged query"),
        ({"q": {"a": 1.0, "b": float("nan")}}, {"q": {"a": 1}}, DEFAULT, "query 'q': the score of document 'b' is NaN"),
        ({}, {"q": {"a": 1, "b": 0.5}}, DEFAULT, "document 'b' must be a whole number, got 0.5"),
        ({}, {"q": {"a": "1"}}, DEFAULT, "document 'a' must be a whole number, got '1'"),
        ({}, {"q": {"a": 1}}, [P], "'p' needs a cutoff"),
        ({}, {"q": {"a": 1}}, ["ndcg@10"], "expected a Measure such as nDCG @ 10, got 'ndcg@10'"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_place(run, qrels, measures, says):
    with pytest.raises(InputError) as caught:
        evaluate(run, qrels, measures)
    assert says in str(caught.value)


def test_a_measure_that_was_not_computed_is_refused_by_name():
    with pytest.raises(InputError, match="recall@5 was not computed here, only ap"):
        evaluate({}, {"q": {"a": 1}}, [AP])[R @ 5]


def test_rankings_become_a_run_and_need_distinct_ids():
    ranking = Ranking(Query("x", id="q"), (Candidate(Document("a", ""), 2.0), Candidate(Document("b", ""), 1.0)))
    assert as_run([ranking]) == {"q": {"a": 2.0, "b": 1.0}}
    with pytest.raises(InputError, match="stands twice"):
        as_run([ranking, ranking])
    with pytest.raises(InputError, match="has no id"):
        as_run([Ranking(Query("x"))])
