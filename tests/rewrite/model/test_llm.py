"""The rewriter by a language model against a real HTTP server, in all the ways in which servers and models fail."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tamis.answer import Chat
from tamis.core import Query
from tamis.errors import InputError
from tamis.rewrite import Cache, Llm, Rewriter, rewritten, variant
from tamis.rewrite.base import Change
from tamis.rewrite.model.llm import LONGEST
from tamis.rewrite.model.pause import Pause
from tamis.score.remote.http import HttpOptions

from ...answer.conftest import completion, no_key, serve  # noqa: F401

QUERY = Query("它能治吗？", id="q7", history=("喉癌是什么？", "喉癌是喉部的恶性肿瘤。"))
GOOD = {
    "standalone": "喉癌能治吗？",
    "variants": ["喉癌可以治愈吗？", "喉部恶性肿瘤能治疗吗？"],
    "changes": [{"before": "它", "after": "喉癌", "why": "代词指喉癌"}],
}
PATIENT = HttpOptions(timeout=5, retries=2, patience=0.005)


class Marked:
    """A rewriter that can be told from others."""

    name, fingerprint = "marked", "marked:1"

    def rewrite(self, query):
        return [variant(query, f"fallback: {query.text}"), variant(query, f"again: {query.text}")]


def said(value, **further):
    """A completion whose text is a value's JSON."""
    return completion(json.dumps(value, ensure_ascii=False), **further)


def asking(server, **options):
    return Llm(Chat(server.url, "tiny", options=PATIENT), **{"fallback": Marked(), **options})


def reason(variants):
    """Why the model was not followed."""
    last = variants[0].changes[-1]
    assert (last.kind, last.before, last.after) == ("model", "", "")
    return last.why


def test_is_a_rewriter():
    assert isinstance(Llm(Chat("http://127.0.0.1:9")), Rewriter)


def test_a_good_reply(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD))
    llm = asking(server)
    first, *further = llm.rewrite(QUERY)
    assert (first.text, first.query.source, first.query.id, first.query.history) == (
        *("喉癌能治吗？", "它能治吗？", "q7"),
        QUERY.history,
    )
    assert first.changes == (Change("model", "它", "喉癌", "代词指喉癌"),)
    assert [one.text for one in further] == GOOD["variants"]
    assert all(one.changed and one.changes[0].before == "喉癌能治吗？" for one in further)
    (body,) = server.bodies
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["standalone", "variants", "changes"]
    system, user = (message["content"] for message in body["messages"])
    assert "宣传" in system and "另外 2 种" in system
    assert user.index("喉癌是什么？") < user.index("它能治吗？")
    assert llm.counted == {"asked": 1, "left out": 0}


def test_english_is_asked_in_english_with_the_glossary(serve):  # noqa: F811
    answer = {"standalone": "what does machine learning need?", "variants": [], "changes": []}
    server = serve(lambda sent, n: said(answer))
    llm = asking(server, glossary="ML: machine learning", variants=2)
    (only,) = llm.rewrite(Query("what does ML need?"))
    assert only.text == answer["standalone"] and only.changes[0].why == "put in other words by a language model"
    system, user = (message["content"] for message in server.bodies[0]["messages"])
    assert "advertising" in system and "1 further" in system and "ML: machine learning" in user


def test_nothing_needed_is_the_query_itself(serve):  # noqa: F811
    server = serve(
        lambda sent, n: said({"standalone": "如何退货", "variants": ["如何退货", "怎样退货？"], "changes": []})
    )
    first, second = asking(server).rewrite(Query("如何退货？"))
    assert first.query == Query("如何退货？") and not first.changed and first.changes == ()
    assert second.text == "怎样退货？" and second.query.source == "如何退货？"


@pytest.mark.parametrize(
    "text",
    [
        "```json\n{}\n```",
        "```\n{}\n```",
        "好的，改写如下：\n```json\n{}\n```\n希望有帮助！",
        "Sure {{!}} here it is: {} Anything else?",
        "<think>hm {{}} hm</think>{}",
        '{{"note": 1}}\n{}',
    ],
)
def test_objects_are_found_in_what_stands_around_them(serve, text):  # noqa: F811
    server = serve(lambda sent, n: completion(text.format(json.dumps(GOOD, ensure_ascii=False))))
    assert asking(server).rewrite(QUERY)[0].text == "喉癌能治吗？"


MALFORMED = {
    "no json": completion("我没有办法改写。"),
    "a refusal in text": completion("I'm sorry, but I can't help with that."),
    "a list": completion('["喉癌能治吗？"]'),
    "truncated": completion(json.dumps(GOOD, ensure_ascii=False)[:30]),
    "deep": completion("[" * 100_000),
    "many braces": completion("{" * 10_000),
    "other fields": said({"rewrite": "喉癌能治吗？"}),
    "number": said({**GOOD, "standalone": 7}),
    "null": said({**GOOD, "standalone": None}),
    "empty": said({**GOOD, "standalone": " \n"}),
    "variants no list": said({**GOOD, "variants": "喉癌"}),
    "variants of numbers": said({**GOOD, "variants": [1]}),
    "ended by its length": said(GOOD, finish_reason="length"),
}
UNFAITHFUL = {
    "another entity": "胃癌能治吗？",
    "an adjective more": "喉癌最佳治疗方法",
    "praise": "喉癌快速治疗",
    "another language": "is throat cancer treatable?",
    "far longer": "喉癌能治吗" * 60,
    "an answer": "喉癌早期可以通过手术和放疗治愈。",
    "a number": "喉癌3期能治吗？",
    "the contrary": "喉癌不能治吗？",
    "what was asked is gone": "喉癌是什么？",
    "a refusal": "抱歉，我无法回答这个问题。",
}
FAILING = {
    "a refusal field": ({"choices": [{"message": {"content": None, "refusal": "no"}}]}, "the model refused"),
    "a filter": (completion("", finish_reason="content_filter"), "filter held the answer back"),
    "no text": (completion(""), "answer without text"),
    "null": (completion(None), "answer without text"),
    "parts": (completion([{"type": "text", "text": "x"}]), "without text"),
    "no choices": ({"choices": []}, "should answer with choices"),
    "choices of texts": ({"choices": ["x"]}, "should be an object"),
    "no object": ((200, b"[1]"), "should answer with choices"),
    "no json": ((200, b"<html>hello</html>"), "expected JSON"),
    "400": ((400, {"error": "model not found"}), "status 400"),
    "401": ((401, {"error": "key sk-very-secret"}), "status 401"),
    "404": ((404, {}), "status 404"),
    "500": ((500, {"error": "oom"}), "status 500"),
    "503": ((503, {}), "status 503"),
    "429 for long": ((429, {}, {"Retry-After": "3000"}), "status 429"),
    "429 longer than there is time": ((429, {}, {"Retry-After": "30"}), "status 429"),
    "cut off": ((200, b'{"choices": [', {"Content-Length": "9999"}), "broke off its answer"),
}


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
def test_malformed_replies(serve, answer):  # noqa: F811
    server = serve(lambda sent, n: answer)
    llm = asking(server)
    found = llm.rewrite(QUERY)
    assert [one.text for one in found] == ["fallback: 它能治吗？", "again: 它能治吗？"]
    assert reason(found).startswith("the language model was not followed: ") and "喉癌" not in reason(found)
    assert llm.counted["refused"] == 1 and llm.pause.left() == 0 and len(llm.cache) == 0


@pytest.mark.parametrize("text", UNFAITHFUL.values(), ids=UNFAITHFUL)
def test_unfaithful_replies(serve, text):  # noqa: F811
    server = serve(lambda sent, n: said({**GOOD, "standalone": text}))
    llm = asking(server)
    found = llm.rewrite(QUERY)
    assert [one.text for one in found] == ["fallback: 它能治吗？", "again: 它能治吗？"]
    assert "its rewrite was not taken, since it" in reason(found) and text not in reason(found)
    assert llm.counted == {"asked": 1, "refused": 1} and len(llm.cache) == 0


@pytest.mark.parametrize(
    "text",
    [
        "胃癌X5能治吗",
        "Apple喉癌治疗",
        "喉癌最佳疗法",
        "喉癌5年能治吗",
        "throat cancer",
        "今天下雨吗",
        "喉癌不能治吗",
        "喉癌能治吗" * 60,
        "",
    ],
)
def test_unfaithful_variants_are_left_out_alone(serve, text):  # noqa: F811
    server = serve(lambda sent, n: said({**GOOD, "variants": [text, "喉癌可以治愈吗？"]}))
    assert [one.text for one in asking(server).rewrite(QUERY)] == ["喉癌能治吗？", "喉癌可以治愈吗？"]


@pytest.mark.parametrize(("answer", "says"), FAILING.values(), ids=FAILING)
def test_failing_servers(serve, answer, says, caplog):  # noqa: F811
    server = serve(lambda sent, n: answer)
    llm = asking(server, seconds=2.0)
    begun = time.monotonic()
    with caplog.at_level(logging.DEBUG):
        found = llm.rewrite(QUERY)
    assert time.monotonic() - begun < 5
    assert [one.text for one in found] == ["fallback: 它能治吗？", "again: 它能治吗？"]
    assert says in reason(found) and "secret" not in reason(found)
    assert "喉" not in caplog.text and "secret" not in caplog.text and "llm:tiny failed" in caplog.text
    assert llm.counted["failed"] == 1 and len(llm.cache) == 0


def test_a_server_that_knows_no_schema_is_asked_without_from_then_on(serve):  # noqa: F811
    def answer(sent, n):
        return (422, {"error": "response_format"}) if "response_format" in sent.body else said(GOOD)

    server = serve(answer)
    llm = asking(server)
    assert llm.rewrite(QUERY)[0].text == "喉癌能治吗？"
    assert llm.rewrite(Query("它能治吗？", history=("喉癌",)))[0].text == "喉癌能治吗？"
    assert ["response_format" in body for body in server.bodies] == [True, False, False]


def test_a_400_of_another_cause_is_no_reason_to_leave_the_schema_out(serve):  # noqa: F811
    server = serve(lambda sent, n: (400, {"error": "too long"}) if n < 2 else said(GOOD))
    llm = asking(server)
    assert "status 400" in reason(llm.rewrite(QUERY))
    assert llm.rewrite(QUERY)[0].text == "喉癌能治吗？"
    assert ["response_format" in body for body in server.bodies] == [True, False, True]


def test_passing_faults_are_tried_again_within_the_time(serve):  # noqa: F811
    server = serve(lambda sent, n: (503, {}) if n == 0 else said(GOOD))
    assert asking(server).rewrite(QUERY)[0].text == "喉癌能治吗？"


@pytest.mark.parametrize("drips", [False, True])
def test_a_slow_server_takes_no_more_than_its_time(serve, drips):  # noqa: F811
    over = threading.Event()

    def answer(sent, n):
        if not drips:
            over.wait(5)
        return (200, serve.drips([b" "] * 150)) if drips else said(GOOD)  # 150 waits of .03 s

    server = serve(answer)
    llm = Llm(Chat(server.url, options=HttpOptions(timeout=60, retries=4)), fallback=Marked(), seconds=0.4)
    begun = time.monotonic()
    found = llm.rewrite(QUERY)
    took = time.monotonic() - begun
    over.set()
    assert 0.3 < took < 3 and "did not answer within" in reason(found)
    assert found[0].text == "fallback: 它能治吗？" and found[0].query.source == "它能治吗？"


def test_connections_that_others_hold_are_not_waited_for(serve):  # noqa: F811
    over = threading.Event()
    server = serve(lambda sent, n: over.wait(5) or said(GOOD))
    llm = Llm(Chat(server.url, options=HttpOptions(timeout=60, connections=1)), fallback=Marked(), seconds=0.5)
    llm.pause = Pause(100)
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(llm.rewrite, [QUERY] * 4))
    over.set()
    assert time.monotonic() - begun < 3 and all(one[0].text.startswith("fallback") for one in found)


def test_nobody_listens(caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    llm = Llm(Chat(url, options=PATIENT), fallback=Marked())
    assert "cannot be reached" in reason(llm.rewrite(QUERY))


def test_a_server_that_dies_in_the_middle(serve):  # noqa: F811
    def dies(sent, n):
        raise ConnectionError

    assert "cannot be reached" in reason(asking(serve(dies)).rewrite(QUERY))


@pytest.fixture
def passes(monkeypatch):
    """Lets time pass for pauses: ``passes(seconds)``; without it, none does."""
    now = [100.0]
    monkeypatch.setattr("tamis.rewrite.model.pause.time", SimpleNamespace(monotonic=lambda: now[0]))
    return lambda seconds: now.append(now.pop() + seconds)


def test_after_three_failures_in_a_row_the_server_is_left_alone(serve, passes):  # noqa: F811
    good = threading.Event()
    server = serve(lambda sent, n: said(GOOD) if good.is_set() else (500, {}))
    llm = asking(server)
    llm.pause = Pause(3, 30)
    for _ in range(3):
        assert "status 500" in reason(llm.rewrite(QUERY))
    why = reason(llm.rewrite(QUERY))
    assert "failed 3 times in a row and is not asked for" in why and len(server.sent) == 3
    passes(31)
    assert "status 500" in reason(llm.rewrite(QUERY))  # one is let through, and fails
    assert "in a row" in reason(llm.rewrite(QUERY)) and len(server.sent) == 4
    passes(31)
    good.set()
    assert llm.rewrite(QUERY)[0].text == "喉癌能治吗？"
    assert llm.rewrite(Query("它能治吗？", history=("喉癌",)))[0].text == "喉癌能治吗？" and len(server.sent) == 6
    assert llm.counted["pause"] == 2 and llm.counted["failed"] == 4


def test_bad_words_of_a_server_that_answers_are_no_reason_for_a_pause(serve):  # noqa: F811
    server = serve(lambda sent, n: (500, {}) if n % 3 else completion("no"))
    llm = Llm(Chat(server.url, options=HttpOptions(retries=0)), fallback=Marked())
    for _ in range(9):
        llm.rewrite(QUERY)
    assert len(server.sent) == 9 and llm.counted["pause"] == 0


def test_one_at_a_time_after_a_pause(passes):
    pause = Pause(1, 30)
    pause.failed()
    passes(10)
    assert pause.left() == 20
    passes(20)
    assert [bool(pause.left()) for _ in range(3)] == [False, True, True]
    pause.succeeded()
    assert pause.left() == 0
    for wrong in ((0, 1), (1, -1), (1, float("nan"))):
        with pytest.raises(InputError, match="a pause needs"):
            Pause(*wrong)


def test_what_was_asked_is_not_asked_again(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD))
    llm = asking(server)
    first = llm.rewrite(QUERY)
    again = llm.rewrite(Query(QUERY.text, id="other", history=QUERY.history))
    assert [one.text for one in again] == [one.text for one in first] and again[0].query.id == "other"
    assert len(server.sent) == 1 and llm.counted["remembered"] == 1
    chat = llm.chat
    others = [
        (llm, Query("它能治好吗？", history=QUERY.history)),
        (llm, Query(QUERY.text, history=QUERY.history[:1])),
        (llm, Query(QUERY.text, history=("".join(QUERY.history),))),
        (Llm(chat, cache=llm.cache, glossary="喉癌：喉部恶性肿瘤"), QUERY),
        (Llm(chat, cache=llm.cache, variants=2), QUERY),
        (Llm(Chat(server.url, "large"), cache=llm.cache), QUERY),
    ]
    for count, (rewriter, query) in enumerate(others, 2):
        rewriter.rewrite(query)
        assert len(server.sent) == count


def test_failures_are_not_remembered(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD) if n else completion("no"))
    llm = asking(server)
    assert llm.rewrite(QUERY)[0].text.startswith("fallback")
    assert llm.rewrite(QUERY)[0].text == "喉癌能治吗？"


def test_what_an_older_version_took_is_checked_again(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD))

    class Poisoned(Cache):
        def get(self, key):
            return json.dumps({"standalone": "胃癌能治吗？"})

    assert asking(server, cache=Poisoned()).rewrite(QUERY)[0].text == "喉癌能治吗？" and len(server.sent) == 1


def test_eight_threads_get_what_one_gets(serve):  # noqa: F811
    def answer(sent, n):
        user = sent.body["messages"][1]["content"]
        asked = user.rsplit("\n", 1)[1]
        return said({"standalone": asked.replace("它", "喉癌"), "variants": [], "changes": []})

    server = serve(answer)
    queries = [Query(f"它{n}期能治吗？", history=("喉癌是什么？",)) for n in range(20)] * 4
    seen = []
    many = rewritten(asking(server), queries, lambda done, total: seen.append((done, total)), threads=8)
    assert [one[0].text for one in many] == [query.text.replace("它", "喉癌") for query in queries]
    assert many == rewritten(asking(server), queries) and seen[-1] == (80, 80) and server.busiest <= 8
    with pytest.raises(InputError, match="threads must be at least 1"):
        rewritten(Marked(), queries, threads=0)
    assert rewritten(Marked(), []) == []


def test_a_very_long_query_is_not_sent(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD))
    found = asking(server).rewrite(Query("退" * (LONGEST + 1)))
    assert "longer than 2,000 characters" in reason(found) and not server.sent


def test_a_long_conversation_is_cut_to_its_end_and_control_tokens_are_taken_apart(serve):  # noqa: F811
    server = serve(lambda sent, n: said(GOOD))
    history = ("旧" * 5000, "<|im_end|>喉癌是什么？")
    asking(server).rewrite(Query("它能治吗？", history=history))
    user = server.bodies[0]["messages"][1]["content"]
    assert len(user) < 4200 and "喉癌是什么？" in user and "<|im_end|>" not in user


@pytest.mark.parametrize("text", ["\ud800 退货", "退货\x00", " \t", "🙂", "7", "……", "<think>", "q" * 300])
def test_odd_queries_are_not_lost(serve, text):  # noqa: F811
    server = serve(lambda sent, n: said({"standalone": "", "variants": [], "changes": []}))
    assert asking(server).rewrite(Query(text))[0].query.source in ("", text)


def test_wrong_use_is_said():
    chat = Chat("http://127.0.0.1:9")
    with pytest.raises(InputError, match="variants must be at least 1"):
        Llm(chat, variants=0)
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="seconds must be a number above 0"):
            Llm(chat, seconds=seconds)


def test_the_fingerprint_says_what_rewrites():
    def fingerprint(chat, **options):
        return Llm(chat, **options).fingerprint

    chat = Chat("http://127.0.0.1:9", "tiny")
    others = [
        fingerprint(Chat("http://127.0.0.1:9", "large")),
        fingerprint(Chat("http://127.0.0.1:8", "tiny")),
        fingerprint(chat, variants=2),
        fingerprint(chat, glossary="a: b"),
        fingerprint(chat, fallback=Marked()),
    ]
    assert fingerprint(chat) == fingerprint(chat) and len({fingerprint(chat), *others}) == 6


def test_words_that_the_model_was_not_shown_are_made_up(serve):  # noqa: F811
    server = serve(lambda sent, n: said({**GOOD, "variants": []}))
    llm = asking(server)
    found = llm.rewrite(Query("它能治吗？", history=("喉癌是什么？", "嗯" * 4000)))
    assert "喉癌" not in server.bodies[0]["messages"][1]["content"] and "adds words" in reason(found)
    history = ("嗯" * 5000, "喉癌是什么？")
    assert llm.rewrite(Query("它能治吗？", history=history))[0].query.history == history


def test_of_a_long_glossary_the_lines_that_speak_to_the_query_are_shown(serve):  # noqa: F811
    answer = {"standalone": "what does machine learning need?", "variants": [], "changes": []}
    server = serve(lambda sent, n: said(answer))
    llm = asking(server, glossary="".join(f"T{n}: term number {n}\n" for n in range(2000)) + "ML: machine learning\n")
    assert llm.rewrite(Query("what does ML need?"))[0].text == answer["standalone"]
    user = server.bodies[0]["messages"][1]["content"]
    assert "ML: machine learning" in user and "T7:" not in user


def test_half_a_character_in_a_reply_loses_no_query_though_replies_are_filed(serve, tmp_path):  # noqa: F811
    server = serve(lambda sent, n: completion(f"\ud800{json.dumps(GOOD, ensure_ascii=False)}"))
    llm = asking(server, cache=Cache(tmp_path / "c.sqlite"))
    assert llm.rewrite(QUERY)[0].text == GOOD["standalone"]
