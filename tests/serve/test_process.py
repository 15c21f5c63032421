"""``tamis serve`` as a process: how it begins, is exchanged, and ends."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.cli.options import Chosen
from tamis.cli.serve import model_table
from tamis.score import model_folder

from .servers import process

ASKED = {"query": "what sieves soup?", "documents": ["Rain fell.", "A tamis sieves soup.", "今天下雨。"]}


def answers(client, count, workers=8, **more):
    """Statuses and best documents of requests that are made side by side."""

    def ask(_):
        answer = httpx.post(f"{client.base_url}/v2/rerank", json={**ASKED, **more}, timeout=60)
        return answer.status_code, answer.json()["results"][0]["index"], answer.json()["model"]

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(ask, range(count)))


def tokens(client):
    """How many wait or are worked on."""
    numbers = re.findall(r"tamis_(?:waiting|running)_tokens\{.*?\} (\S+)", client.get("/metrics").text)
    return sum(map(float, numbers))


def test_terminating_finishes_what_was_let_in(tmp_path):
    with process() as (server, client, lines):
        many = ["A tamis sieves soup. " * 40] * 400
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asked = [
                pool.submit(httpx.post, f"{client.base_url}/v2/rerank", json={"query": "soup", "documents": many},
                            timeout=120)
                for _ in range(4)
            ]  # fmt: skip
            while tokens(client) < 4 * 400 * 200:  # all four are in
                time.sleep(0.02)
            server.send_signal(signal.SIGTERM)
            found = [future.result() for future in asked]
        assert server.wait(60) in (0, -signal.SIGTERM)
    assert [answer.status_code for answer in found] == [200] * 4
    assert all(len(answer.json()["results"]) == 400 for answer in found)
    assert not [line for line in lines if "Traceback" in line]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs signals of POSIX")
def test_a_model_is_exchanged_under_load_and_no_request_fails(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model_folder("tamis-blend"), folder)
    (tmp_path / "tamis.toml").write_text('[models.mine]\nmodel = "./model"\n')
    with process("--config", tmp_path / "tamis.toml") as (server, client, lines):
        before, found, stop = client.get("/info").json()["models"]["mine"]["fingerprint"], [], threading.Event()

        def ask():
            with httpx.Client(base_url=client.base_url, timeout=60) as own:
                while not stop.is_set():
                    found.append(own.post("/v2/rerank", json=ASKED))

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            working = [pool.submit(ask) for _ in range(8)]
            time.sleep(1)
            for name in ("tamis-mini", "tamis-blend", "tamis-mini"):
                shutil.rmtree(folder)
                shutil.copytree(model_folder(name), folder)
                told = sum("model mine" in line for line in lines)
                server.send_signal(signal.SIGHUP)
                while sum("model mine" in line for line in lines) == told:
                    time.sleep(0.05)
            while len(found) <= 50 and not any(future.done() for future in working):  # the machine may be slow
                time.sleep(0.05)
            stop.set()
            for future in working:
                future.result()
        after = client.get("/info").json()["models"]["mine"]["fingerprint"]
    assert before != after and len(found) > 50
    assert {answer.status_code for answer in found} == {200}
    assert {answer.json()["results"][0]["index"] for answer in found} == {1}


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs signals of POSIX")
def test_a_mistake_in_a_new_configuration_changes_nothing(tmp_path):
    path = tmp_path / "tamis.toml"
    path.write_text('[models.mine]\nmodel = "tamis-mini"\n')
    with process("--config", path) as (server, client, lines):
        path.write_text('[models.mine]\nmodle = "e5-small"\n')
        server.send_signal(signal.SIGHUP)
        while not any("did you mean 'model'" in line for line in lines):
            time.sleep(0.05)
        assert answers(client, 2) == [(200, 1, "mine")] * 2


def run(*arguments, **environ):
    command = [sys.executable, "-m", "tamis", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environ})


def test_who_never_finishes_a_request_does_not_keep_the_server():
    with process(TAMIS_SERVE__STOPPING="1") as (server, client, _), socket.socket() as half:
        half.connect((client.base_url.host, client.base_url.port))
        half.sendall(b"POST /rerank HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) in (0, -signal.SIGTERM)


def test_a_path_on_the_command_line_is_one_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model_table(Chosen("./faq"), None, None) == {"faq": {"model": str(tmp_path / "faq")}}
    assert model_table(Chosen("tamis-mini"), None, None) == {"tamis-mini": {"model": "tamis-mini"}}


def test_a_public_address_needs_keys():
    refused = run("--host", "0.0.0.0")
    assert refused.returncode == 2 and "TAMIS_API_KEYS" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--config", "no.toml"], "no.toml: no such file"),
        (["--model", "tamis-mimi"], "Did you mean 'tamis-mini'"),
        (["--index", "nowhere"], "nowhere"),
        (["--policy", "no.json"], "no.json"),
        (["--rate", "often"], "such as 600/minute"),
        (["--observe", "no/where/kept.db"], "expected a file in a folder that exists"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments, says):
    refused = run(*arguments)
    assert refused.returncode == 1 and says in refused.stderr and "Traceback" not in refused.stderr


def test_keys_are_asked_for_and_never_logged():
    key = "a-key-of-32-random-characters..."
    with process(TAMIS_API_KEYS=f"shop={key}") as (_, client, lines):
        assert client.post("/v2/rerank", json=ASKED).status_code == 401
        assert client.post("/v2/rerank", json=ASKED, headers={"authorization": f"Bearer {key}"}).status_code == 200
        time.sleep(0.2)
    assert any(json.loads(line)["holder"] == "shop" for line in lines if line.startswith("{"))
    assert not [line for line in lines if key in line or "soup" in line]
