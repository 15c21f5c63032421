"""The founding workflow: a test set scored, ways to a threshold compared on held-out queries."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest

from tamis import recipes
from tamis.decide import FBeta, Fixed, PrecisionAtLeast
from tamis.errors import DataError, InputError, NotCertifiedError, PolicyMismatch

from .given import ByWords, set_of

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
    for row, line in zip(found.tuning.methods, table[2:6], strict=True):
        assert line.startswith(row.method) and f"{row.threshold:.4g}" in line


def test_it_stands_where_the_founding_number_stood():
    found = recipes.analyze_and_set_threshold(set_of(60))
    refused = recipes.analyze_and_set_threshold(set_of(20), PrecisionAtLeast(0.99))
    threshold = float(found)
    scores = np.array([threshold - 1, threshold, threshold + 1])
    for as_number, as_object in ((scores >= threshold, scores >= found), (scores < threshold, scores < found)):
        assert as_object.tolist() == as_number.tolist()
    assert [score > found for score in scores.tolist()] == [False, False, True]
    assert [score <= found for score in scores.tolist()] == [True, True, False]
    assert f"{found:.3f}" == f"{threshold:.3f}" and f"{found}" == str(found)
    assert recipes.evaluate_threshold([0, 1, 1], scores, found).figures.precision.value == 1.0
    for use in (lambda: refused <= 0.5, lambda: f"{refused:.3f}"):
        with pytest.raises(NotCertifiedError, match="there is no threshold"):
            use()


def test_shares_get_the_founding_number_by_hand():
    shares = [r | {"scores": (1 / (1 + np.exp(-np.array(r["scores"])))).tolist()} for r in set_of(60)]
    by_hand = recipes.analyze_and_set_threshold(shares).tuning.methods[2]
    assert by_hand.threshold == 0.72 and "0.72" in by_hand.method


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
