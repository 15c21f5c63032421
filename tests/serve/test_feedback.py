"""Feedback: what was acknowledged is in the store, whatever happens to the process."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from datetime import datetime

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.errors import StorageError
from tamis.observe.store import Limits, Store, Writer

from ..observe.store.conftest import where  # noqa: F401
from .servers import Overlap, alone, observed, process, running

CLICK = {"kind": "click", "document": "d1", "request": "r1", "position": 1}


def kept(where):  # noqa: F811
    """All events of a store, by their names."""
    with Store.open(where) as store:
        return {event.event: event for event in store.events()}


def test_events_are_kept_with_a_name_and_a_time(tmp_path):
    with running(observed(tmp_path / "kept.db")) as client:
        one = client.post("/v1/feedback", json={**CLICK, "event": "e1", "at": "2026-01-02T03:04:05+01:00"})
        two = client.post("/v1/feedback", json={"events": [CLICK, {"kind": "rating", "document": "d2", "value": 3.0}]})
        again = client.post("/v1/feedback", json={**CLICK, "event": "e1"})
        assert one.json() == again.json() == {"events": ["e1"]} and len(two.json()["events"]) == 2
    found = kept(tmp_path / "kept.db")
    assert {*found} == {"e1", *two.json()["events"]}, "what was sent twice counts once"
    assert (found["e1"].document, found["e1"].position) == ("d1", 1)
    assert found["e1"].at == datetime.fromisoformat("2026-01-02T02:04:05Z").timestamp(), "the first one counts"


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "skip", "document": "d"},
        {"kind": "dwell", "document": "d", "value": 0},
        {"kind": "session", "value": 12.5},
        {"kind": "rating", "value": -1},
        {"kind": "conversion"},
        {"kind": "conversion", "document": "d", "value": 9.9},
    ],
)
def test_every_kind_is_kept(tmp_path, event):
    with running(observed(tmp_path / "kept.db")) as client:
        answer = client.post("/v1/feedback", json={**event, "request": "r1", "event": "e"})
        assert answer.status_code == 200, answer.text
    found = kept(tmp_path / "kept.db")["e"]
    assert (found.kind, found.document, found.value) == (event["kind"], event.get("document", ""), event.get("value"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "clack", "document": "d"},
        {"kind": "click"},
        {"kind": "dwell", "document": "d"},
        {"kind": "dwell", "document": "d", "value": -1},
        {"kind": "session"},
        {"kind": "rating", "document": "d"},
        {"kind": "click", "document": ""},
        {"kind": "click", "document": "d\x00"},
        {"kind": "click", "document": "d", "text": "the text of the document"},
        {"events": []},
        {"events": [CLICK, {"kind": "click"}]},
        {"kind": "click", "document": "d", "at": "yesterday"},
        {"kind": "click", "document": "d", "at": "0001-01-01T00:00:00+14:00"},
        {"kind": "click", "document": "d", "position": 0},
        {"kind": "click", "document": "d", "position": 2**31},
    ],
)
def test_what_is_no_event_is_refused_and_not_written(tmp_path, body):
    with running(observed(tmp_path / "kept.db")) as client:
        answer = client.post("/v1/feedback", json=body)
        assert answer.status_code == 422 and answer.json()["message"]
    assert not kept(tmp_path / "kept.db")


def test_without_a_store_feedback_is_refused():
    with running(alone(Overlap())) as client:
        answer = client.post("/v1/feedback", json=CLICK)
        assert answer.status_code == 404 and "--observe STORE" in answer.json()["message"]


def test_a_store_that_refuses_is_said_and_nothing_acknowledged(tmp_path, monkeypatch):
    service = observed(tmp_path / "kept.db")

    def full():
        raise StorageError("kept.db cannot be used: database or disk is full")

    with running(service) as client:
        monkeypatch.setattr(service.observing.watch.store.database, "writing", full)
        answer = client.post("/v1/feedback", json=CLICK)
        assert answer.status_code == 507 and "disk is full" in answer.json()["message"]
        assert "tamis_events_total{" not in client.get("/metrics").text


def test_too_much_at_once_is_refused_with_when_to_come_again(tmp_path, monkeypatch):
    service = observed(tmp_path / "kept.db")
    service.observing._writer.close()
    service.observing._writer = Writer(service.observing.watch.store, Limits(waiting=1, together=1))
    database, go = service.observing.watch.store.database, threading.Event()
    plain = database.writing
    monkeypatch.setattr(database, "writing", lambda: go.wait(60) and plain())
    with running(service) as client, concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(httpx.post, f"{client.base_url}/v1/feedback", json={**CLICK, "event": f"e{at}"}, timeout=60)
            for at in range(8)
        ]
        while sum(one.done() for one in asked) < 6:
            time.sleep(0.01)
        go.set()
        found = [one.result() for one in asked]
    refused = [answer for answer in found if answer.status_code == 429]
    assert len(refused) >= 6 and all(answer.headers["retry-after"] for answer in refused)
    told = {name for answer in found if answer.status_code == 200 for name in answer.json()["events"]}
    assert {*kept(tmp_path / "kept.db")} == told


def test_killing_the_server_under_load_loses_no_acknowledged_event(where):  # noqa: F811
    acknowledged = []
    with process("--observe", where) as (server, client, _):
        url, stop = str(client.base_url), threading.Event()

        def send(worker):
            with httpx.Client(base_url=url, timeout=30) as own:
                for number in range(10_000):
                    if stop.is_set():
                        return
                    try:
                        answer = own.post("/v1/feedback", json={**CLICK, "event": f"{worker}-{number}"})
                    except httpx.TransportError:
                        return
                    acknowledged.extend(answer.json()["events"])

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for worker in range(8):
                pool.submit(send, worker)
            time.sleep(2)
            server.kill()
            stop.set()
    found = kept(where)
    assert len(acknowledged) > 100 and {*acknowledged} <= {*found}
    assert all(event.kind == "click" and event.document == "d1" for event in found.values())


def test_what_is_sent_again_under_one_key_counts_once(tmp_path):
    with running(observed(tmp_path / "kept.db")) as client:
        key, other = {"idempotency-key": "k1"}, {"idempotency-key": "k2"}
        first = client.post("/v1/feedback", json=CLICK, headers=key).json()
        assert client.post("/v1/feedback", json=CLICK, headers=key).json() == first
        assert client.post("/v1/feedback", json=CLICK, headers=other).json() != first
        assert client.post("/v1/feedback", json={**CLICK, "document": "d2"}, headers=key).json() != first
        twice = client.post("/v1/feedback", json={"events": [CLICK, CLICK]}, headers={"idempotency-key": "k3"}).json()
        assert client.post("/v1/feedback", json={**CLICK, "event": "mine"}, headers=key).json() == {"events": ["mine"]}
        assert client.post("/v1/feedback", json=CLICK).json() != client.post("/v1/feedback", json=CLICK).json()
    found = kept(tmp_path / "kept.db")
    assert len({*twice["events"]}) == 2 and {*first["events"], *twice["events"], "mine"} <= {*found} and len(found) == 8


def test_decisions_that_are_kept_first_are_on_the_disk_or_are_not_answered(tmp_path, monkeypatch):
    service = observed(tmp_path / "kept.db", kept_first=True)
    body = {"query": "drum", "documents": ["a hat", "a drum"]}
    with running(service) as client, Store.open(tmp_path / "kept.db") as store:
        for at in (1, 2, 1):
            assert client.post("/v1/decide", json=body, headers={"x-request-id": f"r{at}"}).status_code == 200
            assert f"r{at}" in {decided.request for decided in store.decisions()}
        assert len([*store.decisions()]) == 2, "what is asked again under one id is one decision"

        def full(*_):
            raise StorageError("the disk is full")

        monkeypatch.setattr(service.observing.watch.store, "put", full)
        assert client.post("/v1/decide", json=body).status_code == 507
        assert service.observing.dropped == 1 and sum(service.observing.decided.values()) == 3
