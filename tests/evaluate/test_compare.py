"""Two runs compared: values of trec_eval, every comparison in one family, who won."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.evaluate import P, comparison, evaluate, holm, mcnemar, nDCG, paired


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(3)
    documents = [f"d{at}" for at in range(30)]
    qrels = {f"q{at}": {doc: int(rng.random() < 0.2) for doc in documents} for at in range(40)}

    def run(noise):
        return {
            q: {doc: grade + noise * float(rng.normal()) for doc, grade in grades.items()}
            for q, grades in qrels.items()
        }

    return run(0.5), run(1.5), qrels


def test_differences_are_those_of_trec_eval_query_by_query(world):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the reference is missing: pip install pytrec-eval-terrier")
    good, poor, qrels = world
    names = {"ndcg@10": "ndcg_cut_10", "ap": "map", "recall@100": "recall_100", "hit@1": "P_1"}
    judge = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "map", "recall.100", "P.1"})
    theirs = [judge.evaluate(run) for run in (good, poor)]
    found = comparison(good, poor, qrels)
    for ours, name in names.items():
        (test,) = (one for one in found.tests if one.by == ours)
        one, two = (np.array([values[q][name] for q in qrels]) for values in theirs)
        assert test.paired.difference == pytest.approx((one - two).mean(), abs=1e-12)
        assert (test.paired.wins, test.paired.losses) == ((one - two > 1e-12).sum(), (two - one > 1e-12).sum())
        expected = mcnemar(one, two) if name == "P_1" else paired(one, two)
        assert test.paired.p_value == pytest.approx(expected.p_value, abs=1e-12)


def test_all_comparisons_are_one_family(world):
    good, poor, qrels = world
    masks = {("half", "first"): np.arange(40) < 20, ("half", "second"): np.arange(40) >= 20}
    found = comparison(good, poor, qrels, masks=masks)
    assert [test.by for test in found.tests] == ["ndcg@10", "rr@10", "ap", "recall@100", "hit@1", "ndcg@10", "ndcg@10"]
    told = [test for test in found.tests if test.by != "recall@100"]  # both runs list everything: no query differs
    assert [test.adjusted for test in told] == pytest.approx(holm([test.paired.p_value for test in told]).tolist())
    assert found.tests[3].adjusted == 1.0 and found.as_json()["comparisons"] == len(told)
    one, two = (evaluate(run, qrels, [nDCG @ 10])[nDCG @ 10] for run in (good, poor))
    assert found.tests[-1].paired == paired(one[20:], two[20:])
    assert found.tests[-1].as_json()["part"] == "second"


def test_turning_the_runs_round_turns_the_signs_round(world):
    good, poor, qrels = world
    for one, two in zip(comparison(good, poor, qrels).tests, comparison(poor, good, qrels).tests, strict=True):
        assert one.paired.difference == -two.paired.difference
        assert one.paired.p_value == two.paired.p_value and one.detectable == pytest.approx(two.detectable)


def test_queries_won_and_lost_most_are_named(world):
    good, poor, qrels = world
    found = comparison(good, poor, qrels)
    won, lost = found.changed(3)
    gains = dict(zip(qrels, found.evaluations[0][nDCG @ 10] - found.evaluations[1][nDCG @ 10], strict=True))
    assert [row["query"] for row in won] == sorted(gains, key=lambda q: -gains[q])[:3]
    assert all(gains[row["query"]] == row["difference"] < 0 for row in lost)
    assert comparison(good, good, qrels).changed() == ([], [])


def test_a_query_that_a_run_misses_is_named_and_counts_0(world):
    good, poor, qrels = world
    found = comparison({q: good[q] for q in list(good)[1:]}, poor, qrels)
    assert found.as_json()["missing"] == [["q0"], []]
    assert found.evaluations[0][P @ 1][0] == 0
