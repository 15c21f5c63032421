"""The application over real HTTP: dialects, errors, limits, keys, and how it ends."""

from __future__ import annotations

import json
import threading
import time

import httpx
import numpy as np
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.core import Query
from tamis.errors import InputError
from tamis.serve.app import Settings
from tamis.serve.bounds import Bounds
from tamis.serve.keys import Keys, digest
from tamis.serve.models import Models
from tamis.serve.queue import Limits
from tamis.serve.served import Served
from tamis.serve.service import Service

from .servers import ASKED, Overlap, alone, running

KEY = "a-key-of-32-random-characters..."


@pytest.fixture
def overlap():
    return Overlap()


@pytest.fixture
def client(overlap):
    with running(alone(overlap)) as client:
        yield client


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_documents_come_best_first_as_shares(client, path):
    answer = client.post(path, json={**ASKED, "model": "rerank-v3.5", "top_n": 2, "return_documents": True})
    assert answer.status_code == 200
    found = answer.json()
    assert [row["index"] for row in found["results"]] == [2, 1]
    assert [row["relevance_score"] for row in found["results"]] == pytest.approx(
        [1 / (1 + np.exp(-3)), 1 / (1 + np.exp(-1))]
    )
    assert found["results"][0]["document"] == {"text": "a drum sieve"}
    assert found["model"] == "overlap" and found["usage"]["total_tokens"] > 0
    assert answer.headers["x-request-id"] == found["id"]


def test_texts_get_a_bare_list_of_all(client):
    body = {"query": "drum", "texts": ["a hat", "a drum"], "raw_scores": True, "return_text": True, "top_n": 1}
    assert client.post("/rerank", json=body).json() == [
        {"index": 1, "score": 1.0, "text": "a drum"},
        {"index": 0, "score": -1.0, "text": "a hat"},
    ]


def test_an_instruction_reaches_the_model(client, overlap):
    client.post("/v2/rerank", json={**ASKED, "instruction": "Find kitchen tools."})
    assert overlap.seen[0][0] == Query("drum sieve", instruction="Find kitchen tools.")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({**ASKED, "query": " "}, 400, "blank"),
        ({**ASKED, "model": "overlop"}, 404, "did you mean 'overlap'"),
        ({"documents": ["a"]}, 422, "query"),
        ({"query": "q", "documents": []}, 422, "documents"),
        ({"query": "q", "documents": ["a"], "return_documents": "yes"}, 422, "return_documents"),
        ({"query": "q", "documents": ["a"], "top_n": -1}, 422, "top_n"),
        ([1], 422, ""),
    ],
)
def test_what_is_wrong_is_said_in_every_dialect(client, body, status, said):
    answer = client.post("/v1/rerank", json=body)
    assert answer.status_code == status
    told = answer.json()
    assert said in told["message"] and told["message"] == told["detail"] == told["error"] and told["error_type"]


def test_a_body_that_is_no_json_is_refused(client):
    answer = client.post("/rerank", content=b"\xff{", headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422) and answer.json()["message"]


def test_bodies_and_lists_that_are_too_large_are_refused(overlap):
    with running(alone(overlap, bounds=Bounds(body=2_000, documents=3))) as client:
        assert client.post("/rerank", json={"query": "q", "documents": ["a"] * 4}).status_code == 400
        assert client.post("/rerank", json={"query": "q", "documents": ["a" * 3_000]}).status_code == 413
        stream = (b" " * 500 for _ in range(10))
        assert client.post("/rerank", content=stream).status_code == 413, "nor where no length was said"
        assert client.post("/rerank", json=ASKED).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/rerank", {"query": "q", "documents": [1] * 50_000}),
        ("/rerank", {"query": "q", "documents": [""] * 100_001}),
        ("/rerank", {"query": "q", "texts": [1] * 50_000}),
        ("/v1/rerank", {"query": "q", "documents": [{"text": "x" * 100_000}], "rank_fields": ["text"] * 1_000}),
        ("/score", {"text_1": "q", "text_2": [1] * 50_000}),
        ("/v1/embeddings", {"input": [1] * 50_000}),
        ("/v1/decide", {"query": "q", "documents": [1] * 50_000}),
        ("/v1/decide", {"query": "q", "documents": [{"text": "x", **{f"f{at}": [] for at in range(20_000)}}]}),
        ("/v1/search", {"query": "q", **{f"f{at}": 1 for at in range(20_000)}}),
        ("/v1/feedback", {"events": [1] * 10_000}),
    ],
)
def test_what_is_wrong_many_times_is_said_once(client, path, body):
    began = time.process_time()
    answer = client.post(path, json=body)
    assert answer.status_code == 422 and len(answer.text) < 2_000
    assert time.process_time() - began < 1.5, "a report on every entry takes seconds, in which nobody is answered"


def test_a_field_that_is_named_twice_is_read_once(client):
    body = {"query": "q", "documents": [{"text": "drum"}], "rank_fields": ["text"] * 9, "return_documents": True}
    assert client.post("/v1/rerank", json=body).json()["results"][0]["document"] == {"text": "drum"}


def test_keys(overlap):
    with running(alone(overlap), Settings(keys=Keys.of([f"shop={KEY}"]))) as client:
        assert client.get("/health").status_code == client.get("/ready").status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}):
            assert client.post("/rerank", json=ASKED, headers=headers).status_code == 401
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}):
            assert client.post("/rerank", json=ASKED, headers=headers).status_code == 200


def test_keys_are_read_as_they_are_written():
    padded = "QUJDREVGR0hJSktMTU5PUA=="
    for keys in ([f"shop={padded}"], [padded], [f"shop=sha256:{digest(padded)}"]):
        assert Keys.of(keys).holder(padded) in ("shop", "key-1")
    assert Keys.of(["a=b=a-key-of-16-letters"]).digests == {digest("b=a-key-of-16-letters"): "a"}
    with pytest.raises(InputError, match="key 1: expected ASCII"):
        Keys.of(["shop=schlüssel-von-sechzehn-zeichen"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
        ({"host": "[::1]:8000", "origin": "http://localhost:3000"}, 200),
        ({"host": "evil.example:8000", "origin": "http://evil.example:8000"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://shop.example"}, 200),
        ({"host": "["}, 421),
    ],
)
def test_without_keys_pages_of_other_sites_may_not_ask(overlap, headers, status):
    settings = Settings(origins=("https://shop.example",), hosts=("localhost", "127.0.0.1", "::1"))
    with running(alone(overlap), settings) as client:
        assert client.post("/v1/reload", headers=headers).status_code == status


def test_a_rate_that_is_none_is_refused_at_once():
    with pytest.raises(InputError, match="rate: expected a number and a unit, such as 600/minute, got 'often'"):
        Settings(rate="often")


def test_a_holder_may_ask_so_often_and_then_waits(overlap):
    with running(alone(overlap), Settings(rate="3/minute")) as client:
        answers = [client.post("/rerank", json=ASKED) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert client.get("/health").status_code == 200


def test_more_than_may_wait_is_refused_at_once(overlap):
    limits = Limits(waiting=30, together=10, beside=1)
    with running(Service(Models({"o": Served(overlap, limits=limits)}))) as client:
        overlap.go.clear()
        found = []
        asking = [threading.Thread(target=lambda: found.append(client.post("/rerank", json=ASKED))) for _ in range(6)]
        for thread in asking:
            thread.start()
        time.sleep(1)
        refused = [answer for answer in found if answer.status_code == 429]
        assert len(refused) == len(found) >= 1 and all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        overlap.go.set()
        for thread in asking:
            thread.join(60)
        assert len(found) == 6 and {answer.status_code for answer in found} == {200, 429}


def test_who_hangs_up_is_not_worked_for(overlap):
    with running(Service(Models({"o": Served(overlap, limits=Limits(together=1, beside=1))}))) as client:
        overlap.go.clear()
        holding = threading.Thread(target=lambda: client.post("/rerank", json=ASKED))
        holding.start()
        time.sleep(0.3)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/rerank", json={**ASKED, "query": "gone"}, timeout=0.3)
        time.sleep(0.3)
        overlap.go.set()
        holding.join(60)
        client.post("/rerank", json=ASKED)
        assert not [query for query, _ in overlap.seen if query.text == "gone"]


def test_stopping_finishes_what_was_let_in(overlap):
    found = []
    with running(Service(Models({"o": Served(overlap, limits=Limits(together=1))}))) as client:
        overlap.go.clear()
        asking = [threading.Thread(target=lambda: found.append(client.post("/rerank", json=ASKED))) for _ in range(4)]
        for thread in asking:
            thread.start()
        time.sleep(0.5)
        threading.Timer(0.5, overlap.go.set).start()
        # Leaving the block asks the server to stop; the client is closed after its answers are read.
        for thread in asking:
            thread.join(60)
    assert [answer.status_code for answer in found] == [200] * 4


def test_numbers_and_lines_hold_no_text_and_no_key(overlap, capfd):
    with running(alone(overlap), Settings(keys=Keys.of([f"shop={KEY}"]))) as client:
        headers = {"Authorization": f"Bearer {KEY}", "x-request-id": "mine-7"}
        assert client.post("/rerank", json=ASKED, headers=headers).headers["x-request-id"] == "mine-7"
        client.post("/nowhere/drum", headers=headers)
        numbers = client.get("/metrics", headers=headers).text
        assert 'tamis_requests_total{path="/rerank",status="200"} 1.0' in numbers
        assert 'tamis_pairs_total{model="overlap"} 3.0' in numbers
    lines = capfd.readouterr().err
    assert json.loads(lines.splitlines()[0]) | {"id": "mine-7", "holder": "shop", "status": 200} == json.loads(
        lines.splitlines()[0]
    )
    for secret in ("drum", "sieve", KEY):
        assert secret not in lines and secret not in numbers


def test_halves_of_characters_and_headers_that_are_missing(client):
    body = '{"query": "drum", "documents": ["\\ud83d drum", "a hat"], "return_documents": true, "top_n": 1}'
    answer = client.post("/rerank", content=body, headers={"content-type": "application/json"})
    assert answer.json()["results"][0]["document"] == {"text": "\N{REPLACEMENT CHARACTER} drum"}
    refused = client.post("/rerank", content=json.dumps(ASKED))
    assert refused.status_code == 422 and "content-type: application/json" in refused.json()["message"]


def test_only_so_much_of_a_document_is_read_and_all_of_the_query(client, overlap):
    body = {"query": "drum sieve of a tamis", "documents": ["a hat and a drum sieve"], "max_tokens_per_doc": 3}
    client.post("/v2/rerank", json=body)
    query, document = overlap.seen[-1]
    assert query.text == "drum sieve of a tamis" and document.text == "a hat"


def test_objects_are_read_by_the_fields_that_are_named(client, overlap):
    objects = [{"title": "drum", "body": "sieve"}, {"title": "hat", "body": "rain", "text": "of no use"}]
    body = {"query": "drum", "documents": objects, "rank_fields": ["title", "body"], "return_documents": True}
    assert client.post("/v1/rerank", json=body).json()["results"][0]["document"] == {"text": "drum\nsieve"}
    refused = client.post("/v1/rerank", json={"query": "drum", "documents": objects})
    assert refused.status_code == 400 and "documents[0]: expected a field 'text'" in refused.json()["message"]


def test_infinitys_clients_get_documents_as_plain_texts(client):
    found = client.post("/infinity/rerank", json={**ASKED, "return_documents": True}).json()
    assert found["results"][0]["document"] == "a drum sieve"


def test_a_fault_of_ours_is_told_in_every_dialect_without_the_request(overlap, capfd):
    overlap.score = lambda pairs: 1 / 0
    with running(alone(overlap)) as client:
        answer = client.post("/rerank", json=ASKED)
        assert answer.status_code == 500 and answer.json()["message"] == answer.json()["detail"]
        assert "drum" not in answer.text
    assert "drum" not in capfd.readouterr().err


def test_without_keys_only_this_machines_names_are_answered(overlap):
    with running(alone(overlap), Settings(hosts=("127.0.0.1", "localhost"))) as client:
        assert client.post("/rerank", json=ASKED).status_code == 200
        for name, status in (("localhost:1", 200), ("evil.example", 421), ("", 421)):
            assert client.post("/rerank", json=ASKED, headers={"host": name}).status_code == status


def test_the_time_in_the_queue_is_a_histogram(client):
    client.post("/v2/rerank", json=ASKED)
    numbers = client.get("/metrics").text
    for name in ("tamis_queue_seconds", "tamis_work_seconds"):
        assert f'{name}_count{{queue="model:overlap"}} 1.0' in numbers
        assert f'{name}_bucket{{le="+Inf",queue="model:overlap"}} 1.0' in numbers
    assert 'tamis_worked_tokens_total{queue="model:overlap"} 7.0' in numbers
