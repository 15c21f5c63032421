"""Chat against a real HTTP server: whole and streamed answers, and every way in which servers fail."""

import json
import threading
import time

import pytest

from tamis.answer import Chat
from tamis.answer.chat import Reply
from tamis.errors import InputError, RemoteError
from tamis.score.remote.http import HttpOptions

from .conftest import STREAM, completion, delta, event, streamed

SECRET = "sk-very-secret-42"
TEXT = "试用期最长六个月[1]。𝄞 fine\u2028sieve"


def chat(server, **options):
    return Chat(server.url, "tiny", options=HttpOptions(**{"timeout": 5, "retries": 2, "patience": 0.005, **options}))


def both(server, **options):
    """The two ways to ask."""
    model = chat(server, **options)
    return (lambda: model.reply("s", "u"), lambda: list(model.stream("s", "u")))


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/proxy/v1"])
def test_the_url_may_hold_v1_or_not(serve, path):
    server = serve(lambda sent, n: completion("yes"))
    assert Chat(server.url + path).reply("s", "u") == Reply("yes")
    assert server.sent[0].path == ("/proxy" if "proxy" in path else "") + "/v1/chat/completions"


def test_what_is_sent(serve, monkeypatch):
    monkeypatch.setenv("TAMIS_LLM_KEY", SECRET)
    server = serve(lambda sent, n: (200, streamed("a"), STREAM) if sent.body.get("stream") else completion("a"))
    for ask in both(server):
        ask()
    whole, pieces = server.sent
    assert whole.headers["authorization"] == pieces.headers["authorization"] == f"Bearer {SECRET}"
    assert whole.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "temperature": 0.0,
        "max_tokens": 1024,
    }
    assert pieces.body == {**whole.body, "stream": True}
    assert "text/event-stream" in pieces.headers["accept"]
    Chat(server.url, key_env="", temperature=None).reply("s", "u")
    assert "authorization" not in server.sent[2].headers
    assert not {"model", "temperature"} & server.bodies[2].keys()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_text_streams_whatever_the_pieces_are(serve, size):
    """Chunks end within characters, within lines and between CR and LF."""
    data = streamed(TEXT[:3], TEXT[3:]).replace(b"\n", b"\r\n")
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    # All of it at once for the smallest sizes, since every part of a slow body waits.
    body = serve.drips(parts) if size > 100 else b"".join(parts)
    *pieces, last = chat(serve(lambda sent, n: (200, body, STREAM))).stream("s", "u")
    assert "".join(pieces) == TEXT and last == Reply(TEXT)


def test_chinese_split_over_the_borders_of_what_arrives(serve):
    data = streamed("试用期", "六个月")
    start = data.index("试".encode())
    body = serve.drips([data[: start + 1], data[start + 1 : start + 5], data[start + 5 : -9], data[-9:]])
    *pieces, last = chat(serve(lambda sent, n: (200, body, STREAM))).stream("s", "u")
    assert pieces == ["试用期", "六个月"] and last.text == "试用期六个月"


def test_pieces_come_before_the_end(serve):
    body = serve.drips([delta("first "), *[b": ping\n\n"] * 20, delta("second", "stop"), event("[DONE]")])
    stream = chat(serve(lambda sent, n: (200, body, STREAM))).stream("s", "u")
    begun = time.monotonic()
    assert next(stream) == "first "
    early = time.monotonic() - begun
    assert list(stream) == ["second", Reply("first second")]
    assert time.monotonic() - begun > 2 * early


def test_a_server_that_cannot_stream_is_read_all_the_same(serve):
    assert list(chat(serve(lambda sent, n: completion("whole"))).stream("s", "u")) == ["whole", Reply("whole")]


def test_a_stream_needs_either_done_or_a_reason(serve):
    server = serve(lambda sent, n: (200, delta("a") + (event("[DONE]") if n else delta("", "stop")), STREAM))
    for _ in range(2):
        assert list(chat(server).stream("s", "u"))[-1] == Reply("a")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>\nhm, [1]?\n</think>\n\nSix months.", "Six months."),
        ("<think></think>六个月", "六个月"),
        ("<thin> air", "<thin> air"),
        ("\n <b>bold</b>", "<b>bold</b>"),
        ("a <think>b</think>", "a <think>b</think>"),
        ("<", "<"),
    ],
)
def test_thoughts_are_no_answer(serve, text, answer):
    server = serve(lambda sent, n: (200, streamed(*text), STREAM) if sent.body.get("stream") else completion(text))
    model = chat(server)
    *pieces, last = model.stream("s", "u")
    assert model.reply("s", "u").text == last.text == "".join(pieces) == answer


def test_the_limit_of_length_is_told(serve):
    def answer(sent, n):
        cut = delta("a") + delta("b", "length") + event("[DONE]")
        return (200, cut, STREAM) if n else completion("ab", finish_reason="length")

    model = chat(serve(answer))
    assert model.reply("s", "u") == list(model.stream("s", "u"))[-1] == Reply("ab", cut=True)


@pytest.mark.parametrize("fault", [(429, {}, {"Retry-After": "0.2"}), (503, {}), (502, b"<h1>Bad gateway</h1>")])
def test_faults_that_pass_are_tried_again(serve, fault):
    for at in range(2):
        server = serve(lambda sent, n: fault if n == 0 else completion("a"))
        begun = time.monotonic()
        both(server)[at]()
        assert len(server.sent) == 2
        assert time.monotonic() - begun >= (0.2 if fault[0] == 429 else 0)


REFUSED = {"role": "assistant", "content": None, "refusal": "I can't help\nwith that"}


@pytest.mark.parametrize(
    ("answer", "says", "requests"),
    [
        (
            (500, {"error": {"message": "CUDA out of memory"}}),
            "status 500: CUDA out of memory; see the server's log",
            1,
        ),
        ((404, {"error": "no model"}), "status 404: no model; check the URL and the model's name", 1),
        ((400, {"message": "too long"}), "too long; check the model's name, and that the passages fit its window", 1),
        ((401, {"message": f"bad key {SECRET}, asked u"}), r"status 401: check the API key, .* TAMIS_LLM_KEY$", 1),
        ((429, {"message": "slow down"}), r"status 429: slow down; wait.*\(3 tries\)", 3),
        ((429, {}, {"Retry-After": "7200"}), "the server asks to wait 7200 s", 1),
        (completion(None), r"sent an answer without text: allow longer answers \(most_tokens\)", 1),
        (completion(" \n"), "sent an answer without text", 1),
        (completion("<think>never done"), "sent an answer without text", 1),
        (completion("a", finish_reason="content_filter"), "filter held the answer back", 1),
        (completion([{"type": "image"}]), "sent a message without text, got a list of 1", 1),
        ({"choices": []}, None, 1),
        ({"choices": [3]}, r"choices\[0\] should be an object", 1),
        ({"choices": [{"message": REFUSED}]}, "the model refused: I can't help with that", 1),
        ({"choices": [{"text": "a"}]}, r"should answer with choices\[0\]\.(message|delta)\.content, got null", 1),
        ({"ok": True}, r"should answer with choices\[0\]\.\w+\.content, got an object with 'ok'", 1),
        ((200, b"[1]"), "got a list of 1|should send objects", 1),
    ],
)
def test_failures_are_one_sentence(serve, monkeypatch, answer, says, requests):
    monkeypatch.setenv("TAMIS_LLM_KEY", SECRET)
    for at in range(2):
        server = serve(lambda sent, n: answer)
        with pytest.raises(RemoteError, match=says) as caught:
            both(server)[at]()
        assert len(server.sent) == requests
        assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_json_is_said(serve):
    whole, pieces = both(serve(lambda sent, n: (200, b"<html>hello</html>")), retries=0)
    with pytest.raises(RemoteError, match="expected JSON, got 'hello': check the URL and the model's name"):
        whole()
    with pytest.raises(RemoteError, match="sent an event that is no JSON, got '<html>hello</html>'"):
        pieces()


def test_a_silent_server_times_out(serve):
    over = threading.Event()
    for at in range(2):
        with pytest.raises(RemoteError, match=r"did not answer within 0.1 s: give it more time.*\(2 tries\)"):
            both(serve(lambda sent, n: over.wait(10) or {}), timeout=0.1, retries=1)[at]()
    over.set()


def test_a_stream_that_falls_silent_times_out(serve):
    body = serve.drips([delta("a"), *[b""] * 100, delta("b", "stop")])  # 100 waits of .03 s between the two
    stream = chat(serve(lambda sent, n: (200, body, STREAM)), timeout=1.0).stream("s", "u")
    assert next(stream) == "a"
    with pytest.raises(RemoteError, match=r"fell silent for 1 s after \d+ bytes: give it more time"):
        list(stream)


@pytest.mark.parametrize(
    ("body", "headers", "says"),
    [
        (streamed("six mon", done=False), {}, "broke off its answer after 7 characters"),
        (streamed("six mon", done=False), {"Content-Length": "9999"}, r"broke off its answer after \d+ bytes"),
        (streamed("six mon", done=False) + event("{"), {}, "no JSON"),
        (streamed("six mon", done=False) + event({"error": {"message": "oom"}}), {}, "failed while it answered: oom"),
        (b"", {}, "broke off its answer after 0 characters"),
        (event("[DONE]"), {}, "without text"),
        (event("7"), {}, "should send objects"),
    ],
)
def test_a_stream_cut_in_the_middle_is_an_error_and_not_asked_again(serve, body, headers, says):
    server = serve(lambda sent, n: (200, body, {**STREAM, **headers}))
    got = []
    with pytest.raises(RemoteError, match=says):
        got += chat(server).stream("s", "u")
    assert len(server.sent) == 1


def test_a_stream_without_end_is_cut(serve):
    server = serve(lambda sent, n: (200, delta("a" * 500) * 10, STREAM))
    with pytest.raises(RemoteError, match="sent more than 2000 bytes"):
        list(chat(server, most_bytes=2000).stream("s", "u"))


def test_a_stream_that_is_left_gives_its_connection_back(serve):
    model = chat(serve(lambda sent, n: (200, streamed(*"abc"), STREAM)), connections=1)
    for _ in range(3):
        stream = model.stream("s", "u")
        assert next(stream) == "a"
        stream.close()


def test_keys_stay_here_and_out_of_sight(monkeypatch):
    monkeypatch.setenv("TAMIS_LLM_KEY", SECRET)
    with pytest.raises(InputError, match=r"key of TAMIS_LLM_KEY would go to llm\.example unencrypted: use https"):
        Chat("http://llm.example/v1")
    assert SECRET not in repr(Chat("https://llm.example/v1")) + json.dumps(
        vars(Chat("http://127.0.0.1:9")), default=str
    )
    with pytest.raises(InputError, match="unencrypted"):
        Chat("HTTP://llm.example")
    Chat("http://llm.example", key_env="")


@pytest.mark.parametrize("url", ["", "llm.example", "ftp://x", "http://user:pass@host", "http://[::1"])
def test_a_url_that_cannot_be_used_is_said(url):
    with pytest.raises(InputError, match="URL"):
        Chat(url)


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def test_an_answer_may_be_held_to_a_schema(serve):
    server = serve(lambda sent, n: completion('{"a": "b"}'))
    assert chat(server).reply("s", "u", schema=SCHEMA) == Reply('{"a": "b"}')
    form = server.bodies[0]["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_schemas_is_asked_without_and_that_is_remembered(serve, status):
    server = serve(lambda sent, n: (status, {}) if "response_format" in sent.body else completion("a"))
    model = chat(server)
    assert [model.reply("s", "u", schema=SCHEMA).text for _ in range(2)] == ["a", "a"]
    assert ["response_format" in body for body in server.bodies] == [True, False, False]


def test_what_is_refused_without_a_schema_too_is_an_error_and_nothing_is_learnt(serve):
    server = serve(lambda sent, n: (400, {"error": "too long"}) if n < 2 else completion("a"))
    model = chat(server)
    with pytest.raises(RemoteError, match="too long"):
        model.reply("s", "u", schema=SCHEMA)
    assert model.reply("s", "u", schema=SCHEMA).text == "a"
    assert ["response_format" in body for body in server.bodies] == [True, False, True]


@pytest.mark.parametrize("fault", [(503, {}), (429, {}, {"Retry-After": "2"}), (400, {})])
def test_all_tries_together_take_no_longer_than_they_may(serve, fault):
    def answer(sent, n):
        time.sleep(0.1)
        return fault

    begun = time.monotonic()
    with pytest.raises(RemoteError, match=f"status {fault[0]}"):
        chat(serve(answer), retries=100, patience=0.05).reply("s", "u", schema=SCHEMA, within=0.6)
    assert time.monotonic() - begun < 2


def test_a_try_that_the_end_cut_short_does_not_hide_what_the_server_answered(serve):
    over = threading.Event()
    model = chat(serve(lambda sent, n: (503, {}) if n == 0 else over.wait(10) or (503, {})), retries=3, patience=0.01)
    with pytest.raises(RemoteError, match=r"status 503.*\(2 tries\)"):
        model.reply("s", "u", within=1.0)
    over.set()


def test_a_time_that_is_over_is_said(serve):
    over = threading.Event()
    with pytest.raises(RemoteError, match=r"did not answer within 0\.2 s"):
        chat(serve(lambda sent, n: over.wait(10) or {}), retries=3).reply("s", "u", within=0.2)
    over.set()
