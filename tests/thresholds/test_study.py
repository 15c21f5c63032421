"""Studies of labelled scores: worlds whose truth is known, labels that decide nothing, and what stands in the files."""

from __future__ import annotations

import json
import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

import tamis
from tamis.decide import FBeta, MissRateAtMost, Policy, PrecisionAtLeast, RecallAtLeast, Terms, Thresholds
from tamis.errors import InputError, StoppedError
from tamis.labels import open_labelled
from tamis.thresholds import EXAMPLE, contents, goal, plain, studied, threshold_work
from tamis.tuning import Wanted

from ..calibrate.worlds import clustered, independent, precision
from ..pages import data_of

WANTED = Wanted(PrecisionAtLeast(0.9))


def write(path, world, *, queries=False):
    rows = [{"score": s, "label": int(y)} for s, y in zip(world.scores.tolist(), world.labels.tolist(), strict=True)]
    if queries:
        rows = [row | {"query_id": f"q{q}"} for row, q in zip(rows, world.groups.tolist(), strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


class Worded:
    """A scorer that counts how many words of the query a document has."""

    name, fingerprint = "worded", "worded:1"

    def score(self, pairs):
        return np.array([float(sum(word in d.text for word in q.text.split())) for q, d in pairs])


def test_a_promise_is_issued_on_many_labels_and_refused_on_few(tmp_path):
    many = studied(open_labelled(write(tmp_path / "many.jsonl", independent(2000, 1))), WANTED)
    assert many.tuning.as_json()["certified"] and precision(many.policy.thresholds.default) >= 0.9
    assert many.change.only_old == 2000 - many.change.both and many.change.only_new == 0
    assert many.as_json()["queries"] == 2000 and not many.as_json()["grouped"]
    few = studied(open_labelled(write(tmp_path / "few.jsonl", independent(100, 1))), WANTED)
    said = few.as_json()["tuning"]
    assert few.policy is None and few.change is None and said["labels_needed"] >= 29 and not said["issued"]
    assert len(said["methods"]) == 4 and few.calibration is not None


def test_labels_that_decide_nothing_still_have_a_report(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("score,label\n1,1\n2,1\n3,1\n")
    study = studied(open_labelled(path), WANTED)
    assert study.tuning is None and "all 3 labels are relevant" in study.hindrance
    assert study.save(tmp_path) == ["report.html"]
    assert study.as_json()["tuning"] is None


def test_a_policy_on_scores_of_another_model_is_not_compared(tmp_path):
    path = write(tmp_path / "many.jsonl", clustered(200, 1), queries=True)
    study = studied(open_labelled(path), WANTED, old=Policy(Thresholds(0.0), scorer="other:1", stage="other"))
    assert study.policy is not None and study.change is None and "other" in study.incomparable
    assert not (set(study.save(tmp_path)) & {"change.json"})


def work_on(folder, source, *arguments, stop=lambda: False, **options):
    told = []
    task = SimpleNamespace(folder=folder, progress=lambda *steps: told.append(steps), note=lambda words: None)

    def check():
        if stop():
            raise StoppedError

    task.check = check
    return threshold_work(source, *arguments, **options)(task), told


def test_the_work_writes_what_it_tells(tmp_path):
    write(tmp_path / "labels.jsonl", clustered(300, 2), queries=True)
    old = Policy(Thresholds(0.0))
    found, told = work_on(tmp_path, "labels.jsonl", WANTED, old=old, language="zh")
    assert found["files"] == ["report.html", "policy.json", "calibration.json", "tuning.json", "change.json"]
    assert Policy.load(tmp_path / "policy.json").thresholds.default == found["tuning"]["threshold"]
    assert json.loads((tmp_path / "tuning.json").read_text("utf-8")) == found["tuning"]
    assert found["change"]["only_old"] > 0 == found["change"]["only_new"]
    assert '<html lang="zh-CN">' in (tmp_path / "report.html").read_text("utf-8")
    assert told == sorted(told) and told[-1][0] <= 100
    json.dumps(found, allow_nan=False)


def test_a_test_set_is_scored_and_flips_have_texts(tmp_path):
    rows = [
        {"query": f"how {at} works", "documents": [f"how {at} works", f"why {at}", "rain"], "labels": [2, 1, 0]}
        for at in range(60)
    ]
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, rows)))
    wanted = Wanted(goal("by-hand", {"threshold": 2.5}))
    found, told = work_on(tmp_path, "set.jsonl", wanted, Worded(), relevant_if=2)
    assert found["scorer"] == "worded:1" and found["relevant"] == 60 and found["pairs"] == 180
    assert found["change"]["both"] == 60 and found["change"]["only_old"] == 120
    assert Counter(flip["text"] for flip in found["change"]["examples"])["rain"] == 0  # the best-scored come first
    assert (60, 100) in told
    with pytest.raises(InputError, match="labels are grades"):
        work_on(tmp_path, "set.jsonl", wanted, Worded())
    with pytest.raises(StoppedError):
        work_on(tmp_path, "set.jsonl", wanted, Worded(), relevant_if=2, stop=lambda: True)


def test_promises_for_lists_are_told_with_their_terms(tmp_path):
    path = write(tmp_path / "labels.jsonl", clustered(300, 2), queries=True)
    study = studied(open_labelled(path), Wanted(PrecisionAtLeast(0.9), Terms(max_k=3), name="top"))
    assert study.as_json()["terms"]["max_k"] == 3 and study.policy.max_k == 3 and study.policy.name == "top"


def told(path, target, **terms):
    """What is said in both languages of a target on a file's labels."""
    result = studied(open_labelled(path), Wanted(target, Terms(**terms))).as_json()
    return result, plain.told(result)


def test_refusals_say_in_both_languages_what_would_help(tmp_path):
    few = write(tmp_path / "few.jsonl", independent(100, 1))
    result, said = told(few, PrecisionAtLeast(0.9))
    needed, accepted = result["tuning"]["labels_needed"], result["tuning"]["accepted"]
    for language in ("en", "zh"):
        reason = said[language]["reason"]
        assert str(needed) in reason and str(needed - accepted) in reason and "{" not in reason
        advice = re.search(r"label about (\d+) more of .* or (\d+) drawn", result["tuning"]["reason"])
        assert all(number in reason for number in advice.groups())  # the very numbers of the certificate
    lists = write(tmp_path / "lists.jsonl", clustered(30, 1), queries=True)
    assert "20 more queries" in told(lists, PrecisionAtLeast(0.9))[1]["en"]["reason"]
    assert "还需标注 20 个" in told(lists, RecallAtLeast(0.9))[1]["zh"]["reason"]
    short = told(write(tmp_path / "s.jsonl", clustered(200, 1), queries=True), MissRateAtMost(0.05), max_k=1)
    assert "beyond the end of the lists" in short[1]["en"]["reason"]


def test_promises_say_in_both_languages_what_they_rest_on(tmp_path):
    path = write(tmp_path / "lists.jsonl", clustered(300, 2), queries=True)
    for target, number in (
        (PrecisionAtLeast(0.8), "80.0 %"),
        (RecallAtLeast(0.7), "70.0 %"),
        (MissRateAtMost(0.2), "20.0 %"),
    ):
        result, said = told(path, target, max_k=8)
        assert result["tuning"]["certified"]
        for language in ("en", "zh"):
            assert number in said[language]["promise"] and not said[language]["reason"]
        assert len(said["en"]["assumptions"]) == len(result["tuning"]["assumptions"]) == 3
    assert told(path, FBeta())[1]["en"]["promise"] == ""


def test_the_page_says_it_in_the_readers_language(tmp_path):
    study = studied(open_labelled(write(tmp_path / "few.jsonl", independent(100, 1))), WANTED)
    study.save(tmp_path, language="zh", title="few")
    policy = data_of((tmp_path / "report.html").read_text("utf-8"))["policy"]
    assert policy["told"]["zh"]["reason"].startswith("兑现这个承诺") and policy["told"]["en"]["promise"]


def test_the_example_is_of_the_model_that_ships():
    scorer = tamis.load_scorer("tamis-mini")
    found = open_labelled(EXAMPLE, scorer=scorer)
    assert (len(found.data), found.data.queries, found.fingerprint) == (5160, 430, scorer.fingerprint)
    assert contents(EXAMPLE).scorer == scorer.fingerprint
