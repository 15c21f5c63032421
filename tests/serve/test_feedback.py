"""Feedback: what was acknowledged is on the disk, whatever happens to the process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import json
import os
import subprocess
import sys
import threading
import time

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.errors import InputError, StorageError
from tamis.serve.feedback import FeedbackLog, read_feedback

from .servers import Overlap, alone, process, running

CLICK = {"kind": "click", "document": "d1", "request": "r1", "position": 1}


def test_events_are_kept_with_a_name_and_a_time(tmp_path):
    with running(alone(Overlap(), feedback=FeedbackLog(tmp_path / "f.jsonl"))) as client:
        one = client.post("/v1/feedback", json={**CLICK, "event": "e1"})
        two = client.post("/v1/feedback", json={"events": [CLICK, {"kind": "rating", "document": "d2", "value": 3.0}]})
        again = client.post("/v1/feedback", json={**CLICK, "event": "e1"})
        assert one.json() == again.json() == {"events": ["e1"]} and len(two.json()["events"]) == 2
    kept = list(read_feedback(tmp_path / "f.jsonl"))
    assert [event["event"] for event in kept] == ["e1", *two.json()["events"]], "what was sent twice counts once"
    assert kept[0] | CLICK == kept[0] and kept[0]["at"] == kept[0]["received"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "clack", "document": "d"},
        {"kind": "click"},
        {"kind": "click", "document": ""},
        {"kind": "click", "document": "d", "text": "the text of the document"},
        {"events": []},
        {"kind": "click", "document": "d", "at": "yesterday"},
        {"kind": "click", "document": "d", "at": "0001-01-01T00:00:00+14:00"},
        {"kind": "click", "document": "d", "position": 0},
    ],
)
def test_what_is_no_event_is_refused_and_not_written(tmp_path, body):
    with running(alone(Overlap(), feedback=FeedbackLog(tmp_path / "f.jsonl"))) as client:
        assert client.post("/v1/feedback", json=body).status_code == 422
    assert not (tmp_path / "f.jsonl").exists()


def test_without_a_file_feedback_is_refused():
    with running(alone(Overlap())) as client:
        answer = client.post("/v1/feedback", json=CLICK)
        assert answer.status_code == 404 and "--feedback FILE" in answer.json()["message"]


def test_a_line_cut_in_two_stays_alone_and_is_passed_over(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"event":"a"}\n{"event":"b","kin')
    asyncio.run(FeedbackLog(path).add([{"event": "c"}]))
    assert [event["event"] for event in read_feedback(path)] == ["a", "c"]


def test_several_processes_may_write_one_file(tmp_path):
    path = tmp_path / "f.jsonl"
    program = (
        "import asyncio, sys; from tamis.serve.feedback import FeedbackLog; log = FeedbackLog(sys.argv[1])\n"
        "async def run():\n"
        "    for at in range(100):\n"
        "        await log.add([{'event': f'{sys.argv[2]}-{at}-{n}', 'pad': 'x' * 300} for n in range(50)])\n"
        "asyncio.run(run())"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, path, name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(list(read_feedback(path))) == 10_000, "an empty line between two of them is passed over"


def test_a_folder_is_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "no" / "f.jsonl"):
        with pytest.raises(InputError, match="expected a file in a folder that exists"):
            FeedbackLog(path)


def test_a_disk_that_refuses_is_said_and_nothing_acknowledged(tmp_path, monkeypatch):
    log = FeedbackLog(tmp_path / "f.jsonl")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        asyncio.run(log.add([{"event": "a"}]))


def test_killing_the_server_under_load_loses_no_acknowledged_event(tmp_path):
    path, acknowledged = tmp_path / "f.jsonl", []
    with process("--feedback", path) as (server, client, _):
        url, stop = str(client.base_url), threading.Event()

        def send(worker):
            with httpx.Client(base_url=url, timeout=5) as own:
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
    kept = {event["event"] for event in read_feedback(path)}
    assert len(acknowledged) > 100 and set(acknowledged) <= kept
    assert all(json.loads(line)["kind"] == "click" for line in path.read_text().splitlines()[:100])
