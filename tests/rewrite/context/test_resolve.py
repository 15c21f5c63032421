"""Any query in any conversation: nothing is lost, nothing is guessed without a conversation."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.rewrite.context import resolved
from tamis.rewrite.context.resolve import ASKED

LISTED = "它 他 这个 作者 是谁 三体 好看 吗 呢 那 深圳 天气 it they his this What is are the symptoms of Paris , ? 。"
WORDS = LISTED.split()
said = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join) | st.text(max_size=40)


@given(said, st.lists(said, max_size=6))
def test_any_query_comes_back_the_same_way_each_time_and_names_what_changed(query: str, history: list[str]) -> None:
    text, changes = resolved(query, history)
    assert (text, changes) == resolved(query, history)
    assert bool(changes) == (text != query)
    for change in changes:
        assert change.before in query
        assert change.why and change.after
        assert change.after[1:] in text  # the first letter may have become a capital


@given(said)
def test_without_a_conversation_nothing_changes(query: str) -> None:
    assert resolved(query, []) == (query, ())
    assert resolved(query, ["", "  "]) == (query, ())


@pytest.mark.parametrize("query", ["これは何ですか", "Что это?", "12345", "?", "  "])
def test_languages_without_rules_stay_as_they_are(query: str) -> None:
    assert resolved(query, ["Tell me about lung cancer.", "肺癌是什么"]) == (query, ())


def test_a_text_pasted_as_a_query_stays_as_it_is() -> None:
    query = "What are its symptoms? " * 40
    assert len(query) > ASKED
    assert resolved(query, ["Tell me about lung cancer."]) == (query, ())


def test_long_turns_take_no_long_time_and_end() -> None:
    history = ["Tell me about lung cancer. " * 20_000, "肺癌的治疗方法有很多。" * 20_000]
    assert resolved("What are its symptoms?", history)[1]
    assert resolved("它的症状有哪些", history)[1]


def test_threads_find_the_same() -> None:
    turns = [("作者是谁", ("你看过三体吗",)), ("Is it treatable?", ("What is throat cancer?",))] * 50
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda turn: resolved(*turn)[0], turns))
    assert set(found) == {"三体的作者是谁", "Is throat cancer treatable?"}
