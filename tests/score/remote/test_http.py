"""The JSON client against real servers that fail in every way they do."""

import gc
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from tamis.errors import InputError, RemoteError
from tamis.score.remote.http import HttpOptions, JsonClient, joined, said, too_much

SECRET = "sk-very-secret-1234"
QUICK = HttpOptions(timeout=5, retries=3, patience=0.005)


def client(server, **options):
    return JsonClient(server.url, key=SECRET, options=HttpOptions(**{"timeout": 5, "patience": 0.005, **options}))


def failing(times, failure, success=None):
    return lambda sent, n: failure if n < times else (success or {"ok": n})


def test_sends_json_with_the_key_and_reads_json(serve):
    server = serve(lambda sent, n: {"answer": 42})
    assert client(server).post("/rerank", {"query": "重排 ✓", "top_n": 1}) == {"answer": 42}
    (sent,) = server.sent
    assert (sent.path, sent.body) == ("/rerank", {"query": "重排 ✓", "top_n": 1})
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.headers["content-type"] == "application/json"


def test_without_a_key_no_authorization_is_sent(serve):
    server = serve(lambda sent, n: {})
    JsonClient(server.url, options=QUICK).post("/x", {})
    assert "authorization" not in server.sent[0].headers


def test_lone_surrogates_and_null_bytes_are_sent_as_something_servers_read(serve):
    server = serve(lambda sent, n: {})
    client(server).post("/x", {"query": "a\ud800b\x00"})
    assert server.bodies == [{"query": "a?b\x00"}]


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 529])
def test_passing_faults_are_tried_again(serve, status):
    server = serve(failing(2, (status, {"error": "busy"})))
    assert client(server).post("/x", {}) == {"ok": 2}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 424, 500])
def test_refusals_are_not_tried_again(serve, status):
    server = serve(lambda sent, n: (status, {"message": "no"}))
    with pytest.raises(RemoteError, match=rf"/x answered status {status}: no; \w+") as caught:
        client(server).post("/x", {})
    assert len(server.sent) == 1
    assert (caught.value.status, caught.value.said) == (status, "no")


def test_tries_end_and_the_error_counts_them(serve):
    server = serve(lambda sent, n: (503, {"error": "overloaded", "error_type": "Unhealthy"}))
    with pytest.raises(RemoteError, match=r"status 503: overloaded \(Unhealthy\).*\(4 tries\)$"):
        client(server, retries=3).post("/x", {})
    assert len(server.sent) == 4


def test_waits_grow_with_each_try(serve):
    server = serve(lambda sent, n: (503, {}))
    start = time.perf_counter()
    with pytest.raises(RemoteError):
        client(server, retries=3, patience=0.04).post("/x", {})
    assert 0.5 * 0.04 * (1 + 2 + 4) <= time.perf_counter() - start < 2


def in_seconds(seconds: int) -> str:
    """A header's date that so many seconds are left to."""
    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize("header", ["0.2", -100, "soon", "nan", "-1", ""])
def test_retry_after_is_honoured_or_passed_over(serve, header):
    header = in_seconds(header) if isinstance(header, int) else header
    server = serve(failing(1, (429, {"detail": "slow down"}, {"Retry-After": header})))
    start = time.perf_counter()
    assert client(server).post("/x", {}) == {"ok": 1}
    waited = time.perf_counter() - start
    assert waited >= 0.2 if header == "0.2" else waited < 5


@pytest.mark.parametrize("header", ["3600", 3600])
def test_a_server_that_asks_for_an_hour_is_not_waited_for(serve, header):
    header = in_seconds(header) if isinstance(header, int) else header
    server = serve(lambda sent, n: (429, {"detail": "quota used up"}, {"Retry-After": header}))
    with pytest.raises(RemoteError, match=r"quota used up.*the server asks to wait 3\d\d\d s: try again then"):
        client(server).post("/x", {})
    assert len(server.sent) == 1


def test_no_server_is_tried_again_and_then_an_error():
    with pytest.raises(RemoteError, match=r"http://127.0.0.1:9/x cannot be reached .*check the URL.*\(3 tries\)"):
        JsonClient("http://127.0.0.1:9", options=HttpOptions(retries=2, patience=0.001)).post("/x", {})


def test_a_dropped_connection_is_tried_again(serve):
    def answer(sent, n):
        if n == 0:
            raise ConnectionResetError
        return {"ok": n}

    assert client(serve(answer)).post("/x", {}) == {"ok": 1}


def test_a_slow_answer_is_tried_again_and_then_an_error(serve):
    over = threading.Event()
    server = serve(lambda sent, n: over.wait(10) or {})
    with pytest.raises(RemoteError, match=r"did not answer within 0.5 s: ask for more time .*\(2 tries\)"):
        client(server, timeout=0.5, retries=1).post("/x", {})
    over.set()
    assert len(server.sent) == 2


def test_an_answer_that_drips_has_no_more_time_than_any_other(serve):
    server = serve(lambda sent, n: (200, serve.drips([b"[0", *[b", 1"] * 200, b"]"]), {}))  # .03 s between two
    start = time.perf_counter()
    with pytest.raises(RemoteError, match=r"did not answer within 0\.2 s"):
        client(server, timeout=0.2, retries=0).post("/x", {})
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"results": [{"index": 0, "relev', {"Content-Length": "999"}),  # broken off by the connection
        (b'{"results": [{"index": 0, "relev', {}),  # broken off in itself
        (b"<html><title>It works!</title></html>", {"Content-Type": "text/html"}),
        (b"", {}),
        (b"\xff\xfe\x00", {}),
        (b"[" * 100_000, {}),
        (b"no gzip", {"Content-Encoding": "gzip"}),
    ],
)
def test_a_broken_body_is_tried_once_more_and_then_an_error(serve, body, headers):
    once = serve(failing(1, (200, body, headers)))
    assert client(once).post("/x", {}) == {"ok": 1}
    always = serve(lambda sent, n: (200, body, headers))
    with pytest.raises(RemoteError, match=r"(expected JSON, got|broke off its answer).*\(2 tries\)$"):
        client(always).post("/x", {})
    assert len(always.sent) == 2


def test_an_answer_that_is_too_large_is_not_read(serve):
    server = serve(lambda sent, n: {"text": "x" * 100_000})
    with pytest.raises(RemoteError, match="sent more than 1000 bytes"):
        client(server, most_bytes=1000).post("/x", {})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(serve, status):
    other = serve(lambda sent, n: {})
    server = serve(lambda sent, n: (status, {}, {"Location": f"http://user:pass@{other.host}/v1/rerank?token=t"}))
    with pytest.raises(RemoteError, match=rf"redirects to {other.url}/v1/rerank \(status {status}\): give that URL"):
        client(server).post("/rerank", {})
    assert other.sent == []


def test_a_redirect_to_nowhere_is_an_error_like_any(serve):
    server = serve(lambda sent, n: (302, {}, {"Location": "http://["}))
    with pytest.raises(RemoteError, match="redirects to another place"):
        client(server).post("/x", {})


@pytest.mark.parametrize("url", ["ftp://h", "http://", "h:80", "http://a:b@h", "http://h:port", "http://h\n/"])
def test_a_url_that_cannot_be_asked_is_refused(url):
    with pytest.raises(InputError, match="a server's URL"):
        JsonClient(url)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"message": "invalid model"}', "invalid model"),
        (b'{"detail": "no such model"}', "no such model"),
        (b'{"error": "empty", "error_type": "Empty"}', "empty (Empty)"),
        (b'{"error": {"message": "too long", "type": "BadRequestError", "code": 400}}', "too long (BadRequestError)"),
        (b'{"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}', "Field required (missing)"),
        (b'{"detail": {"error_type": "max_tokens_exceeded"}}', "max_tokens_exceeded"),
        (b"<html><style>x{}</style><body><h1>502 Bad\nGateway</h1></body></html>", "502 Bad Gateway"),
        (b"", ""),
        (b"null", ""),
        (b"x" * 1000, "x" * 299 + "…"),
    ],
)
def test_messages_of_all_known_servers_are_read(body, text):
    assert said(body) == text


@pytest.mark.parametrize(
    ("status", "message", "large"),
    [
        (413, "", True),
        (422, "batch size 100 > maximum allowed batch size 32", True),
        (400, "This model's maximum context length is 512 tokens", True),
        (400, "max_tokens_exceeded", True),
        (422, "Field required", False),
        (400, "unknown model", False),
        (500, "too many requests", False),
        (None, "too many", False),
    ],
)
def test_which_refusals_a_smaller_request_may_cure(status, message, large):
    assert too_much(RemoteError("x", status=status, said=message)) is large


def test_the_key_is_in_no_error_and_no_representation(serve, caplog):
    caplog.set_level(0)
    server = serve(lambda sent, n: (401, {"message": f"key {sent.headers['authorization']} is not valid"}))
    asked = client(server)
    with pytest.raises(RemoteError) as caught:
        asked.post("/x", {})
    seen = [str(caught.value), repr(caught.value), caught.value.said, repr(asked), caplog.text]
    assert not [text for text in seen if SECRET in text]
    assert "Bearer ***" in str(caught.value)


def test_a_page_that_repeats_the_key_does_not_show_it(serve):
    server = serve(lambda sent, n: (200, f"<p>{SECRET}</p>".encode(), {}))
    with pytest.raises(RemoteError) as caught:
        client(server).post("/x", {})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "schlüssel", "two words"])
def test_a_key_no_header_can_carry_is_refused_without_showing_it(key):
    with pytest.raises(InputError, match="the API key has characters") as caught:
        JsonClient("http://127.0.0.1:1", key=key)
    assert key not in str(caught.value)


def test_a_key_file_s_last_newline_is_no_part_of_the_key(serve):
    server = serve(lambda sent, n: {})
    JsonClient(server.url, key=f" {SECRET}\n", options=QUICK).post("/x", {})
    assert server.sent[0].headers["authorization"] == f"Bearer {SECRET}"


def test_many_threads_share_few_connections(serve):
    server = serve(lambda sent, n: time.sleep(0.005) or {"same": sent.body["n"]})
    asked = client(server, connections=3)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda n: asked.post("/x", {"n": n})["same"], range(64))) == list(range(64))
    assert server.busiest <= 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_opens_its_own_connection(serve):
    server = serve(lambda sent, n: {"n": n})
    asked = client(server)
    asked.post("/x", {})
    made = set(asked._clients)
    if not (child := os.fork()):
        os._exit(0 if asked.post("/x", {}) == {"n": 1} and set(asked._clients) != made else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert asked.post("/x", {}) == {"n": 2}


def test_a_client_that_is_gone_leaves_no_open_socket(serve):
    server = serve(lambda sent, n: {})
    client(server).post("/x", {})
    gc.collect()  # an open socket would be a ResourceWarning, which is an error here


@pytest.mark.parametrize(
    ("url", "path", "whole"),
    [
        ("https://api.cohere.com", "/v2/rerank", "https://api.cohere.com/v2/rerank"),
        ("https://api.jina.ai/v1", "/v1/rerank", "https://api.jina.ai/v1/rerank"),
        ("https://api.jina.ai/v1/rerank", "/v1/rerank", "https://api.jina.ai/v1/rerank"),
        ("http://h:1/v1/rerank/", "/rerank", "http://h:1/v1/rerank"),
        ("http://h/proxy/v1", "/v2/rerank", "http://h/proxy/v1/v2/rerank"),
        ("http://[::1]:8080/", "rerank", "http://[::1]:8080/rerank"),
    ],
)
def test_urls_and_paths_join_without_doubling(url, path, whole):
    assert joined(url, path) == whole


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"retries": -1}, "retries must be at least 0, got -1"),
        ({"connections": 0}, "connections must be at least 1, got 0"),
        ({"patience": float("nan")}, "patience"),
    ],
)
def test_options_that_cannot_be_are_refused(options, text):
    with pytest.raises(InputError, match=text):
        HttpOptions(**options)


def test_an_error_keeps_status_and_message_between_processes():
    again = pickle.loads(pickle.dumps(RemoteError("whole text", status=413, said="too large")))
    assert (str(again), again.status, again.said) == ("whole text", 413, "too large")
