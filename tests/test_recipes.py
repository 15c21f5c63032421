"""The founding names: their signatures, their examples, their formulas; and that ours lack their faults."""

from __future__ import annotations

import inspect
import io
import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

from tamis import Document, Query, recipes
from tamis.calibrate import MinMax, PerQueryScaling
from tamis.decide import FBeta, Fixed, Policy, PrecisionAtLeast, Thresholds
from tamis.decide.wording import BannedWords, MinLength
from tamis.errors import DataError, InputError, NotCertifiedError, PolicyExpired, PolicyMismatch
from tamis.recipes import DiffersFromFounding

from .calibrate import worlds

FOUNDING = {
    "linear_calibration": "scores, target_min=0.0, target_max=1.0",
    "business_calibration": "scores, precision_weight=0.7, recall_weight=0.3",
    "find_optimal_threshold": "y_true, y_scores",
    "cost_based_threshold": "y_true, y_scores, false_positive_cost=0.5, false_negative_cost=0.2",
    "DynamicThresholdReranker": "base_threshold=0.7",
    "DynamicThresholdReranker.adjust_threshold_by_query": "self, query, documents",
    "DynamicThresholdReranker.estimate_complexity": "self, query",
    "multi_stage_filtering": "query, documents, model",
    "evaluate_on_testset": "test_file, model",
    "analyze_and_set_threshold": "results",
    "evaluate_threshold": "true_labels, scores, threshold",
}
SCORES = [0.65, 0.72, 0.81, 0.69, 0.88]  # the founding example
LABELS = [1, 0] * 10
SHARES = [0.9, 0.2, 0.8, 0.6, 0.7, 0.3, 0.4, 0.1, 0.85, 0.5] * 2


class ByWords:
    """A model as the founding text calls it: one query and one document in, a share out."""

    def __init__(self):
        self.asked = []

    def score(self, query, document):
        self.asked.append((query, document))
        return sum(word in document for word in query.split()) / len(query.split())


def set_of(queries=80, shift=0.0, seed=0):
    """Results of queries with ten documents each, two of them relevant; every other query scores higher by ``shift``."""
    rng = np.random.default_rng(seed)
    labels = [1, 1] + [0] * 8
    return [
        {
            "query": f"how is sieve {n} made" if n % 2 else f"怎么做筛子 {n}",
            "scores": (rng.normal(4.0 * np.array(labels)) + shift * (n % 2)).tolist(),
            "true_labels": labels,
        }
        for n in range(queries)
    ]


@pytest.mark.parametrize(("name", "founding"), FOUNDING.items())
def test_a_copied_call_still_binds(name, founding):
    found = recipes
    for part in name.split("."):
        found = getattr(found, part)
    ours = list(inspect.signature(found).parameters.values())
    theirs = [part.partition("=")[::2] for part in founding.split(", ")]
    for parameter, (argument, default) in zip(ours, theirs, strict=False):
        assert parameter.name == argument and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        assert parameter.default == (float(default) if default else parameter.empty)
    assert len(ours) >= len(theirs) and all(p.default is not p.empty for p in ours[len(theirs) :])


def test_every_recipe_says_in_one_sentence_how_it_differs():
    for name in FOUNDING:
        if "." not in name:
            assert " ".join(getattr(recipes, name).__doc__.split()).count("Differs from the founding version") == 1 or (
                name == "DynamicThresholdReranker" or "Differs" in getattr(recipes, name).__doc__
            )


# linear_calibration


def test_linear_calibration_of_the_founding_example():
    with pytest.warns(PerQueryScaling, match="reference"):
        found = recipes.linear_calibration(SCORES, target_min=0.0, target_max=1.0)
    assert found == pytest.approx([(score - 0.65) / (0.88 - 0.65) for score in SCORES])
    assert isinstance(found, list) and SCORES == [0.65, 0.72, 0.81, 0.69, 0.88]


def test_with_a_reference_a_query_without_an_answer_keeps_its_low_numbers():
    answered, answerless = [9.0, -2.0, -4.0], [-3.0, -4.0, -5.0]
    pool = np.array([*answered, *answerless])
    assert max(recipes.linear_calibration(answerless, reference=pool)) < 0.2
    assert recipes.linear_calibration(answered, 0, 100, pool) == pytest.approx([100.0, 21.428571, 7.142857])
    with pytest.warns(PerQueryScaling):
        assert max(recipes.linear_calibration(answerless)) == 1.0


def test_what_lies_beyond_the_reference_is_clipped_and_a_fitted_scaling_serves_too():
    scaling = MinMax().fit([0.0, 10.0])
    assert recipes.linear_calibration([-5.0, 5.0, 99.0], -1.0, 1.0, scaling) == [-1.0, 0.0, 1.0]


def test_equal_scores_are_neither_best_nor_worst():
    with pytest.warns(PerQueryScaling):
        assert recipes.linear_calibration([0.7]) == [0.5]
    assert recipes.linear_calibration([], reference=[1.0, 2.0]) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1, np.nan], 0, 1, [0, 1]), "finite, got nan at position 1"),
        (([0.1], 1, 0, [0, 1]), "target_min <= target_max, got 1 and 0"),
        (([0.1], 0, np.inf, [0, 1]), "got 0 and inf"),
        (([0.1], 0, 1, []), "needs a reference pool"),
        ((["high"], 0, 1, [0, 1]), "must be numbers"),
    ],
)
def test_scaling_that_cannot_be_done(arguments, says):
    with pytest.raises(InputError, match=says):
        recipes.linear_calibration(*arguments)


# business_calibration


@pytest.mark.parametrize("weights", [(0.7, 0.3), (0.3, 0.7), (1.0, 0.0), (0.0, 0.0), (5.0, 1.0)])
def test_the_legacy_formula_to_the_bit(weights):
    scores = np.linspace(0, 1, 101).tolist()
    bend = (weights[0] * 0.9 + weights[1] * 1.1) - 1.0
    expected = [min(max(score * (1 + bend * (score - 0.5)), 0.0), 1.0) for score in scores]
    assert recipes.business_calibration(scores, *weights, legacy=True) == expected


def test_the_legacy_formula_has_the_faults_that_ours_has_not():
    scores = np.linspace(0, 1, 101)
    old = np.array(recipes.business_calibration(scores, legacy=True))
    assert np.abs(old - scores).max() <= 0.0201
    assert (old[1:50] > scores[1:50]).all(), "precision is preferred, and low scores rise"
    reversed_ = np.array(recipes.business_calibration(scores, 0, 0, legacy=True))
    assert (np.diff(reversed_)[76:] < 0).all(), "above .75 the worse of two documents comes first"
    with pytest.warns(DiffersFromFounding, match=r"probability of 0.7 on; business_threshold"):
        assert recipes.business_calibration(scores) == scores.tolist()


@pytest.mark.parametrize("weights", [(0, 0), (-0.1, 1), (1, -2), (np.nan, 1), (1, np.inf)])
def test_weights_that_mean_nothing(weights):
    with pytest.raises(InputError, match="weights must be at least 0 and one of them above it"):
        recipes.business_calibration(SCORES, *weights)
    with pytest.raises(InputError, match="weights must be at least 0"):
        recipes.business_threshold(LABELS, SHARES, *weights)


def test_more_weight_on_precision_is_a_stricter_threshold():
    drawn = worlds.independent(2000, 0)
    found = [recipes.business_threshold(drawn.labels, drawn.scores, w, 1 - w) for w in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert found == sorted(found) and len(set(found)) == 5
    grid = np.linspace(-5, 8, 4001)
    exact = grid[np.searchsorted(worlds.posterior(grid), 0.7)]
    assert recipes.business_threshold(drawn.labels, drawn.scores) == pytest.approx(exact, abs=0.25)


# find_optimal_threshold


def test_lists_and_arrays_give_the_same_and_only_numbers():
    found = recipes.find_optimal_threshold(LABELS, SHARES)
    assert found == recipes.find_optimal_threshold(np.array(LABELS, dtype=bool), np.array(SHARES))
    assert len(found) == 4 and all(type(value) is float for value in found)


def test_four_pairs_as_people_try_it_first():
    assert recipes.find_optimal_threshold([1, 0, 1, 0], [0.82, 0.45, 0.91, 0.33])[0] == 0.82


def test_the_precision_is_that_of_new_pairs_and_not_flattered():
    told, flattering, true = [], [], []
    for trial in range(60):
        drawn = worlds.independent(100, trial)
        report = recipes.find_optimal_threshold(drawn.labels, drawn.scores, return_report=True)
        threshold, precision, _, _ = recipes.find_optimal_threshold(drawn.labels, drawn.scores)
        assert report.threshold == threshold and report.held_out.precision.value == precision
        told.append(precision)
        flattering.append(report.claimed.precision.value)
        true.append(float(worlds.precision(threshold)))
    assert abs(np.mean(told) - np.mean(true)) < 0.025
    assert np.mean(flattering) - np.mean(true) > 0.03


def test_queries_stay_together_and_a_prevalence_is_heeded():
    drawn = worlds.clustered(60, 0, between=1.3)
    groups = drawn.groups
    report = recipes.find_optimal_threshold(drawn.labels, drawn.scores, groups=groups, return_report=True)
    plain = recipes.find_optimal_threshold(drawn.labels, drawn.scores, return_report=True)
    assert report.held_out.precision.queries <= 60 < plain.held_out.precision.queries
    rare = recipes.find_optimal_threshold(drawn.labels, drawn.scores, groups=groups, prevalence=0.02)
    assert rare[0] > report.threshold and rare[1] < report.held_out.precision.value


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1, 1, 1], [0.1, 0.2, 0.3]), "all 3 labels are relevant"),
        (([2, 0, 1], [0.1, 0.2, 0.3]), "labels are grades"),
        (([1, 0], [0.1, 0.2, 0.3]), "expected 3 labels"),
        (([1, 0, 1], [0.1, np.inf, 0.3]), "finite"),
        (([], []), "no scored pairs"),
    ],
)
def test_pairs_that_cannot_be_used(arguments, says):
    for recipe in (recipes.find_optimal_threshold, recipes.cost_based_threshold, recipes.business_threshold):
        with pytest.raises(InputError, match=says):
            recipe(*arguments)


def test_one_query_cannot_be_held_against_others():
    with pytest.raises(InputError, match="1 query in the data"):
        recipes.find_optimal_threshold([1, 0, 1], [0.9, 0.1, 0.8], groups=["q", "q", "q"])


# cost_based_threshold


def test_labels_in_a_list_are_labels():
    found = recipes.cost_based_threshold(LABELS, SHARES)
    assert found == recipes.cost_based_threshold(np.array(LABELS), np.array(SHARES))
    assert found != (0.1, 0.0) and found[1] > 0


def test_saturated_scores_and_raw_logits_get_a_threshold_on_their_own_scale():
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.4
    saturated = np.where(labels, 0.99, 0.96) + rng.normal(size=400) * 0.004
    threshold, cost = recipes.cost_based_threshold(labels, saturated)
    assert 0.96 < threshold < 0.99 and cost < 0.1 * 0.2 * labels.sum()
    assert recipes.cost_based_threshold(labels, 100 * saturated - 50)[0] == pytest.approx(100 * threshold - 50, abs=0.3)


def test_the_cost_is_that_of_new_pairs():
    told, true = [], []
    for trial in range(40):
        drawn = worlds.independent(100, trial)
        threshold, cost = recipes.cost_based_threshold(drawn.labels, drawn.scores)
        wrong, right = worlds.tails(threshold)[1:].sum(), worlds.tails(threshold)[0]
        told.append(cost)
        true.append(100 * (0.5 * wrong + 0.2 * (0.2 - right)))
    assert np.mean(told) == pytest.approx(np.mean(true), rel=0.1)


def test_doing_without_a_threshold_stands_beside_it():
    drawn = worlds.independent(500, 0)
    report = recipes.cost_based_threshold(drawn.labels, drawn.scores, return_report=True)
    assert report.accept_none.cost(0.5, 0.2) == pytest.approx(1000 * 0.2 * drawn.labels.mean())
    assert report.held_out.cost(0.5, 0.2) < report.accept_none.cost(0.5, 0.2) < report.accept_all.cost(0.5, 0.2)
    assert recipes.cost_based_threshold(LABELS, SHARES, 1000.0, 0.001)[0] == np.inf


@pytest.mark.parametrize("costs", [(-0.5, 0.2), (0.5, -0.2), (0, 0), (np.inf, 1)])
def test_costs_that_mean_nothing(costs):
    with pytest.raises(InputError, match="cost"):
        recipes.cost_based_threshold(LABELS, SHARES, *costs)


# evaluate_threshold


def test_a_threshold_is_evaluated_for_lists_as_for_arrays():
    found = recipes.evaluate_threshold([1, 0, 1, 0, 1], [0.9, 0.8, 0.7, 0.2, 0.1], 0.7)
    assert found == recipes.evaluate_threshold(np.array([1, 0, 1, 0, 1]), np.array([0.9, 0.8, 0.7, 0.2, 0.1]), 0.7)
    assert (found.figures.precision.value, found.figures.recall.value) == (2 / 3, 2 / 3)
    assert found.accuracy == pytest.approx(3 / 5)
    assert "relevant accepted: 2 of 3" in str(found)


def test_nothing_accepted_is_said_and_not_called_zero():
    found = recipes.evaluate_threshold([1, 0], [0.9, 0.8], 2.0)
    assert "precision:         none to count" in str(found) and found.accuracy == 0.5
    assert recipes.evaluate_threshold([0, 0], [0.9, 0.8], np.inf).accuracy == 1.0
    with pytest.raises(InputError, match="NaN"):
        recipes.evaluate_threshold([1, 0], [0.9, 0.8], np.nan)


# DynamicThresholdReranker


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


# multi_stage_filtering

DOCUMENTS = [f"alpha {'beta ' * (n % 2)}number {n}" for n in range(12)]
POLICY = Policy(Thresholds(0.9), stage="ByWords", before=(MinLength(5),), after=(BannedWords(("number 3",)),), max_k=4)


def test_it_runs_as_a_function_and_says_what_each_stage_dropped():
    found = recipes.multi_stage_filtering("alpha beta", [*DOCUMENTS, "beta"], ByWords(), POLICY)
    assert found == [(DOCUMENTS[n], 1.0) for n in (1, 5, 7, 9)] and isinstance(found, list)
    assert found.decision.dropped == {"min_length": 1, "threshold": 6, "banned_words": 1, "max_k": 1}
    assert len(found) + len(found.decision.rejected) == 13


def test_ten_and_eleven_candidates_are_judged_alike():
    policy = Policy(Thresholds(0.4), stage="ByWords")
    for count in (10, 11, 12):
        assert len(recipes.multi_stage_filtering("alpha beta", DOCUMENTS[:count], ByWords(), policy)) == count
        assert recipes.multi_stage_filtering("gamma delta", DOCUMENTS[:count], ByWords(), policy) == []


def test_without_a_policy_nothing_is_left_out_and_that_is_said():
    with pytest.warns(DiffersFromFounding, match="leaves nothing out"):
        found = recipes.multi_stage_filtering("gamma", DOCUMENTS, ByWords())
    assert [document for document, _ in found] == DOCUMENTS


def test_documents_come_back_as_they_were_given(tmp_path):
    POLICY.save(tmp_path / "policy.json")
    given = [{"id": "x", "text": "alpha beta", "year": 2026}, Document("y", "beta alpha"), "alpha"]
    found = recipes.multi_stage_filtering(Query("alpha beta"), given, ByWords(), tmp_path / "policy.json")
    assert [document for document, _ in found] == given[:2] and found[0][0] is given[0]
    assert len(recipes.multi_stage_filtering("alpha", (text for text in given), ByWords(), POLICY)) == 3


def test_a_policy_for_another_model_or_day_is_refused():
    for_mini = Policy(Thresholds(0.0), scorer="tamis-mini:1", stage="tamis-mini")
    with pytest.raises(PolicyMismatch):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, ByWords(), for_mini)
    over = Policy(Thresholds(0.0), stage="ByWords", expires="2020-01-01")
    with pytest.raises(PolicyExpired):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, ByWords(), over)
    with pytest.raises(InputError, match="put it in a list"):
        recipes.multi_stage_filtering("alpha", "one document", ByWords(), POLICY)
    with pytest.raises(InputError, match="a model must be a spec"):
        recipes.multi_stage_filtering("alpha", DOCUMENTS, 7, POLICY)


# evaluate_on_testset

ENTRIES = [
    {"query": "alpha beta", "documents": ["beta", "alpha beta", "gamma"], "labels": [0, 1, 0]},
    {"query": "gamma", "documents": ["gamma ray", "beta"], "labels": [1, 0]},
]


@pytest.mark.parametrize("form", ["array", "lines"])
def test_a_test_set_is_scored_in_its_own_order(tmp_path, form):
    file = tmp_path / "testset.json"
    text = json.dumps(ENTRIES) if form == "array" else "\n".join(map(json.dumps, ENTRIES))
    file.write_text(text, encoding="utf-8")
    model, told = ByWords(), []
    results = recipes.evaluate_on_testset(str(file), model, progress=lambda done, total: told.append((done, total)))
    assert results == [
        {"query": "alpha beta", "scores": [0.5, 1.0, 0.0], "true_labels": [0, 1, 0]},
        {"query": "gamma", "scores": [1.0, 0.0], "true_labels": [1, 0]},
    ]
    assert len(model.asked) == 5 and told == [(5, 5)]


def test_a_long_test_set_tells_how_far_it_is(tmp_path):
    file = tmp_path / "testset.json"
    file.write_text(json.dumps(ENTRIES * 120), encoding="utf-8")
    told = []
    results = recipes.evaluate_on_testset(file, ByWords(), progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == [258, 515, 600] and {total for _, total in told} == {600}
    assert [result["query"] for result in results] == ["alpha beta", "gamma"] * 120


def test_a_terminal_is_shown_a_bar_and_nobody_else(tmp_path, monkeypatch, capsys):
    file = tmp_path / "testset.json"
    file.write_text(json.dumps(ENTRIES), encoding="utf-8")
    recipes.evaluate_on_testset(file, ByWords())
    assert capsys.readouterr() == ("", "")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    recipes.evaluate_on_testset(file, ByWords())
    assert "scoring" in terminal.getvalue()


def test_a_faulty_entry_is_named(tmp_path):
    file = tmp_path / "testset.jsonl"
    file.write_text('{"query": "a", "documents": ["x"], "labels": [1]}\n{"query": "b", "documents": ["x"]}\n')
    with pytest.raises(DataError, match=r"testset.jsonl, line 2"):
        recipes.evaluate_on_testset(file, ByWords())
    file.write_text('{"query": "a", "documents": ["x", "y"], "labels": [1]}\n')
    with pytest.raises(DataError, match="expected 2 labels"):
        recipes.evaluate_on_testset(file, ByWords())


# analyze_and_set_threshold


def test_the_ways_are_held_against_queries_they_were_not_chosen_on():
    found = recipes.analyze_and_set_threshold(set_of(300))
    best, percent, by_hand, certificate = found.tuning.methods
    scores = [score for result in set_of(300) for score in result["scores"]]
    labels = [label for result in set_of(300) for label in result["true_labels"]]
    assert float(found) == found.threshold == best.threshold == FBeta().choose(found.tuning.found.data)
    assert percent.threshold == pytest.approx(np.percentile(scores, 70)) and by_hand.threshold == 0.0
    assert certificate.certificate.issued and certificate.certificate.bound == 0.9
    flattered = recipes.evaluate_threshold(labels, scores, float(found)).figures.f1.value
    assert 0 < best.held_out.f1.value <= flattered
    table = str(found).splitlines()
    assert table[0].startswith("3000 pairs of 300 queries")
    assert [line[:10].strip() for line in table[2:6]] == ["best F1", "best 30 %", "by hand, 0", "certificat"]


def test_shares_get_the_founding_number_by_hand():
    shares = [r | {"scores": (1 / (1 + np.exp(-np.array(r["scores"])))).tolist()} for r in set_of(60)]
    by_hand = recipes.analyze_and_set_threshold(shares).tuning.methods[2]
    assert (by_hand.method, by_hand.threshold) == ("by hand, 0.72", 0.72)


def test_a_target_gives_its_own_threshold_or_says_why_there_is_none():
    results = set_of(300)
    certified = recipes.analyze_and_set_threshold(results, PrecisionAtLeast(0.8))
    assert float(certified) == certified.tuning.methods[3].certificate.threshold
    assert float(recipes.analyze_and_set_threshold(results, Fixed(1.5))) == 1.5
    refused = recipes.analyze_and_set_threshold(set_of(20), PrecisionAtLeast(0.99))
    assert refused.threshold is None and "refused" in str(refused)
    with pytest.raises(NotCertifiedError, match="there is no threshold: "):
        float(refused)


def test_arrays_and_grades_are_read():
    results = [r | {"scores": np.array(r["scores"]), "true_labels": 2 * np.array(r["true_labels"])} for r in set_of(60)]
    graded = recipes.analyze_and_set_threshold(results, relevant_if=2)
    assert float(graded) == float(recipes.analyze_and_set_threshold(set_of(60)))
    with pytest.raises(InputError, match="labels are grades"):
        recipes.analyze_and_set_threshold(results)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"true_labels": [1]}, "result 0 has 10 scores and 1 true_labels"),
        ({"true_labels": [1, 0, None] + [0] * 7}, "labels must be"),
    ],
)
def test_results_that_cannot_be_used(change, says):
    with pytest.raises(InputError, match=says):
        recipes.analyze_and_set_threshold([set_of(20)[0] | change, *set_of(20)[1:]])


def test_a_result_without_labels_names_what_it_lacks():
    results = set_of(20)
    del results[3]["true_labels"]
    with pytest.raises(InputError, match="result 3 has no 'true_labels'"):
        recipes.analyze_and_set_threshold(results)
    with pytest.raises(InputError, match="at least 5"):
        recipes.analyze_and_set_threshold(set_of(3))


def test_from_a_test_set_to_a_policy_that_knows_its_model(tmp_path):
    entries = [
        {
            "query": f"what is tool {n}?",
            "documents": [f"Tool {n} is a sieve.", "Rain fell.", "A hat."],
            "labels": [1, 0, 0],
        }
        for n in range(60)
    ]
    file = tmp_path / "testset.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    found = recipes.analyze_and_set_threshold(recipes.evaluate_on_testset(file, "tamis-mini"), PrecisionAtLeast(0.8))
    policy = found.tuning.policy()
    shown = recipes.multi_stage_filtering(
        "what is tool 99?", ["Rain fell.", "Tool 99 is a sieve."], "tamis-mini", policy
    )
    assert [document for document, _ in shown] == ["Tool 99 is a sieve."]
    with pytest.raises(PolicyMismatch):
        recipes.multi_stage_filtering("what is tool 99?", ["Rain fell."], "e5-small", policy)


# all of it


def test_nothing_is_printed_and_no_plot_is_drawn():
    code = (
        "import sys; from tamis import recipes\n"
        f"y, s = {LABELS}, {SHARES}\n"
        "recipes.find_optimal_threshold(y, s); recipes.cost_based_threshold(y, s); recipes.evaluate_threshold(y, s, .5)\n"
        "assert not {'matplotlib', 'sklearn', 'scipy', 'tqdm'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
