"""Learned offsets: on and right where they help, off where they do not; and the founding rule as it was written."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.data import canonical
from tamis.decide.learned.difficulty import Difficulty
from tamis.decide.learned.founding import Heuristic
from tamis.decide.learned.heldout import LEAST_QUERIES, OFF, Gain, holm
from tamis.decide.learned.predictors import PREDICTORS, Predictors
from tamis.errors import InputError

from ...calibrate import worlds

NAMES = ["language:en", "length"]
QUERIES, DOCUMENTS = 200, 10


def world(seed, shift=0.0, queries=QUERIES, documents=DOCUMENTS):
    """W4 by query: in 30 % of them all scores are ``shift`` higher, as the first feature tells; the second is idle."""
    rng = np.random.default_rng([seed, 31])
    grades = rng.choice(3, size=(queries, documents), p=worlds.SHARES)
    scores = worlds.MEANS[grades] + worlds.SPREADS[grades] * rng.standard_normal((queries, documents))
    english = rng.random(queries) < 0.3
    scores += shift * english[:, None]
    features = np.column_stack([english, rng.standard_normal(queries)])
    return Labelled.of(scores.ravel(), grades.ravel() == 0, np.repeat(np.arange(queries), documents)), features


def of_english(found):
    """How much higher the threshold of an English query is than that of another."""
    return float(np.diff(found.offsets([[0.0, 0.0], [1.0, 0.0]]))[0])


def test_a_shift_by_language_is_found_and_its_offset_recovered():
    found = [Difficulty.fit(*world(seed, shift=2.0), NAMES) for seed in range(8)]
    assert sum(f.enabled for f in found) >= 7
    assert np.mean([of_english(f) for f in found if f.enabled]) == pytest.approx(2.0, abs=0.25)


def test_enough_queries_recover_the_shift_of_the_published_world():
    found = Difficulty.fit(*world(1, shift=1.0, queries=1500), NAMES)
    assert found.enabled and of_english(found) == pytest.approx(1.0, abs=0.15)
    helps, idle = found.ablation
    assert (helps.name, idle.name) == ("language:en", "length")
    assert helps.without.low > 0 and helps.adjusted_p < 0.05 and idle.without.low <= 0
    assert found.log_loss.difference == pytest.approx(helps.without.difference, abs=0.002)


def test_without_a_shift_offsets_stay_off():
    found = [Difficulty.fit(*world(seed), NAMES, costs=(0.5, 0.2)) for seed in range(20)]
    assert sum(f.enabled for f in found) <= 2
    off = next(f for f in found if not f.enabled)
    assert off.offsets([[1.0, 5.0]]).tolist() == [0.0] and off.reason


def test_moving_thresholds_cost_less_where_they_are_enabled():
    cost = (0.5, 0.2)
    found = Difficulty.fit(*world(3, shift=3.0, queries=600), NAMES, costs=cost)
    assert found.enabled and found.cost.low > 0
    data, features = world(4, shift=3.0, queries=2000)
    moved = found.adjusted(data, features)

    def least(labelled):
        order = np.argsort(-labelled.scores)
        relevant = labelled.labels[order]
        missed = relevant.sum() - np.cumsum(relevant)
        return (cost[0] * np.cumsum(1 - relevant) + cost[1] * missed).min()

    assert least(moved) < 0.95 * least(data)


def test_a_gain_in_log_loss_without_one_in_cost_is_not_enough():
    data, features = world(1, shift=1.0, queries=400)
    assert Difficulty.fit(data, features, NAMES).enabled
    found = Difficulty.fit(data, features, NAMES, costs=(1e-12, 1.0))  # all is accepted, whatever the offsets
    assert not found.enabled and "cost" in found.reason and found.cost.difference == 0.0


def test_few_queries_show_nothing():
    found = Difficulty.fit(*world(0, shift=6.0, queries=LEAST_QUERIES - 1), NAMES)
    assert not found.enabled and "queries" in found.reason


def test_offsets_are_capped_and_unknown_features_move_nothing():
    data, features = world(2, shift=4.0, queries=300)
    found = Difficulty.fit(data, features, NAMES, cap=0.5)
    assert found.enabled and np.abs(found.offsets(features)).max() == 0.5
    assert found.offsets([[np.nan, np.nan]]).tolist() == [0.0]
    wide = Difficulty.fit(data, features, NAMES)
    assert wide.cap == pytest.approx(data.scores.std())


def test_the_weights_are_those_of_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    data, features = world(5, shift=2.0, queries=300)
    found = Difficulty.fit(data, features, NAMES)
    assert found.enabled and found.ridge < OFF
    scores = 1e4 * (data.scores - data.scores.mean())  # so large that the penalty does not see the score's weight
    design = np.column_stack([scores, found.standard(features[data.groups])])
    model = linear.LogisticRegression(C=1 / found.ridge, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(design, data.labels)
    assert found.weights == pytest.approx(model.coef_[0, 1:], abs=1e-4)
    assert found.slope == pytest.approx(1e4 * model.coef_[0, 0], rel=1e-4)


def test_the_order_of_pairs_and_the_unit_of_weights_do_not_matter():
    data, features = world(6, shift=2.0)
    found = Difficulty.fit(data, features, NAMES)
    order = np.random.default_rng(0).permutation(len(data))
    again = Difficulty.fit(data.where(order), features, NAMES)
    heavy = Labelled.of(data.scores, data.labels, data.groups, np.full(len(data), 7.0))
    assert again.enabled == found.enabled and again.weights == pytest.approx(found.weights, abs=1e-6)
    assert Difficulty.fit(heavy, features, NAMES).weights == pytest.approx(found.weights, abs=1e-9)
    assert Difficulty.fit(data, features, NAMES) == found


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_json_keeps_every_bit(shift):
    found = Difficulty.fit(*world(7, shift=shift), Predictors(("length", "gap"), "mini"), costs=(1, 2))
    text = canonical(found.as_json())
    again = Difficulty.from_json(json.loads(text))
    assert again == found and canonical(again.as_json()) == text


def test_lists_are_accepted_and_separable_labels_do_not_run_away():
    scores = [float(s) for _ in range(40) for s in (-3, -2, 2, 3)]
    data = Labelled.of(scores, [0, 0, 1, 1] * 40, [q for q in range(40) for _ in range(4)])
    found = Difficulty.fit(data, [[float(q % 2)] for q in range(40)], ["length"])
    assert np.isfinite(found.weights).all() and np.isfinite(found.slope) and not found.enabled


def test_the_table_may_hold_queries_that_were_taken_out():
    data, features = world(1, shift=3.0)
    part = data.where(data.groups < 100)
    found = Difficulty.fit(part, features, NAMES)
    assert found == Difficulty.fit(part, features[:100], NAMES)
    assert found.adjusted(part, features).scores.tolist() == found.adjusted(part, features[:100]).scores.tolist()
    with pytest.raises(InputError, match="features of 100 queries, got 99"):
        found.adjusted(part, features[:99])


def test_scores_that_say_nothing_move_nothing():
    data, features = world(8, shift=3.0)
    reversed_scores = Labelled.of(-data.scores, data.labels, data.groups)
    found = Difficulty.fit(reversed_scores, features, NAMES)
    assert not found.enabled and found.slope == 0.0 and found.offsets(features).max() == 0.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d, f: (Labelled.of(d.scores, d.labels), f), "groups"),
        (lambda d, f: (Labelled.of(d.scores, d.labels, np.zeros(len(d), int)), f[:1]), "1 query"),
        (lambda d, f: (Labelled.of(d.scores, np.zeros(len(d)), d.groups), f), "irrelevant"),
        (lambda d, f: (d, f[:-1]), r"shape \(200, 2\)"),
        (lambda d, f: (d, f[d.groups]), r"one row a query .* got \(2000, 2\)"),
        (lambda d, f: (d, f[:, :1]), r"got \(200, 1\)"),
        (lambda d, f: (d, np.where(f == f.max(), np.inf, f)), "infinite"),
    ],
)
def test_wrong_data_is_one_clear_error(change, says):
    data, features = change(*world(0))
    with pytest.raises(InputError, match=says):
        Difficulty.fit(data, features, NAMES)


def test_wrong_options_are_one_clear_error():
    data, features = world(0)
    with pytest.raises(InputError, match="a cost must be above 0, got -1"):
        Difficulty.fit(data, features, NAMES, costs=(-1, 2))
    with pytest.raises(InputError, match="cap must be above 0"):
        Difficulty.fit(data, features, NAMES, cap=0)
    found = Difficulty.fit(data, features, NAMES)
    with pytest.raises(InputError, match="2 features"):
        found.offsets([[1.0]])


def ranking(text, scores, first=()):
    items = [
        Candidate(Document(str(at), "x"), score, {"mini": score, **({"bm25": first[at]} if at < len(first) else {})})
        for at, score in enumerate(scores)
    ]
    return Ranking(Query(text), tuple(items))


def test_the_offset_of_a_ranking_is_that_of_its_features():
    rng = np.random.default_rng(0)
    rankings = [
        ranking(rng.choice(["how to sieve soup", "怎么过滤汤"]), rng.normal(size=8), rng.normal(size=8))
        for _ in range(150)
    ]
    predictors = Predictors(("language:en", "gap", "first:nqc"), "mini")
    rows = predictors.rows(rankings)
    labels = [c.score - 3 * row[0] + rng.normal() > 0 for r, row in zip(rankings, rows, strict=True) for c in r]
    data = Labelled.of([c.score for r in rankings for c in r], labels, np.repeat(np.arange(150), 8))
    found = Difficulty.fit(data, rows, predictors)
    assert found.enabled
    assert [found.offset(r) for r in rankings] == found.offsets(rows).tolist()
    assert found.offset(ranking("how to sieve soup", [0.3])) > found.offset(ranking("怎么过滤汤", [0.3]))
    with pytest.raises(InputError, match="no score by 'mini'"):
        found.offset(Ranking(Query("q"), (Candidate(Document("a", "x"), 1.0),)))


def test_features_of_the_callers_own_work_by_table_only():
    found = Difficulty.fit(*world(1, shift=3.0), ["vip", "noise"])
    assert found.enabled and found.offsets([[1.0, 0.0]])[0] > 0
    with pytest.raises(InputError, match="no predictor is named 'vip'"):
        found.offset(ranking("q", [1.0]))


def test_every_predictor_reads_any_ranking():
    rows = Predictors().rows(
        [ranking("", []), ranking("q", [1.0]), ranking("什么是筛子？", [2.0, 1.0, 0.0], [3.0, 2.0, 7.0])]
    )
    assert rows.shape == (3, len(PREDICTORS)) and not np.isinf(rows).any() and np.isfinite(rows[2]).all()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("如何退货", {"language:zh", "intent:how"}),
        ("为什么天是蓝的？", {"language:zh", "intent:why", "intent:question"}),
        ("what is a tamis", {"language:en", "intent:what"}),
        ("How do I sieve?", {"language:en", "intent:how", "intent:question"}),
        ("怎么用 Python 写 reranker", {"language:mixed", "intent:how"}),
        ("show me somewhere to shout", {"language:en"}),
    ],
)
def test_words_tell_language_and_intent(text, wanted):
    names = tuple(name for name in PREDICTORS if name.startswith(("language", "intent")))
    (row,) = Predictors(names).rows([ranking(text, [1.0])])
    assert {name for name, value in zip(names, row, strict=True) if value} == wanted


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), min_size=3, max_size=9))
def test_score_predictors_agree_with_their_definitions(pairs):
    stats = pytest.importorskip("scipy.stats")
    scores, first = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    names = ("top", "gap", "spread", "first:mean", "first:nqc", "agreement")
    (row,) = Predictors(names, depth=5).rows([ranking("q", scores, first)])
    best, above = np.sort(scores)[::-1][:5], np.sort(first)[::-1][:5]
    assert row[:5] == pytest.approx([best[0], best[0] - best[1], best.std(), above.mean(), above.std() / above.mean()])
    if np.ptp(scores) and np.ptp(first):
        assert row[5] == pytest.approx(stats.spearmanr(scores, first).statistic)
    else:
        assert np.isnan(row[5])


@pytest.mark.parametrize(
    ("query", "threshold"),
    [
        ("Python是什么", 0.77),
        ("What is Python?", 0.72),
        ("GIL", 0.77),
        ("如何在多线程环境下使用Python的GIL", 0.70),
        ("为什么异步框架要如何解决并发的步骤问题", 0.66),
        ("长" * 51, 0.69),
    ],
)
def test_the_founding_rule_gives_the_published_thresholds(query, threshold):
    rule = Heuristic()
    assert rule.threshold(query) == pytest.approx(threshold)
    assert rule.offset(ranking(query, [0.2, 0.9])) == pytest.approx(threshold - 0.7)
    assert Heuristic.from_json(json.loads(canonical(rule.as_json()))) == rule


def test_the_founding_rule_stays_in_its_bounds_and_refuses_logits():
    assert Heuristic(0.95).threshold("GIL") == 0.9 and Heuristic(0.0).threshold("长" * 60) == 0.1
    with pytest.raises(InputError, match="scores in \\[0, 1\\]"):
        Heuristic().offset(ranking("GIL", [3.0]))


def test_holm_is_that_of_statsmodels_definition_and_a_gain_needs_queries():
    assert (
        holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06]) and holm([]) == [] and holm([0.9, 0.8]) == [1, 1]
    )
    many = Gain.of(np.full(LEAST_QUERIES, 0.5), np.full(LEAST_QUERIES, 0.4))
    few = Gain.of(np.full(LEAST_QUERIES - 1, 0.5), np.full(LEAST_QUERIES - 1, 0.4))
    assert many.shown and not few.shown
