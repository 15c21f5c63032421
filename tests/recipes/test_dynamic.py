"""A threshold that moves with the query: by the founding rule, or by what was learned."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tamis import recipes
from tamis.errors import InputError
from tamis.recipes import DiffersFromFounding

from .given import ByWords, set_of


@pytest.mark.parametrize(
    ("query", "threshold", "complexity"),
    [
        ("Python是什么", 0.77, "low"),
        ("What is Python?", 0.72, "low"),
        ("GIL", 0.77, "low"),
        ("如何在多线程环境下使用Python的GIL", 0.70, "medium"),
        ("如何解决API框架的并发问题", 0.66, "high"),
        ("如" * 51, 0.69, "low"),
    ],
)
def test_the_founding_rule_by_its_name(query, threshold, complexity):
    dynamic = recipes.DynamicThresholdReranker(policy="heuristic")
    assert dynamic.adjust_threshold_by_query(query, []) == pytest.approx(threshold)
    assert dynamic.estimate_complexity(query) == complexity
    assert recipes.DynamicThresholdReranker(0.95, policy="heuristic").adjust_threshold_by_query("GIL", []) == 0.9


def test_without_anything_learned_the_base_comes_back_and_says_so_once():
    dynamic = recipes.DynamicThresholdReranker(base_threshold=0.6)
    with pytest.warns(DiffersFromFounding, match="no offsets have been learned"):
        assert dynamic.adjust_threshold_by_query("Python是什么", ["a"]) == 0.6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dynamic.adjust_threshold_by_query("如何解决API框架的并发问题", []) == 0.6


def test_offsets_are_learned_where_queries_need_them():
    dynamic = recipes.DynamicThresholdReranker(2.0).fit(set_of(shift=3.0))
    chinese, english = (dynamic.adjust_threshold_by_query(q, []) for q in ("怎么做筛子", "how is a sieve made"))
    assert dynamic.difficulty_.enabled
    assert english - chinese == pytest.approx(3.0, abs=0.7) and chinese < 2.0 < english


def test_offsets_are_nothing_where_held_out_queries_gain_nothing():
    dynamic = recipes.DynamicThresholdReranker(2.0).fit(set_of(shift=0.0))
    assert not dynamic.difficulty_.enabled and dynamic.difficulty_.reason
    assert dynamic.adjust_threshold_by_query("怎么做筛子", []) == 2.0


def test_offsets_that_look_at_scores_need_a_model():
    results = [r | {"scores": (np.array(r["scores"]) + 4 * np.sin(n)).tolist()} for n, r in enumerate(set_of(200))]
    learned = recipes.DynamicThresholdReranker(2.0).fit(results, ["top"]).difficulty_
    assert learned.enabled
    documents = ["alpha", "alpha beta"]
    with pytest.raises(InputError, match="look at 'top' of the scores: pass model="):
        recipes.DynamicThresholdReranker(2.0, difficulty=learned).adjust_threshold_by_query("alpha beta", documents)
    with_model = recipes.DynamicThresholdReranker(2.0, difficulty=learned, model=ByWords())
    expected = 2.0 + learned.offsets([[1.0]])[0]
    assert with_model.adjust_threshold_by_query("alpha beta", documents) == pytest.approx(expected)


def test_a_policy_that_is_none():
    with pytest.raises(InputError, match="did you mean 'heuristic'"):
        recipes.DynamicThresholdReranker(policy="heuristics")
    with pytest.raises(InputError, match="empty"):
        recipes.DynamicThresholdReranker().adjust_threshold_by_query(" ", [])
