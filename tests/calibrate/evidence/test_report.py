"""The score report and its parts: against scikit-learn and scipy, on worlds whose truth is known, and on odd data."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, norm
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from tamis.calibrate import VennAbers
from tamis.calibrate.evidence.operating import operating
from tamis.calibrate.evidence.reading import RULES, Signs, reading
from tamis.calibrate.evidence.report import score_report
from tamis.calibrate.evidence.separation import quantile_zone, separation
from tamis.calibrate.evidence.spread import histogram, parts, weighted_quantiles
from tamis.calibrate.evidence.words import LANGUAGES, Note, said, table
from tamis.calibrate.labelled import Labelled
from tamis.errors import InputError

from ..worlds import clustered, confused, independent


def labelled(world, weights=None):
    return Labelled.of(world.scores, world.labels, world.groups, weights)


def noted(report):
    return [note.code for note in report.notes]


# ---- separation


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(1, 4)), min_size=2, max_size=50))
def test_auc_is_scikit_learns_with_ties_and_weights(rows):
    scores, labels, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if len(set(labels)) < 2:
        return
    found = separation(Labelled.of(scores, labels, None, weights))
    assert found.auc == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights), abs=1e-12)
    assert 0 <= found.auc_low <= found.auc <= found.auc_high <= 1


def test_auc_interval_covers_the_truth_of_clustered_queries():
    truth = separation(labelled(clustered(20_000, 0, between=1.3))).auc
    found = [separation(labelled(clustered(100, trial, between=1.3))) for trial in range(1, 61)]
    assert np.mean([one.auc_low <= truth <= one.auc_high for one in found]) >= 0.87


def test_overlap_is_that_of_two_normals_and_one_less_the_kolmogorov_distance():
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 1, 20_000), rng.normal(2, 1, 20_000)
    found = separation(Labelled.of(np.concatenate([one, two]), [0] * 20_000 + [1] * 20_000))
    assert found.overlap == pytest.approx(2 * norm.sf(1), abs=0.01)
    assert found.overlap == pytest.approx(1 - ks_2samp(one, two).statistic, abs=1e-12)
    assert found.distance == pytest.approx(2.0, abs=0.03)


def test_the_overlap_zone_does_not_grow_with_the_pairs_as_extremes_do():
    few, many = (labelled(independent(count, 3)) for count in (2000, 20_000))
    widths = [(zone := quantile_zone(data)).high - zone.low for data in (few, many)]
    assert widths[1] == pytest.approx(widths[0], abs=0.3)
    relevant = many.scores[many.labels == 1]
    irrelevant = many.scores[many.labels == 0]
    assert quantile_zone(many).low == pytest.approx(np.quantile(relevant, 0.05))
    assert irrelevant.max() - relevant.min() > 2 * widths[1]
    flipped = Labelled.of(few.scores, np.where(np.arange(2000) == few.scores.argmin(), 1.0, few.labels))
    assert quantile_zone(flipped).low == pytest.approx(quantile_zone(few).low, abs=0.05)  # one wrong label moves little


def test_a_gap_is_told_as_a_gap():
    zone = quantile_zone(Labelled.of([0.0, 1.0, 5.0, 6.0], [0, 0, 1, 1]))
    assert zone.low > zone.high and zone.share == 0


def test_the_undecided_zone_holds_the_scores_where_either_is_likely():
    data = labelled(independent(4000, 1))
    zone = score_report(data).undecided_zone
    half = 1.2  # where the posterior of the world is one half, about
    low, high = VennAbers().fit(data.scores, data.labels).interval(np.array([zone.low, zone.high]))
    assert zone.low < half + 0.6 and zone.high > half - 0.2 and zone.high - zone.low < 2
    assert low[0] < 0.5 < high[1]


# ---- distributions and curves


def test_weighted_quantiles_are_those_of_repeated_values():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=400), rng.integers(1, 5, 400).astype(float)
    found = weighted_quantiles(values, weights, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(found, np.quantile(np.repeat(values, weights.astype(int)), [0.1, 0.5, 0.9]), atol=0.03)


def test_histogram_holds_every_pair_once_even_beyond_its_edges():
    data = Labelled.of([*np.linspace(0, 1, 5000), 1e6], [0, 1] * 2500 + [1])
    found = histogram(data, parts(data))
    assert found.edges[-1] < 10
    assert sum(map(sum, found.counts.values())) == 5001
    assert histogram(Labelled.of([2.0, 2.0], [0, 1]), parts(Labelled.of([2.0, 2.0], [0, 1]))).edges[0] == 1.5


def test_grades_are_shown_apart_and_many_values_are_not():
    data = Labelled.of([1.0, 2.0, 3.0, 4.0], [0, 1, 2, 2], relevant_if=2)
    assert list(score_report(data, grades=[0, 1, 2, 2]).by_part) == ["0", "1", "2"]
    assert list(parts(data, np.array([0.0, 0.0, 1.0, 1.0]))) == ["irrelevant", "relevant"]
    assert list(parts(Labelled.of(np.arange(40.0), np.arange(40) > 20), np.arange(40.0))) == ["irrelevant", "relevant"]


@pytest.mark.parametrize("weighted", [False, True])
def test_operating_points_are_scikit_learns(weighted):
    world = clustered(80, 4)
    weights = np.random.default_rng(1).uniform(1, 3, 800) if weighted else None
    found = operating(labelled(world, weights), points=60)
    assert len(found.thresholds) <= 60
    assert found.thresholds[0] == world.scores.max() and found.thresholds[-1] == world.scores.min()
    for at in (0, 7, 31, len(found.thresholds) - 1):
        accepted = world.scores >= found.thresholds[at]
        expected = precision_score(world.labels, accepted, sample_weight=weights)
        assert found.precision[at][1] == pytest.approx(expected, abs=1e-12)
        expected = recall_score(world.labels, accepted, sample_weight=weights)
        assert found.recall[at][1] == pytest.approx(expected, abs=1e-12)
        assert found.share[at][1] == pytest.approx(np.average(accepted, weights=weights), abs=1e-12)
        for low, value, high in (found.precision[at], found.recall[at], found.share[at]):
            assert low - 1e-9 <= value <= high + 1e-9
        queries = {int(q) for q in world.groups[accepted]}
        answerable = {int(q) for q in world.groups[world.labels == 1]}
        assert (found.shown[at], found.misled[at]) == (len(queries), len(queries - answerable))
        assert found.served[at] == len({int(q) for q in world.groups[accepted & (world.labels == 1)]})


def test_operating_points_are_fine_where_few_pairs_are_relevant():
    rng = np.random.default_rng(0)
    scores = np.append(rng.normal(0, 1, 50_000), rng.normal(5, 0.5, 100))
    found = operating(Labelled.of(scores, np.arange(50_100) >= 50_000))
    assert sum(threshold > 4 for threshold in found.thresholds) > 40


# ---- reading rules


def test_signs_are_gap_spread_and_mean_of_the_founding_example():
    signs = Signs.of([0.83, 0.91, 0.89, 0.95, 0.42, 0.38, 0.5], list("aaabbbc"))
    np.testing.assert_allclose(signs.gap, [0.02, 0.53, np.nan], atol=1e-12)
    np.testing.assert_allclose(signs.spread, [np.std([0.83, 0.91, 0.89]), np.std([0.95, 0.42, 0.38]), np.nan])
    np.testing.assert_allclose(signs.mean, [0.8766667, 0.5833333, 0.5], atol=1e-6)


def test_rules_speak_only_of_queries_unlike_the_reference():
    rng = np.random.default_rng(0)
    usual = Signs.of(rng.normal(0, 2, 4000), np.repeat(np.arange(400), 10))
    scores = rng.normal(0, 2, (100, 10))
    scores[0] = 5 + rng.normal(0, 0.01, 10)  # broad
    scores[1] -= 9  # low throughout
    found = reading(
        Labelled.of(scores.ravel(), np.zeros(1000), np.repeat(np.arange(100), 10)),
        usual,
        names=[f"q{i}" for i in range(100)],
    )
    assert not found.own
    said_of = {(remark.query, remark.rule) for remark in found.remarks}
    assert {("q0", "broad_query"), ("q1", "document_quality")} <= said_of
    for rule, _, level in RULES:
        assert found.expected[rule] == pytest.approx(100 * level)
        assert found.counts[rule] <= 25
    assert len(found.remarks) <= 20


def test_without_a_reference_a_rule_speaks_of_its_share_by_design():
    data = labelled(clustered(200, 2))
    found = reading(data)
    assert found.own
    assert found.counts == {"broad_query": 10, "document_quality": 20, "close_race": 10}


def test_reading_does_not_depend_on_scale():
    data = labelled(clustered(60, 3))
    other = Labelled.of(7 * data.scores - 3, data.labels, data.groups)
    assert reading(data).counts == reading(other).counts
    assert [r.query for r in reading(data).remarks] == [r.query for r in reading(other).remarks]


# ---- the report


def test_report_of_a_sound_set_has_nothing_to_warn_of():
    report = score_report(labelled(clustered(200, 1)), stage="s", query_ids=[f"q{i}" for i in range(200)])
    assert noted(report) == []
    assert report.pairs == 2000 and report.queries == 200
    assert report.per_query.without_relevant == pytest.approx(0.37, abs=0.06)  # .3 plus the luck of ten draws
    assert report.reliability.error <= report.reliability.null_high + 0.02
    assert all(suspect.query.startswith("q") for suspect in report.suspects)
    json.dumps(report.as_json(), allow_nan=False)


def test_turned_labels_are_suspected():
    rng = np.random.default_rng(0)
    scores = np.append(rng.normal(3, 0.8, 400), rng.normal(-3, 0.8, 400))
    labels = np.repeat([1.0, 0.0], 400)
    turned = rng.choice(800, 12, replace=False)
    labels[turned] = 1 - labels[turned]
    report = score_report(Labelled.of(scores, labels, np.arange(800) // 8))
    found = {suspect.index for suspect in report.suspects}
    assert len(found & set(turned.tolist())) >= 11
    assert len(report.suspects) <= 20
    worst = report.suspects[0]
    assert (worst.score > 0) == (worst.label == 0)


def test_every_remark_where_it_belongs():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(6, 3, 600), rng.integers(0, 2, 600)
    queries = np.arange(600) // 10
    by_query = logits.reshape(-1, 10)
    stretched = (by_query - by_query.min(1, keepdims=True)) / np.ptp(by_query, axis=1, keepdims=True)
    half = (1 / (1 + np.exp(-logits))).astype(np.float16)
    assert "ungrouped" in noted(score_report(Labelled.of(logits, labels)))
    assert "few_queries" in noted(score_report(Labelled.of(logits[:90], labels[:90], queries[:90])))
    assert "per_query_minmax" in noted(score_report(Labelled.of(stretched.ravel(), labels, queries)))
    assert {"half_precision", "saturated", "in_unit", "ties"} <= set(
        noted(score_report(Labelled.of(half, labels, queries)))
    )
    assert "weighted" in noted(score_report(Labelled.of(logits, labels, queries, rng.uniform(1, 2, 600))))
    assert "few_relevant" in noted(score_report(Labelled.of(logits, np.arange(600) < 20, queries)))
    assert "few_irrelevant" in noted(score_report(Labelled.of(logits, np.arange(600) >= 20, queries)))
    assert noted(score_report(Labelled.of(logits, labels, queries))) == []


@pytest.mark.parametrize("label", [0, 1])
def test_one_label_is_a_report_not_an_error(label):
    report = score_report(Labelled.of([1.0, 2.0, 3.0], [label] * 3, ["a", "b", "b"]))
    assert report.separation is report.reliability is report.overlap_zone is None
    assert report.suspects == () and "one_label" in noted(report)
    json.dumps(report.as_json(), allow_nan=False)


@pytest.mark.parametrize("scores", [[1.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
def test_one_pair_and_equal_scores_are_reports(scores):
    labels = [i % 2 for i in range(len(scores))]
    report = score_report(Labelled.of(scores, labels, list(range(len(scores)))))
    json.dumps(report.as_json(), allow_nan=False)
    if len(scores) > 1:
        assert report.separation.auc == 0.5 and report.separation.distance == 0


def test_queries_that_stand_in_one_fold_leave_a_reason():
    report = score_report(Labelled.of([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1], ["a", "a", "b", "b"]))
    assert report.reliability is None
    (note,) = [note for note in report.notes if note.code == "no_probabilities"]
    assert "queries" in note.text() and "{" not in note.text("zh")


def test_wrong_numbers_of_names_and_grades_are_errors():
    data = Labelled.of([1.0, 2.0], [0, 1], ["a", "b"])
    with pytest.raises(InputError, match="a name for each of 2 queries, got 1"):
        score_report(data, query_ids=["a"])
    with pytest.raises(InputError, match="expected 2 grades"):
        score_report(data, grades=[1, 2, 3])


def test_every_sentence_stands_in_both_languages_with_the_same_places():
    for key, sentence in table().items():
        assert set(sentence) == set(LANGUAGES), key
        places = [sorted(part.split("}")[0] for part in sentence[language].split("{")[1:]) for language in LANGUAGES]
        assert places[0] == places[1], key
        assert all(text.strip() for text in sentence.values()), key
    assert all(f"rule.{rule}" in table() for rule, _, _ in RULES)
    with pytest.raises(InputError, match="language must be one of en, zh"):
        said("page.title", language="fr")
    assert Note("per_query_minmax", {"share": 0.5}).text("zh").startswith("50.0 % 的查询")


def test_a_hundred_thousand_pairs_take_seconds():
    data = labelled(confused(5000, 1))
    start = time.process_time()
    separation(data)
    assert time.process_time() - start < 2
