"""tamis in Haystack: real pipelines of haystack-ai, run, dumped and loaded again."""

from __future__ import annotations

import asyncio
import copy
import os
import threading

import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"  # read when Haystack is imported
pytest.importorskip("haystack", reason='needs pip install "tamis[haystack]" (scripts/frameworks has it)')

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.core.errors import DeserializationError
from haystack.document_stores.in_memory import InMemoryDocumentStore

from tamis.errors import InputError, ModelError, PolicyMismatch
from tamis.integrations.haystack import TamisRanker

from .numbered import CALIBRATION, Numbered, policy, policy_of_mini, probability, saved

TEXTS = [
    "今天 下雨 了",
    "退货 需 在 七天 内 申请",
    "It rained on the soup all day.",
    "A tamis is a fine drum sieve for soup.",
]


def documents(*texts, **meta):
    return [Document(id="same", content=text, meta=dict(meta)) for text in texts]


def contents(found):
    return [document.content for document in found["documents"]]


def searching(ranker):
    """BM25 over the texts, then the ranker."""
    store = InMemoryDocumentStore()
    store.write_documents([Document(content=text, meta={"page": at}) for at, text in enumerate(TEXTS)])
    pipeline = Pipeline()
    pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=4))
    pipeline.add_component("ranker", ranker)
    pipeline.connect("retriever.documents", "ranker.documents")
    return pipeline


def asked(query, **options):
    return {"retriever": {"query": query}, "ranker": {"query": query, **options}}


@pytest.mark.parametrize(("query", "best"), [("如何 退货", TEXTS[1]), ("what sieves soup?", TEXTS[3])])
def test_in_a_pipeline(query, best):
    pipeline = searching(TamisRanker(top_k=2))
    found = pipeline.run(asked(query))["ranker"]
    assert contents(found)[0] == best
    assert contents(pipeline.run(asked(query, top_k=1))["ranker"]) == [best]
    assert contents(asyncio.run(pipeline.run_async(asked(query)))["ranker"]) == contents(found)


@pytest.mark.parametrize("form", ["object", "file"])
def test_a_pipeline_is_dumped_and_loaded_again(form, tmp_path):
    made_policy = policy_of_mini(-2.0)
    given = made_policy if form == "object" else saved(made_policy, tmp_path / "policy.json")
    pipeline = searching(TamisRanker(policy=given, top_k=1, instruction="找条款"))
    text = pipeline.dumps()
    with pytest.raises(DeserializationError, match="tamis"):
        Pipeline.loads(text)
    again = Pipeline.loads(text, allowed_modules=["tamis.*"])
    assert again.dumps() == text
    assert again.get_component("ranker").to_dict() == pipeline.get_component("ranker").to_dict()
    ranker = again.get_component("ranker")
    given = documents(*TEXTS)
    assert ranker.run("如何退货", given) == pipeline.get_component("ranker").run("如何退货", given)


@pytest.mark.parametrize("calibration", [None, "default", CALIBRATION])
def test_a_calibration_is_written_down(calibration):
    made = TamisRanker(calibration=calibration)
    again = TamisRanker.from_dict(copy.deepcopy(made.to_dict()))
    assert again.to_dict() == made.to_dict()


def test_a_scorer_cannot_be_written_down():
    with pytest.raises(InputError, match="cannot be written down: give a spec or a file instead"):
        TamisRanker(Numbered()).to_dict()


def test_a_policy_may_reject_all():
    assert searching(TamisRanker(policy=policy_of_mini(1e9))).run(asked("如何退货"))["ranker"] == {"documents": []}


def test_the_score_is_the_logit_where_nothing_is_calibrated():
    (found,) = TamisRanker(Numbered()).run("q", documents("2 a", page=7))["documents"]
    assert found.score == 2.0
    assert found.meta == {"page": 7, "tamis_score": 2.0, "tamis_probability": None}


@pytest.mark.parametrize("options", [{"calibration": CALIBRATION}, {"policy": policy(0.5, calibration=CALIBRATION)}])
def test_the_score_is_the_probability_where_there_is_one(options):
    (found,) = TamisRanker(Numbered(), **options).run("q", documents("2 a"))["documents"]
    assert found.score == probability(2.0)
    assert found.meta == {"tamis_score": 2.0, "tamis_probability": probability(2.0)}


def test_documents_of_one_id_all_come_back_and_those_given_stay_as_they_were():
    given = documents("1 a", "2 b", "1 a", page=7)
    before = copy.deepcopy(given)
    found = TamisRanker(Numbered()).run("q", given)
    assert contents(found) == ["2 b", "1 a", "1 a"]
    assert [document.id for document in found["documents"]] == ["same"] * 3
    assert given == before and not any(a is b for a in found["documents"] for b in given)


def test_a_document_without_content_is_an_empty_text():
    found = TamisRanker().run("what sieves soup?", [Document(content=None, id="image"), Document(content=TEXTS[3])])
    assert contents(found) == [TEXTS[3], None]


def test_an_empty_list_needs_no_model():
    assert TamisRanker("no-such-model").run("q", []) == {"documents": []}


def test_warm_up_loads_and_tells_what_is_wrong():
    TamisRanker().warm_up()
    with pytest.raises(ModelError, match="no model 'no-such-model'"):
        TamisRanker("no-such-model").warm_up()
    with pytest.raises(PolicyMismatch):
        TamisRanker(policy=policy()).warm_up()


def test_the_asynchronous_method_leaves_the_event_loop_alone():
    scorer = Numbered()
    found = asyncio.run(TamisRanker(scorer).run_async("q", documents("1 a", "2 b"), top_k=1))
    assert contents(found) == ["2 b"]
    assert threading.main_thread() not in scorer.threads


def test_a_wrong_option_is_an_input_error():
    with pytest.raises(InputError, match="top_k must be None"):
        TamisRanker(top_k=0)
    with pytest.raises(InputError, match="top_k must be None"):
        TamisRanker(Numbered()).run("q", documents("1 a"), top_k=-1)
    with pytest.raises(InputError, match="calibration must be"):
        TamisRanker(calibration=0.5)
    with pytest.raises(InputError, match="the query is empty"):
        TamisRanker().run("", documents("a"))
