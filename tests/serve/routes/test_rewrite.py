"""/v1/rewrite over real HTTP, and search, decide and ask as the conversation means it; with and without a model."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.answer import Chat
from tamis.core import Query
from tamis.errors import DataError, InputError
from tamis.pipeline import Pipeline, Rerank
from tamis.recall import Index
from tamis.rewrite import Llm, Offline, Rewriter
from tamis.score import load_scorer
from tamis.score.remote import HttpOptions
from tamis.serve.aside import Aside
from tamis.serve.build import exchange, service
from tamis.serve.config import Configuration, RewriteOptions, configuration
from tamis.serve.models import Models
from tamis.serve.recalling import Recall
from tamis.serve.routes.search import LONGEST, TURNS
from tamis.serve.served import Served
from tamis.serve.service import Service
from tamis.widening import Widened

from ...answer.conftest import completion
from ..servers import running

DOCUMENTS = [
    {"id": "cure", "text": "喉癌的治疗以手术和放疗为主。"},
    {"id": "tumour", "text": "喉部恶性肿瘤能否治愈，取决于分期。"},
    {"id": "rain", "text": "它下了一整天的雨。"},
    {"id": "hat", "text": "A hat keeps the rain off."},
]
QUESTION, HISTORY, MEANT = "它能治吗？", ["喉癌是什么？"], "喉癌能治吗？"
ASKED = {"query": QUESTION, "history": HISTORY, "rewrite": True}


def meant(sent, n):
    """A model that puts the topic of the conversation in the pronoun's place."""
    asked = sent.body["messages"][1]["content"].rsplit("\n", 1)[1]
    answer = {"standalone": asked.replace("它", "喉癌"), "variants": ["喉癌可以治愈吗？"], "changes": []}
    return completion(json.dumps(answer))


@pytest.fixture(scope="module")
def parts():
    return load_scorer("tamis-mini"), Index.build(DOCUMENTS, encoder=None)


@pytest.fixture(scope="module")
def offline(parts):
    with running(serving(parts)) as client:
        yield client


def serving(parts, **more):
    scorer, index = parts
    return Service(Models({"tamis-mini": Served(scorer)}), recall=Recall(index.retriever()), **more)


def llm(server, **options):
    return Llm(Chat(server.url, "m", options=HttpOptions(retries=0)), **options)


def test_a_query_as_it_can_stand_alone(parts, serve):
    server = serve(meant)
    with running(serving(parts, rewriter=llm(server))) as client:
        found = client.post("/v1/rewrite", json={"query": QUESTION, "history": HISTORY}).json()
        fewer = client.post("/v1/rewrite", json={"query": QUESTION, "history": HISTORY, "variants": 1}).json()
    assert found.pop("id") and found.keys() == {"query", "rewrite", "changed", "variants"}
    assert (found["query"], found["rewrite"], found["changed"]) == (QUESTION, MEANT, True)
    assert [one["text"] for one in found["variants"]] == [MEANT, "喉癌可以治愈吗？"]
    assert found["variants"][0]["changes"][0]["kind"] == "model"
    assert [one["text"] for one in fewer["variants"]] == [MEANT] and len(server.sent) == 1


def test_without_a_model_rules_answer(offline):
    found = offline.post("/v1/rewrite", json={"query": "退货要几天"}).json()
    expected = Offline().rewrite(Query("退货要几天"))
    assert [one["text"] for one in found["variants"]] == [one.text for one in expected]


def test_a_model_that_fails_loses_no_query(parts, serve):
    server = serve(lambda sent, n: (500, {"error": "oom"}))
    with running(serving(parts, rewriter=llm(server))) as client:
        found = client.post("/v1/rewrite", json={"query": QUESTION, "history": HISTORY})
        search = client.post("/v1/search", json=ASKED)
    assert found.status_code == 200 and search.status_code == 200
    assert "status 500" in found.json()["variants"][0]["changes"][-1]["why"]


def test_a_search_is_what_the_library_finds(parts, serve):
    scorer, index = parts
    server = serve(meant)
    with running(serving(parts, rewriter=llm(server))) as client:
        found = client.post("/v1/search", json=ASKED).json()
        plain = client.post("/v1/search", json={**ASKED, "rewrite": False}).json()
    pipeline = Pipeline(Widened(index.retriever(), llm(server)), (Rerank(scorer),))
    (expected,) = pipeline.search([Query(QUESTION, history=tuple(HISTORY))])
    assert [row["id"] for row in found["results"]] == [c.doc.id for c in expected]
    assert [row["score"] for row in found["results"]] == pytest.approx([c.score for c in expected], abs=1e-6)
    assert (found["query"], found["source"], found["model"]) == (MEANT, QUESTION, "tamis-mini+bm25")
    assert found["results"][0]["notes"]["variants"] == expected[0].notes["variants"]
    assert plain["query"] == QUESTION and {row["id"] for row in plain["results"]} != {
        row["id"] for row in found["results"]
    }


def test_decide_and_ask_as_the_conversation_means_it(parts, serve):
    with running(serving(parts, rewriter=llm(serve(meant)))) as client:
        texts = [document["text"] for document in DOCUMENTS]
        decided = client.post("/v1/decide", json={**ASKED, "documents": texts}).json()
        answer = client.post("/v1/ask", json=ASKED).json()
        stream = client.post("/v1/ask", json={**ASKED, "stream": True}).text
    assert (decided["query"], decided["source"]) == (MEANT, QUESTION) and len(decided["results"]) == len(texts)
    assert answer["decision"]["query"] == MEANT and answer["citations"][0]["id"] in ("cure", "tumour")
    assert "event: answer" in stream


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("rewrite", {}, 422, "query"),
        ("rewrite", {"query": " "}, 400, "the query is blank"),
        ("rewrite", {"query": "q" * (LONGEST + 1)}, 422, "at most"),
        ("rewrite", {"query": "q", "history": "x"}, 422, "history"),
        ("rewrite", {"query": "q", "history": [7]}, 422, "history.0"),
        ("rewrite", {"query": "q", "history": ["x"] * (TURNS + 1)}, 422, "at most 50"),
        ("rewrite", {"query": "q", "history": ["x" * (LONGEST + 1)]}, 422, "history.0"),
        ("rewrite", {"query": "q", "variants": 0}, 422, "variants"),
        ("rewrite", {"query": "q", "variants": 21}, 422, "variants"),
        ("rewrite", {"query": "q", "historie": []}, 422, "historie"),
        ("search", {"query": "q", "rewrite": "yes"}, 422, "rewrite"),
        ("search", {"query": "q", "history": ["x"] * (TURNS + 1)}, 422, "at most 50"),
    ],
)
def test_mistakes_are_one_sentence(offline, path, body, status, says):
    answer = offline.post(f"/v1/{path}", json=body)
    assert answer.status_code == status and says in answer.json()["message"]


def test_half_a_character_is_no_fault(parts, serve):
    body = b'{"query": "\\ud83d sieve", "history": ["\\ud83d"], "rewrite": true}'
    with running(serving(parts, rewriter=llm(serve(meant)))) as client:
        headers = {"content-type": "application/json"}
        assert client.post("/v1/search", content=body, headers=headers).status_code == 200


def test_many_at_once_hold_up_no_one_else(parts, serve):
    over = threading.Event()
    server = serve(lambda sent, n: over.wait(30) and meant(sent, n))
    rewriter = llm(server, seconds=20)
    rewriter.chat = Chat(server.url, options=HttpOptions(connections=16))
    held = serving(parts, rewriter=rewriter)
    held.aside = Aside(8)
    with running(held) as client, ThreadPoolExecutor(8) as pool:
        waiting = [
            pool.submit(
                httpx.post, f"{client.base_url}/v1/search", json={**ASKED, "query": f"它{n}期能治吗"}, timeout=60
            )
            for n in range(8)
        ]
        while len(server.sent) < 8:
            assert client.post("/v1/search", json={"query": "rain"}).status_code == 200
        refused = client.post("/v1/rewrite", json={"query": QUESTION})
        assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
        over.set()
        assert [future.result().json()["query"] for future in waiting] == [f"喉癌{n}期能治吗" for n in range(8)]


def test_the_file_says_what_rewrites(tmp_path):
    (tmp_path / "tamis.toml").write_text(
        'encoder = ""\n[rewrite]\nurl = "http://127.0.0.1:9"\nmodel = "qwen3"\nvariants = 2\nseconds = 1.5\n'
        'glossary = "terms.txt"\ncache = "rewrites.sqlite"\ntemperature = 0.2\n'
    )
    (tmp_path / "terms.txt").write_text("ML 机器学习\n", "utf-8")
    told = configuration(tmp_path / "tamis.toml", {})
    options = {"model": "qwen3", "temperature": 0.2}
    assert told.rewrite == RewriteOptions(
        "http://127.0.0.1:9", 2, 1.5, glossary="terms.txt", cache="rewrites.sqlite", options=options
    )
    made = service(told, tmp_path).rewriter
    assert isinstance(made, Llm) and isinstance(made, Rewriter)
    assert (made.name, made.variants, made.seconds, made.glossary) == ("llm:qwen3", 2, 1.5, "ML 机器学习\n")
    assert made.cache.path == tmp_path / "rewrites.sqlite" and made.chat.temperature == 0.2
    assert configuration(None, {"TAMIS_REWRITE__VARIANTS": "5"}).rewrite.variants == 5
    assert service(Configuration(encoder="", rewrite=RewriteOptions(variants=1))).rewriter == Offline(variants=1)
    (tmp_path / "ours.tsv").write_text("entity\t报销\t员工差旅发票报销\n", "utf-8")
    own = RewriteOptions(terms=("ours.tsv",))
    (first, *_) = service(Configuration(encoder="", rewrite=own), tmp_path).rewriter.rewrite(Query("报销要几天"))
    assert first.text == "员工差旅发票报销要几天"
    own = RewriteOptions("http://127.0.0.1:9", terms=("ours.tsv",), glossary="terms.txt")
    made = service(Configuration(encoder="", rewrite=own), tmp_path).rewriter
    assert made.glossary == "报销: 员工差旅发票报销\nML 机器学习\n"
    assert made.fallback.rewrite(Query("报销要几天"))[0].text == "员工差旅发票报销要几天"
    with pytest.raises(InputError, match=r"rewrite\.urll is not known: .*did you mean 'url'"):
        configuration(None, {"TAMIS_REWRITE__URLL": "x"})
    for wrong in (RewriteOptions(cache="x.sqlite"), RewriteOptions(options={"model": "m"})):
        with pytest.raises(InputError, match=r"rewrite\.(cache|model) is for a language model: expected rewrite\.url"):
            service(Configuration(encoder="", rewrite=wrong))
    with pytest.raises(DataError, match="no such file"):
        service(Configuration(encoder="", rewrite=RewriteOptions("http://127.0.0.1:9", glossary="none.txt")), tmp_path)


def test_a_new_rewriter_is_exchanged_and_one_that_is_the_same_keeps_what_it_remembers():
    told = Configuration(encoder="", rewrite=RewriteOptions("http://127.0.0.1:9"))

    async def exchanged():
        running = service(told)
        before = running.rewriter
        assert "rewriter" not in await exchange(running, told) and running.rewriter is before
        url = "http://127.0.0.1:9"
        key = RewriteOptions(url, seconds=1, options={"key_env": "OTHER_KEY"})
        for changed in (RewriteOptions(url, seconds=1), key, RewriteOptions()):
            assert "rewriter" in await exchange(running, replace(told, rewrite=changed))
        assert running.rewriter == Offline()
        await running.close()

    asyncio.run(exchanged())
