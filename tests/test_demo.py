"""The demo's parts fit each other: its policy is for the model that ships, and its questions for its corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamis import load_scorer
from tamis.data import Collection
from tamis.decide import Policy

DEMO = Path(__file__).parents[1] / "demo" / "statutes"


@pytest.fixture(scope="module", autouse=True)
def here():
    if not DEMO.is_dir():
        pytest.skip("the demo is not there: this is an installed package, not the repository")


def test_the_policy_is_for_the_reranker_in_the_box():
    """Where this fails, the model has changed: run recipes/demo-corpus/policy.py."""
    policy = Policy.load(DEMO / "policy.json")
    assert policy.bind(load_scorer("tamis-mini")) is policy
    assert policy.stage == "tamis-mini+bm25" and policy.certificate["issued"] and policy.expires == ""


def test_every_relevant_statute_of_a_question_is_in_the_corpus():
    collection = Collection.open(DEMO)
    assert len(collection.judged) == len(collection.queries) == 430
    assert all(doc in collection.documents for grades in collection.qrels.values() for doc in grades)
