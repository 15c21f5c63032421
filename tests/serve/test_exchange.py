"""A configuration that is read again: what is exchanged, all at once, and what goes on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.core import Document, Query
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.recall import Index
from tamis.score import load_scorer
from tamis.serve import build
from tamis.serve.app import one_by_one
from tamis.serve.build import exchange
from tamis.serve.config import Configuration, IndexOptions, ModelOptions
from tamis.serve.service import Choice

MINI, BLEND = ModelOptions("tamis-mini"), ModelOptions("tamis-blend")
ONE = Configuration(models={"m": MINI}, encoder="")


@pytest.fixture
def folder(tmp_path):
    Index.build([{"id": "a", "text": "a drum sieve"}], tmp_path / "index", encoder=None)
    for name in ("tamis-mini", "tamis-blend"):
        policy = Policy(Thresholds(99.0), scorer=load_scorer(name).fingerprint, stage=name)
        policy.save(tmp_path / f"{name}.json")
    return tmp_path


def exchanged(folder, before, after):
    """What an exchange says, and the service after it."""
    running = build.service(before, folder)
    return asyncio.run(exchange(running, after, folder)), running


def test_nothing_has_changed(folder):
    assert exchanged(folder, ONE, ONE)[0] == []


def test_the_first_model_of_the_new_file_is_the_default(folder):
    done, running = exchanged(folder, ONE, replace(ONE, models={"b": BLEND, "m": MINI}))
    assert done == ["model b"] and running.models.default == "b" and [*running.models.served] == ["b", "m"]


def test_an_index_comes_and_goes(folder):
    with_index = replace(ONE, index=IndexOptions("index"))
    done, running = exchanged(folder, ONE, with_index)
    assert done == ["index"] and running.recall is not None
    done, running = exchanged(folder, with_index, ONE)
    assert done == ["index"] and running.recall is None


def test_an_encoder_is_exchanged(folder):
    done, running = exchanged(folder, ONE, replace(ONE, encoder="e5-small"))
    assert done == ["encoder"] and running.embedding.name == "e5-small"


def test_another_active_policy_is_said(folder):
    known = replace(ONE, policies={"p": "tamis-mini.json"})
    done, running = exchanged(folder, known, replace(known, policy="p"))
    assert done == ["policies"] and running.policies.active == "p"


def test_no_policy_has_a_name(folder):
    known = replace(ONE, policies={"p": "tamis-mini.json"}, policy="p")
    assert exchanged(folder, known, replace(known, policy="none"))[1].policies.active == ""


def given(service):
    return service.given(Query("soup"), [Document("a", "soup")])


def test_no_request_finds_a_new_model_beside_old_policies(folder):
    before = replace(ONE, policies={"p": "tamis-mini.json"}, policy="p")
    after = replace(ONE, models={"m": BLEND}, policies={"p": "tamis-blend.json"}, policy="p")

    async def run():
        running = build.service(before, folder)
        old, go = running.models.served["m"], threading.Event()
        score = old.queue._work
        old.queue._work = lambda items: (go.wait(60), score(items))[1]
        first = asyncio.create_task(running.decide(given(running), Choice()))
        await asyncio.sleep(0.05)
        exchanging = asyncio.create_task(exchange(running, after, folder))
        while running.models.served["m"] is old:
            await asyncio.sleep(0.01)
        second = await running.decide(given(running), Choice())
        assert not exchanging.done(), "the old model is still at work"
        go.set()
        await exchanging
        return await first, second

    for decision in asyncio.run(run()):
        assert decision.policy and len(decision.ranking) == 0


def test_an_answer_that_was_begun_is_finished_by_the_old_model(folder):
    async def run():
        running = build.service(ONE, folder)
        generator = running.generator(Choice(), 5)
        decision = await running.decide(given(running), Choice())
        await exchange(running, replace(ONE, models={"m": BLEND}), folder)
        return await asyncio.to_thread(generator.answer, decision)

    assert "soup" in asyncio.run(run()).text


def test_readings_wait_for_each_other():
    async def run():
        said = []

        async def reload():
            said.append("begun")
            await asyncio.sleep(0.01)
            said.append("done")
            return []

        again = one_by_one(reload)
        await asyncio.gather(again(), again())
        return said

    assert asyncio.run(run()) == ["begun", "done"] * 2


def test_scores_are_remembered_where_that_is_asked(folder):
    served = build.service(replace(ONE, models={"m": replace(MINI, cache=10)}), folder).models.served["m"]
    pair = (Query("drum"), Document("a", "a drum sieve"))
    first, again = (asyncio.run(served.scores([pair])) for _ in range(2))
    assert first == again and served.scorer.hits >= 1
    assert served.scorer.fingerprint == load_scorer("tamis-mini").fingerprint
