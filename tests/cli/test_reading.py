"""What the scores say, under the list of ``tamis rerank`` and ``tamis search``; instructions by name."""

from __future__ import annotations

import json

import pytest

from tamis.decide import Policy, Thresholds
from tamis.score import load_scorer

TEXTS = "A tamis is a fine drum sieve for soups.\nIt rained all day.\nHats are worn on heads.\nWe went home.\n"


@pytest.fixture
def docs(tmp_path):
    path = tmp_path / "docs.txt"
    path.write_text(TEXTS, encoding="utf-8")
    return path


def test_rerank_says_what_the_scores_say(run, docs):
    ran = run("rerank", "which sieve is fine enough for soups?", "--docs", docs)
    assert "The first document stands out from the others" in " ".join(ran.out.split()) and ran.err == ""
    told = json.loads(run("rerank", "which sieve is fine enough for soups?", "--docs", docs, "--json").out)["reading"]
    assert told["kind"] == "ahead" and told["figures"]["documents"] == 4
    assert set(told["reason"]) == {"en", "zh"}


def test_probabilities_are_read_before_the_list_is_cut(run, docs):
    asked = ("rerank", "which sieve is fine enough for soups?", "--docs", docs, "--json", "--top-k", "1")
    told = json.loads(run(*asked, "--calibration", "default").out)
    assert len(told["results"]) == 1
    assert told["reading"]["figures"]["documents"] == 4 and told["reading"]["figures"]["best"] is not None


def test_a_policy_that_shows_nothing_is_what_is_said(run, docs, tmp_path):
    scorer = load_scorer("tamis-mini")
    Policy(Thresholds(99.0), scorer=scorer.fingerprint, stage=scorer.name).save(tmp_path / "policy.json")
    ran = run("rerank", "sieve", "--docs", docs, "--policy", tmp_path / "policy.json")
    assert "4 of 4 documents do not reach the policy's threshold" in " ".join(ran.out.split())


def test_search_says_it_too(run, docs, tmp_path):
    assert run("index", tmp_path / "index", "--docs", docs).code == 0
    told = json.loads(run("search", tmp_path / "index", "sieve for soups", "--json").out)
    assert told["reading"]["kind"] in ("single", "ahead", "uncalibrated")


def test_an_instruction_may_be_named(run, docs):
    assert run("rerank", "sieve", "--docs", docs, "--instruction", "@law").code == 0
    ran = run("rerank", "sieve", "--docs", docs, "--instruction", "@laws")
    assert ran.code == 1 and "did you mean @law?" in ran.err
