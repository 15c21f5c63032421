"""What every rewriter keeps: the query's other fields, what was typed, order, and that no query is lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tamis.answer import Chat
from tamis.core import Query
from tamis.rewrite import Given, Llm, Offline, Rewriter, Terms, rewritten, told
from tamis.score.remote.http import HttpOptions

from ..answer.conftest import completion, no_key, serve  # noqa: F401

GOOD = '{"standalone": "喉癌能治吗？", "variants": ["喉癌可以治愈吗？"], "changes": []}'
TURNS = (
    Query("它能治吗？", "q1", instruction="find cures", history=("喉癌是什么？",)),
    Query("Is it treatable?", "q2", history=("What is throat cancer?", "A cancer of the throat.")),
    Query("怎么退货", "q3"),
    Query("k8s 怎么部署", "q4"),
    Query("?", "q5"),
    Query("\U0001f600", "q6", history=("", " ")),
    Query("它" * 3000, "q7", history=("喉癌是什么？" * 500,)),
    Query("a\x00b\ud800", "q8", history=("\ud800",)),
)
OWN = Terms.read(io.StringIO("entity\t退货\t网购商品七日无理由退货\n"))


@pytest.fixture(params=["offline", "one", "own terms", "given", "model", "dead model"])
def rewriter(request: pytest.FixtureRequest, serve: Callable) -> Rewriter:  # noqa: F811
    def model(url: str) -> Llm:
        return Llm(Chat(url, options=HttpOptions(timeout=5, retries=0)), seconds=5)

    made: dict[str, Callable[[], Rewriter]] = {
        "offline": Offline,
        "one": lambda: Offline(variants=1),
        "own terms": lambda: Offline(OWN),
        "given": lambda: Given({"q1": "喉癌能治吗？", "q5": "why?"}),
        "model": lambda: model(serve(lambda sent, n: completion(GOOD)).url),
        "dead model": lambda: model("http://127.0.0.1:9"),
    }
    return made[request.param]()


@pytest.mark.parametrize("query", TURNS, ids=lambda query: query.id)
def test_nothing_of_a_query_is_lost(rewriter: Rewriter, query: Query) -> None:
    variants = rewriter.rewrite(query)
    assert 1 <= len(variants) <= 3
    assert len({one.text for one in variants}) == len(variants)
    for one in variants:
        assert one.text.strip()
        assert replace(one.query, text="", source="") == replace(query, text="", source="")
        assert one.query.source == ("" if one.text == query.text else query.text)
        assert one.changed == (one.text != query.text)
        assert one.changes or not one.changed
        assert all(change.why for change in one.changes)
    assert told(query.text, variants)["changed"] == variants[0].changed


def test_the_same_query_gets_the_same_again_and_in_threads(rewriter: Rewriter) -> None:
    first = [[one.text for one in rewriter.rewrite(query)] for query in TURNS]
    assert [[one.text for one in own] for own in rewritten(rewriter, TURNS, threads=3)] == first
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda query: [one.text for one in rewriter.rewrite(query)], TURNS * 3))
    assert again == first * 3


def test_nothing_to_rewrite_gives_nothing(rewriter: Rewriter) -> None:
    assert rewritten(rewriter, []) == []
    assert rewriter.name and rewriter.fingerprint == rewriter.fingerprint
