"""Holm's correction: against statsmodels, its definition and its promise."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tamis.errors import InputError
from tamis.evaluate import Difference, Paired, evaluate, family, holm, paired
from tamis.evaluate.family import benjamini_hochberg, counted
from tamis.evaluate.gain import MEASURES, gain

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@given(P_VALUES)
def test_holm_is_what_it_is_defined_as(p_values):
    """Rejected at a level by the step-down rule exactly where the adjusted value is at most the level."""
    adjusted = holm(p_values)
    for level in (0.01, 0.05, 0.2):
        rejected, left = set(), len(p_values)
        for p, at in sorted((p, at) for at, p in enumerate(p_values)):
            if p * left > level:
                break
            rejected.add(at)
            left -= 1
        assert {at for at, value in enumerate(adjusted) if value <= level} == rejected


@given(st.lists(st.floats(0, 1), max_size=40))
def test_benjamini_and_hochbergs_values_are_those_of_statsmodels(p_values):
    expected = multipletests(p_values, method="fdr_bh")[1] if p_values else []
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


def test_benjamini_and_hochberg_refuse_what_is_no_probability():
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        benjamini_hochberg([0.5, 1.5])


@given(P_VALUES, st.randoms())
def test_holm_raises_keeps_order_and_does_not_care_about_it(p_values, random):
    adjusted = holm(p_values)
    assert (adjusted >= np.array(p_values)).all() and (adjusted <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()
    shuffled = list(range(len(p_values)))
    random.shuffle(shuffled)
    assert holm([p_values[at] for at in shuffled]).tolist() == adjusted[shuffled].tolist()


@pytest.fixture(scope="module")
def nothing_to_collect():
    """statsmodels collects garbage in every call, a second of it late in a long run of tests; this sets it aside."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_to_collect")
@given(P_VALUES)
def test_holm_agrees_with_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_one_false_alarm_in_a_family_is_as_rare_as_promised():
    rng = np.random.default_rng(0)
    alarms = [(holm(rng.random(20)) <= 0.05).any() for _ in range(2000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.015)


def test_no_test_needs_no_correction():
    assert holm([]).size == 0 and family([]) == ()


@pytest.mark.parametrize("wrong", [[1.1], [-0.1], [float("nan")], [[0.5]]])
def test_what_is_no_p_value_is_refused(wrong):
    with pytest.raises(InputError, match=r"p-values in \[0, 1\]"):
        holm(wrong)


def test_a_family_keeps_its_order_and_says_what_stands():
    ps = (0.03, 0.001, 0.9)
    made = family([Difference(str(p), "ndcg@10", Paired(0.1, 0, 0.2, p, 1, 1, 1, 3)) for p in ps])
    assert [one.name for one in made] == ["0.03", "0.001", "0.9"]
    assert [one.significant for one in made] == [False, True, False]
    assert made[0].as_json()["p_holm"] == pytest.approx(0.06)
    assert Difference("alone", "ap", made[0].paired).as_json()["p_holm"] is None


def test_what_cannot_be_significant_and_what_stands_twice_is_not_counted():
    some, none = Paired(0.1, 0, 0.2, 0.02, 3, 1, 1, 5), Paired(0, 0, 0, 1.0, 0, 0, 5, 5)
    tests = [Difference("both", "ap", some), Difference("rewrite", "ap", none), Difference("rerank", "ap", some)]
    tests += [Difference("both", "ap", some, kind="length", part="short")]
    assert [one.adjusted for one in family(tests)] == [0.04, 1.0, 0.04, 0.04]
    assert counted(tests) == 2


def test_false_alarms_stay_rare_where_empty_comparisons_are_not_counted():
    rng, alarms = np.random.default_rng(1), []
    for _ in range(400):
        columns = np.where(rng.random((8, 10)) < 0.3, rng.normal(0, 1, (8, 10)), 0.0)
        made = family([Difference(str(at), "ap", paired(d, np.zeros(10), rounds=20)) for at, d in enumerate(columns)])
        alarms.append(any(one.significant for one in made))
    assert np.mean(alarms) <= 0.07


def test_comparisons_of_other_queries_with_the_same_figures_are_two():
    """Rewriting wins seven queries and reranking seven others: every figure is alike, the tests are not one."""
    qrels = {f"q{at}": {"a": 1} for at in range(60)}

    def run(good):
        return {query: {"a" if int(query[1:]) in good else "z": 1.0} for query in qrels}

    rewrite, rerank = set(range(7)), set(range(20, 27))
    right = {"neither": set(), "rewrite": rewrite, "rerank": rerank, "both": rewrite | rerank}
    found = gain({name: evaluate(run(good), qrels, MEASURES) for name, good in right.items()})
    assert found.test("rewrite").paired == found.test("rerank").paired
    # "rewrite if rerank" is "rewrite" and "rerank if rewrite" is "rerank": three comparisons by each of two measures.
    assert counted(found.tests) == 6
    assert found.test("rewrite").adjusted == pytest.approx(4 * found.test("rewrite").paired.p_value)
