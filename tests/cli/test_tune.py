"""``tamis tune`` and ``tamis calibrate``: from labelled scores to a policy file that ``tamis rerank`` obeys."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tamis.calibrate import Calibration
from tamis.decide import Policy

from ..calibrate import worlds

TOOLS = ("tamis", "drum", "pan", "whisk", "knife", "ladle", "grater", "peeler")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """W2 as a file of scores: 300 queries of ten documents, in two segments."""
    drawn = worlds.clustered(300, 1)
    path = tmp_path_factory.mktemp("scores") / "scores.jsonl"
    rows = zip(drawn.groups.tolist(), drawn.scores.tolist(), drawn.labels.astype(int).tolist(), strict=True)
    names = ("zh", "en")
    path.write_text(
        "".join(
            json.dumps({"query_id": f"q{query}", "score": score, "label": label, "segment": names[query % 2]}) + "\n"
            for query, score, label in rows
        ),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def test_set(tmp_path_factory):
    """The founding form: a JSON array of query, documents, labels."""
    items = [
        {
            "query": f"what is a {asked} number {number}",
            "documents": [f"A {tool} is a kitchen tool." for tool in TOOLS],
            "labels": [int(tool == asked) for tool in TOOLS],
        }
        for number in range(8)
        for asked in TOOLS
    ]
    path = tmp_path_factory.mktemp("set") / "test.json"
    path.write_text(json.dumps(items, indent=1), encoding="utf-8")
    return path


def test_a_promise_is_issued_with_what_it_does_elsewhere(run, scores):
    ran = run("tune", scores, "--precision", "0.9", "--json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert found["issued"] and found["bound"] == 0.9 and found["queries"] == 300 and found["labels_needed"] == 0
    assert worlds.precision(found["threshold"]) > 0.9
    assert found["held_out"]["precision"] > 0.85
    assert [row["method"] for row in found["methods"]] == ["best F1", "best 30 %", "by hand 0", "certificate"]


def test_a_refusal_says_how_many_labels_are_missing_and_writes_nothing(run, scores, tmp_path):
    ran = run("tune", scores, "--precision", "0.999", "--json")
    found = json.loads(ran.out)
    assert ran.code == 0 and not found["issued"] and found["threshold"] is None
    assert found["labels_needed"] > 3000 and "accepted pairs" in found["reason"]
    ran = run("tune", scores, "--precision", "0.999", "-o", tmp_path / "policy.json")
    assert ran.code == 1 and "was not written" in ran.err and not (tmp_path / "policy.json").exists()


def test_the_policy_is_for_the_named_scorer_and_rerank_obeys_it(run, scores, tmp_path):
    policy, documents = tmp_path / "policy.json", tmp_path / "docs.txt"
    documents.write_text("A tamis is a fine drum sieve for soups.\nIt rained all day.\n", encoding="utf-8")
    assert run("tune", scores, "--precision", "0.9", "--model", "tamis-mini", "-o", policy).code == 0
    made = Policy.load(policy)
    assert made.stage == "tamis-mini" and made.certificate["issued"] and made.counts == {"pairs": 3000, "queries": 300}
    ran = run("rerank", "what is a tamis?", "--docs", documents, "--policy", policy, "--json")
    found = json.loads(ran.out)
    assert {item["id"] for item in found["results"]} | {item["id"] for item in found["rejected"]} == {"0", "1"}
    assert all(item["score"] >= made.thresholds.default for item in found["results"])
    assert all(item["probability"] is not None for item in found["rejected"])
    ran = run("rerank", "what is a tamis?", "--docs", documents, "--policy", policy, "--model", "e5-small")
    assert ran.code == 1 and "tuned on scores of 'tamis-mini'" in ran.err


def test_segments_get_thresholds_of_their_own(run, scores, tmp_path):
    ran = run("tune", scores, "--precision", "0.8", "--by", "lang", "--json", "-o", tmp_path / "p.json")
    found = json.loads(ran.out)
    assert set(found["segments"]) == {"en", "zh"}
    assert set(Policy.load(tmp_path / "p.json").thresholds.segments) == {"en", "zh"}


def test_a_test_set_is_scored_and_ends_in_a_table_of_methods(run, test_set):
    ran = run("tune", test_set, "--precision", "0.6")
    assert ran.code == 0, ran.err
    for method in ("best F1", "best 30 %", "by hand 0", "certificate"):
        assert method in ran.out
    assert "issued:" in ran.err or "refused:" in ran.err


def test_rules_and_difficulty_are_of_what_is_scored_here(run, test_set, scores, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"before": [{"rule": "banned_words", "words": ["knife"]}]}), encoding="utf-8")
    ran = run("tune", test_set, "--f-beta", "1", "--rules", rules, "--difficulty", "--json", "-o", tmp_path / "p.json")
    found = json.loads(ran.out)
    assert found["pairs"] == 64 * 7
    assert [rule.name for rule in Policy.load(tmp_path / "p.json").before] == ["banned_words"]
    assert found["difficulty"]["reason"]
    ran = run("tune", scores, "--f-beta", "1", "--rules", rules)
    assert ran.code == 1 and "give a test set" in ran.err
    rules.write_text('{"before": [{"rule": "min_lenth"}]}', encoding="utf-8")
    assert "did you mean 'min_length'" in run("tune", test_set, "--f-beta", "1", "--rules", rules).err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "got none"),
        (("--precision", "0.9", "--recall", "0.9"), "got precision and recall"),
        (("--cost-fp", "1"), "go together"),
        (("--precision", "0.9", "--by", "weather"), "--by takes lang"),
    ],
)
def test_wrong_use_is_told_with_exit_code_2(run, scores, options, says):
    ran = run("tune", scores, *options)
    assert ran.code == 2 and says in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--precision", "95"), "95 % is written 0.95"),
        (("--cost-fp", "-1", "--cost-fn", "1"), "false_positive must be a cost of at least 0"),
        (("--f-beta", "0"), "beta must be above 0"),
        (("--scenario", "precise"), "precise-qa"),
    ],
)
def test_wrong_values_are_one_line(run, scores, options, says):
    ran = run("tune", scores, *options)
    assert ran.code == 1 and says in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"query_id": "a", "score": 1.0, "label": 1}] * 9, "all 9 labels are relevant"),
        ([{"query_id": "a", "score": 1.0, "label": n % 4} for n in range(9)], "--relevant-if"),
        ([{"query_id": "a", "score": float("nan"), "label": 1}], "line 1, field 'score'"),
        ([{"query_id": "a", "score": float(n), "label": n % 2} for n in range(9)], "1 query in the data"),
        ([{"query_id": "a", "score": 1.0, "label": "good"}], "line 1, field 'label': expected a number, got 'good'"),
    ],
)
def test_data_that_cannot_be_used_is_one_line(run, tmp_path, rows, says):
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = run("tune", path, "--f-beta", "1")
    assert ran.code == 1 and says in ran.err and ran.err.count("\n") == 1


def test_every_scenario_has_a_threshold_or_a_reason(run, scores, tmp_path):
    for scenario in ("precise-qa", "general-search", "recommendation", "content-filter"):
        found = json.loads(run("tune", scores, "--scenario", scenario, "--json", "-o", tmp_path / scenario).out)
        assert found["issued"], scenario
        assert Policy.load(tmp_path / scenario).name == scenario
    assert Policy.load(tmp_path / "content-filter").direction == "reject-high"


def test_a_calibration_is_written_with_held_out_figures(run, scores, tmp_path):
    ran = run("calibrate", scores, "-o", tmp_path / "calibration.json", "--json")
    found = json.loads(ran.out)
    assert found["calibrator"]["map"] == "platt" and found["held_out"]["error"] < 0.03
    drawn = worlds.clustered(50, 2)
    said = Calibration.load(tmp_path / "calibration.json").calibrator(drawn.scores)
    assert np.abs(said - worlds.posterior(drawn.scores)).mean() < 0.03
    assert "log-loss" in run("calibrate", scores, "--map", "isotonic").out
    assert run("calibrate", scores, "--map", "minmax").code == 2


def test_against_the_policy_in_use_it_says_what_would_change(run, scores, tmp_path):
    old = tmp_path / "old.json"
    assert run("tune", scores, "--precision", "0.7", "-o", old).code == 0
    change = json.loads(run("tune", scores, "--precision", "0.9", "--against", old, "--json").out)["change"]
    assert change["pairs"] == 3000 and change["queries"] == 300
    assert change["only_old"] > 0 == change["only_new"]  # a stricter threshold
    assert change["precision"]["difference"]["low"] > 0 > change["recall"]["difference"]["high"]
    assert {flip["shown"] for flip in change["examples"]} == {"old"}
    ran = run("tune", scores, "--precision", "0.9", "--against", old)
    assert f"{change['only_old']} by the old alone" in ran.err and "precision: " in ran.err
    assert "documents that flip" in ran.out and "threshold: score" in " ".join(ran.out.split())
    assert "change" not in json.loads(run("tune", scores, "--precision", "0.9", "--json").out)


def test_against_nothing_everything_was_shown_and_a_refusal_changes_nothing(run, scores, tmp_path):
    change = json.loads(run("tune", scores, "--precision", "0.9", "--against", "none", "--json").out)["change"]
    assert change["recall"]["old"]["value"] == 1.0 and change["neither"] == change["only_new"] == 0
    refused = run("tune", scores, "--precision", "0.999", "--against", "none", "--json")
    assert json.loads(refused.out)["change"] is None
    assert "no new policy" in run("tune", scores, "--precision", "0.999", "--against", "none").err
    ran = run("tune", scores, "--precision", "0.9", "--against", tmp_path / "missing.json")
    assert ran.code == 1 and "missing.json" in ran.err
