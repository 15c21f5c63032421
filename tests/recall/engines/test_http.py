"""Any search API: what is asked by GET and by POST, where answers are read, and what is refused."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tamis import Query
from tamis.core import Retriever
from tamis.errors import InputError, RemoteError
from tamis.filters import Filter
from tamis.recall.engines import HttpRetriever, SearchApi


class Api:
    """A server that gives back what ``answer`` makes of a request."""

    def __init__(self, answer) -> None:
        self.sent = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
                outer.sent.append((self.command, self.path, body, dict(self.headers)))
                status, told = answer(self.path, body)
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def serve():
    running = []

    def start(answer):
        running.append(Api(answer))
        return running[-1]

    yield start
    for each in running:
        each.server.shutdown()
        each.server.server_close()


def rows(query, count=3):
    return [{"id": at, "text": f"{query} {at}", "score": 1.0 - at / 10, "title": "T"} for at in range(count)]


def test_by_get(serve):
    api = serve(lambda path, _: (200, {"results": rows(parse_qs(urlsplit(path).query)["q"][0])}))
    retriever = HttpRetriever(SearchApi(f"{api.url}/v1/find?q={{query}}&n={{k}}&lang=en"))
    assert isinstance(retriever, Retriever)
    asked = [Query("what sieves a&b=c/d? 筛", id="1"), Query("two"), Query("three")]
    found = retriever.search(asked, 2)
    assert [r.query for r in found] == asked
    assert [(c.doc.id, c.score, dict(c.scores)) for c in found[0]] == [
        ("0", 1.0, {"remote": 1.0}),
        ("1", 0.9, {"remote": 0.9}),
    ]
    assert found[0][0].doc.text == "what sieves a&b=c/d? 筛 0" and found[0][0].doc.title == "T"
    assert all(parse_qs(urlsplit(path).query)["n"] == ["2"] and method == "GET" for method, path, *_ in api.sent)


def test_by_post_with_paths_and_a_filter(serve, monkeypatch):
    monkeypatch.setenv("MY_KEY", "hunter2")
    hits = [{"_source": {"key": "a", "body": "x", "meta": {"year": 1}}}, {"_source": {"key": "b", "body": "y"}}]
    api = serve(lambda *_: (200, {"out": [{"hits": hits}]}))
    retriever = HttpRetriever(
        SearchApi(
            f"{api.url}/s",
            body={"q": {"text": "about {query}", "size": "{k}"}, "filter": "{where}", "flags": [1, True]},
            results="out.0.hits",
            id="_source.key",
            text="_source.body",
            title="",
            score="",
            fields="_source.meta",
            stage="site",
            key_env="MY_KEY",
            header="X-Api-Key: {key}",
        )
    )
    (found,) = retriever.search([Query("{k} {where}", where=Filter.of({"lang": "zh"}))], 5)
    assert [(c.doc.id, c.scores["site"], dict(c.doc.fields)) for c in found] == [
        ("a", 1.0, {"year": 1}),
        ("b", 0.5, {}),
    ]
    method, _, body, headers = api.sent[0]
    assert method == "POST" and headers["X-Api-Key"] == "hunter2"
    assert body == {"q": {"text": "about {k} {where}", "size": 5}, "filter": {"lang": "zh"}, "flags": [1, True]}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"items": []}, "expected a list at 'results', got None"),
        ({"results": [{"text": "x", "score": 1}]}, "result 1 has no id at 'id'"),
        ({"results": [{"id": "1", "score": 1}]}, "no text at 'text'"),
        ({"results": [{"id": "1", "text": "x"}]}, "result 1 has no number at 'score'"),
        ({"results": [{"id": "1", "text": "x", "score": "high"}]}, "result 1 has no number at 'score'"),
        ({"results": ["x"]}, "no id"),
    ],
)
def test_answers_that_are_not_as_told(serve, told, says):
    api = serve(lambda *_: (200, told))
    with pytest.raises(RemoteError, match=says):
        HttpRetriever(SearchApi(f"{api.url}/?q={{query}}")).search([Query("q")], 5)


def test_an_error_repeats_neither_query_nor_key(serve, monkeypatch):
    monkeypatch.setenv("TAMIS_SEARCH_KEY", "hunter2")
    api = serve(lambda *_: (403, {"error": "no, hunter2"}))
    with pytest.raises(RemoteError, match="answered status 403") as caught:
        HttpRetriever(SearchApi(f"{api.url}/?q={{query}}")).search([Query("private matter")], 5)
    assert "private" not in str(caught.value) and "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "ftp://host/{query}"}, "must begin with http"),
        ({"url": "http://host/find"}, 'put "{query}"'),
        ({"url": "http://host/{query}", "id": ""}, "need a name each"),
    ],
)
def test_apis_that_cannot_be(options, says):
    with pytest.raises(InputError, match=says):
        SearchApi(**options)


def test_what_cannot_be_asked(serve, monkeypatch):
    api = serve(lambda *_: (200, {"results": []}))
    retriever = HttpRetriever(SearchApi(f"{api.url}/?q={{query}}"))
    with pytest.raises(InputError, match="is told no filter"):
        retriever.search([Query("q", where=Filter.of({"a": 1}))], 5)
    with pytest.raises(InputError, match="the query is empty"):
        retriever.search([Query(" ")], 5)
    with pytest.raises(InputError, match="k must be at least 1"):
        retriever.search([Query("q")], 0)
    assert retriever.search([], 5) == [] and api.sent == []
    monkeypatch.setenv("TAMIS_SEARCH_KEY", "hunter2")
    with pytest.raises(InputError, match="unencrypted"):
        HttpRetriever(SearchApi("http://example.org/?q={query}"))
