"""/v1/ask: answers with citations over real HTTP, whole and streamed, from passages and from a local model server."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.answer import Chat
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.recall import Index
from tamis.score import load_scorer
from tamis.serve.aside import Aside
from tamis.serve.build import PATIENT
from tamis.serve.models import Models
from tamis.serve.policies import Policies
from tamis.serve.recalling import Recall
from tamis.serve.served import Served
from tamis.serve.service import Service

from ...answer.conftest import STREAM, completion, delta, streamed
from ..servers import running

DOCUMENTS = [
    {"id": "return", "text": "退货需在七天内申请，商品须完好。运费由买家承担。"},
    {"id": "rain", "text": "今天下了一整天的雨。"},
    {
        "id": "tamis",
        "title": "Tamis",
        "text": "A tamis is a fine drum sieve for soups. It is made of wood and horsehair.",
    },
    {"id": "hat", "text": "A hat keeps the rain off."},
]


@pytest.fixture(scope="module")
def parts():
    scorer = load_scorer("tamis-mini")
    strict = Policy(Thresholds(1.0), scorer=scorer.fingerprint, stage="tamis-mini")
    none = replace(strict, thresholds=Thresholds(99.0))
    return scorer, {"strict": strict, "none-passes": none}, Index.build(DOCUMENTS, encoder=None)


def service(parts, chat=None):
    scorer, policies, index = parts
    return Service(
        Models({"tamis-mini": Served(scorer)}),
        Policies(policies, "strict"),
        recall=Recall(index.retriever()),
        chat=chat,
    )


@pytest.mark.parametrize(
    ("query", "said", "source"), [("如何退货", "七天内", "return"), ("what is a tamis?", "drum sieve", "tamis")]
)
def test_passages_answer_in_their_own_words(parts, query, said, source):
    with running(service(parts)) as client:
        found = client.post("/v1/ask", json={"query": query}).json()
    assert said in found["text"] and "[1]" in found["text"] and found["grounded"] and not found["abstained"]
    (first, *_) = found["citations"]
    (passage,) = [one for one in found["decision"]["results"] if one["id"] == source]
    assert first["id"] == source and passage["text"][first["start"] : first["end"]] in found["text"]
    assert found["id"]


def test_where_the_policy_rejects_everything_no_model_is_asked(parts, serve):
    server = serve(lambda sent, n: completion("never"))
    with running(service(parts, Chat(server.url))) as client:
        zh = client.post("/v1/ask", json={"query": "如何退货", "policy": "none-passes"}).json()
        en = client.post("/v1/ask", json={"query": "what is a tamis?", "policy": "none-passes"}).json()
    assert zh["abstained"] and zh["text"].startswith("我不知道") and en["text"].startswith("I don't know")
    assert zh["citations"] == [] and en["decision"]["results"] == [] and server.sent == []


def test_a_models_answer_is_checked(parts, serve):
    server = serve(lambda sent, n: completion("退货需在七天内申请[1]。运费为3000元[1]。见[9]。"))
    with running(service(parts, Chat(server.url, "m"))) as client:
        found = client.post("/v1/ask", json={"query": "如何退货"}).json()
    assert found["by"] == "written:m" and found["unknown"] == [9] and "[9]" not in found["text"]
    assert [one["supported"] for one in found["citations"]] == [True, False]
    assert found["citations"][1]["missing_numbers"] == ["3000"]


def test_a_model_server_that_fails_is_a_502_and_a_sentence(parts, serve):
    server = serve(lambda sent, n: (500, {"error": "broken"}))
    with running(service(parts, Chat(server.url))) as client:
        answer = client.post("/v1/ask", json={"query": "如何退货"})
    assert answer.status_code == 502 and answer.json()["error_type"] == "upstream"


def events(text):
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        yield fields.get("event", "message"), json.loads(fields["data"])


def test_an_answer_streams_to_curl(parts, serve):
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    server = serve(lambda sent, n: (200, streamed("退货需在", "七天内申请", "[1]。"), STREAM))
    with running(service(parts, Chat(server.url))) as client:
        command = ["curl", "-sN", f"{client.base_url}/v1/ask", "-H", "content-type: application/json", "-d"]
        done = subprocess.run([*command, '{"query": "如何退货", "stream": true}'], capture_output=True, check=True)
    *pieces, (kind, answer) = events(done.stdout.decode())
    assert "".join(piece["text"] for _, piece in pieces) == "退货需在七天内申请[1]。" and len(pieces) == 3
    assert kind == "answer" and answer["text"] == "退货需在七天内申请[1]。" and answer["citations"][0]["supported"]


def test_a_stream_that_breaks_ends_with_an_error(parts, serve):
    server = serve(lambda sent, n: (200, streamed("退货", done=False), STREAM))
    with running(service(parts, Chat(server.url))) as client:
        answer = client.post("/v1/ask", json={"query": "如何退货", "stream": True})
    kind, last = [*events(answer.text)][-1]
    assert answer.status_code == 200 and kind == "error" and last["error_type"] == "upstream"


def test_extracted_answers_stream_too(parts):
    with running(service(parts)) as client:
        answer = client.post("/v1/ask", json={"query": "what is a tamis?", "stream": True})
    (_, piece), (kind, last) = events(answer.text)
    assert (
        kind == "answer" and piece["text"] == last["text"] and answer.headers["content-type"].startswith("text/event")
    )


def test_relevant_spans_are_codepoints_best_first(parts):
    texts = [document["text"] for document in DOCUMENTS]
    with running(service(parts)) as client:
        body = {"query": "how is a tamis made?", "documents": texts, "top_n": 2}
        wanted = {**body, "relevant_spans": {"mode": "enabled", "threshold": 0.0, "max_spans": 1}}
        found = client.post("/v2/rerank", json=wanted).json()["results"]
        usual = client.post("/v2/rerank", json={**body, "relevant_spans": {"mode": "enabled"}}).json()["results"]
        plain = client.post("/v2/rerank", json={**body, "relevant_spans": {"mode": "disabled"}}).json()["results"]
    (best,) = found[0]["relevant_spans"]
    assert "tamis" in texts[found[0]["index"]][best["start"] : best["end"]] and 0 <= best["score"] <= 1
    assert [row["relevance_score"] for row in found] == [row["relevance_score"] for row in plain]
    assert all(span["score"] >= 0.1 for row in usual for span in row["relevant_spans"])
    assert not any("relevant_spans" in row for row in plain)


@contextlib.contextmanager
def model_server(*, talks):
    """A model that goes on for ten seconds, talking or silent; who asked it, whose connection ended, what ends it."""
    asked, ended, over = [], [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            try:
                for _ in range(200):
                    if over.wait(0.05):
                        return
                    if talks:
                        self.wfile.write(delta("x "))
            except OSError:
                ended.append(True)

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # more than come at once: a full queue drops connections

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked, ended, over
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def soon(what, seconds=30):
    """Whether something becomes true before long."""
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def test_who_leaves_a_stream_is_not_written_for(parts):
    with model_server(talks=True) as (url, _, ended, _), running(service(parts, Chat(url))) as client:
        with client.stream("POST", "/v1/ask", json={"query": "如何退货", "stream": True}) as answer:
            assert next(answer.iter_lines())
        assert soon(lambda: ended), "the model's connection is closed"


def test_models_that_say_nothing_hold_up_no_one_else(parts):
    with model_server(talks=False) as (url, asked, _, over):
        held = service(parts, Chat(url, options=replace(PATIENT, retries=0)))
        held.aside = Aside(40)
        with running(held) as client, concurrent.futures.ThreadPoolExecutor(40) as pool:
            question = {"query": "如何退货"}
            waiting = [
                pool.submit(httpx.post, f"{client.base_url}/v1/ask", json=question, timeout=60) for _ in range(40)
            ]
            assert soon(lambda: len(asked) == 40), "each has a thread"
            body = {**question, "documents": ["退货需在七天内申请。"], "relevant_spans": {"mode": "enabled"}}
            assert client.post("/v2/rerank", json=body, timeout=20).status_code == 200
            for stream in (True, False):
                refused = client.post("/v1/ask", json={**question, "stream": stream}, timeout=20)
                assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
            over.set()
            assert {future.result().status_code for future in waiting} == {502}
