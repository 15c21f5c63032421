"""A server over an index that others write: filters of requests, and what is new is found."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.recall import Index
from tamis.recall.engines import create_collection
from tamis.serve import build
from tamis.serve.config import IndexOptions
from tamis.serve.recalling import Recall

from .servers import alone, running

SOON = 10.0


class Length:
    """The longer document wins."""

    name = fingerprint = "length"

    def score(self, pairs):
        import numpy as np

        return np.array([float(len(document.text)) for _, document in pairs])


@pytest.fixture
def folder(tmp_path):
    made = [
        {"id": "a", "text": "a drum sieve", "lang": "en", "year": 1990},
        {"id": "b", "text": "a drum", "lang": "en", "year": 2001},
        {"id": "c", "text": "drum 鼓", "lang": "zh"},
    ]
    Index.build(made, tmp_path / "index", encoder=None)
    return tmp_path / "index"


@pytest.fixture
def client(folder):
    recall = Recall(Index.open(folder).retriever(), every=0.05)
    with running(alone(Length(), recall=recall)) as client:
        yield client


def found(client, **more):
    answer = client.post("/v1/search", json={"query": "drum", **more})
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def test_a_request_says_which_documents_may_be_found(client):
    assert found(client) == ["a", "b", "c"]
    assert found(client, where=None) == ["a", "b", "c"]
    assert found(client, where={"lang": "en"}) == ["a", "b"]
    assert found(client, where={"year": {"gte": 1995}}) == ["b"]
    assert found(client, where={"lang": {"not": ["en"]}}) == ["c"]
    assert found(client, where={"lang": ["zh", "en"], "year": None}) == ["c"]
    assert found(client, where={"nothing": True}) == []


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({}, "must have a condition"),
        ([], "expected an object"),
        ("lang=zh", "expected an object"),
        ({"lang": {"is": "zh"}}, "expected a value"),
        ({"year": {"gte": 1, "lt": "b"}}, "all numbers or all texts"),
        ({"lang": []}, "expected a value"),
        ({"lang": ["a"] * 1001}, "at most 1,000"),
        ({f"f{at}": 1 for at in range(21)}, "at most 20"),
    ],
)
def test_what_is_no_filter_is_refused(client, where, says):
    answer = client.post("/v1/search", json={"query": "drum", "where": where})
    assert answer.status_code == 422 and says in answer.text


def test_what_another_process_adds_is_found_soon(client, folder):
    other = Index.open(folder)
    other.add([{"id": "d", "text": "a drum, a sieve and a long tale"}])
    began = time.monotonic()
    while "d" not in found(client):
        assert time.monotonic() - began < SOON
        time.sleep(0.02)
    other.delete(["d", "a"])
    began = time.monotonic()
    while found(client) != ["b", "c"]:
        assert time.monotonic() - began < SOON
        time.sleep(0.02)


def test_an_index_that_is_damaged_is_not_taken_up(client, folder, caplog):
    Index.open(folder).add([{"id": "d", "text": "drum drum"}])
    (folder / "manifest.json").write_text("{}")
    time.sleep(0.3)
    assert set(found(client)) >= {"a", "b", "c"}
    told = [record for record in caplog.records if "searched as it was" in record.message]
    assert len(told) == 1


def test_a_collection_in_an_engine_is_searched_as_an_index_is(tmp_path):
    pytest.importorskip("qdrant_client", reason='needs the client: pip install "tamis[qdrant]"')
    where = f"qdrant://{tmp_path}/kept?collection=law"
    collection = create_collection(where, encoder=None)
    collection.add([{"id": "a", "text": "a drum", "lang": "en"}, {"id": "b", "text": "drum 鼓", "lang": "zh"}])
    collection.close()
    recall = build.recall(IndexOptions(where), tmp_path)
    with running(alone(Length(), recall=recall)) as client:
        assert sorted(found(client)) == ["a", "b"]
        assert found(client, where={"lang": "zh"}) == ["b"]
