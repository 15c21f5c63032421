"""The demo's parts fit each other: its policy is for the model that ships, and its questions for its corpus."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from tamis import load_scorer
from tamis.data import Collection
from tamis.decide import Policy
from tamis.rewrite import Offline

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


def test_follow_ups_are_asked_after_a_question_of_the_demo_and_made_whole():
    source = spec_from_file_location("demo", DEMO.parent / "demo.py")
    demo = module_from_spec(source)
    source.loader.exec_module(demo)
    for name, asked in demo.FOLLOW_UPS.items():
        assert asked.history[-1] in demo.QUESTIONS[name]
    whole = {name: Offline().rewrite(asked)[0].text for name, asked in demo.FOLLOW_UPS.items()}
    assert whole == {"statutes": "试用期的工资有最低标准吗？", "abstracts": "does obesity raise blood pressure?"}
