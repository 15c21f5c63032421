from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tamis.text import clean, normalise, segment


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The running dogs aren't barking", ["run", "dog", "bark"]),
        ("Qwen3-Reranker-0.6B", ["qwen3-reranker-0.6b", "qwen3", "rerank", "0.6b"]),
        ("cat's cat’s cats", ["cat", "cat", "cat"]),
        ("1,000 and 3.14", ["1000", "3.14"]),
        ("C++ or C#", ["c++", "c", "c#", "c"]),
        ("red,green", ["red", "green"]),
        (
            "中华人民共和国民法典",
            ["中华", "华人", "人民", "共和", "共和国", "中华人民共和国", "民法", "法典", "民法典"],
        ),
        ("中華人民", ["中华", "华人", "人民", "中华人民"]),
        ("合同的效力。", ["合同", "效力"]),
        ("玄霁瓈", ["玄", "霁", "瓈", "玄霁", "霁瓈"]),
        ("用Ｐｙｔｈｏｎ写", ["用", "python", "写"]),
        ("ペンです", ["ペン", "ンで", "です"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("где книга", ["где", "книга"]),
        ("", []),
        ("，。! 😀", []),
    ],
)
def test_segment(text: str, tokens: list[str]) -> None:
    assert segment(text) == tokens


def test_stop_words_stay_where_there_is_nothing_else() -> None:
    assert segment("to be or not to be") == ["to", "be", "or", "not", "to", "be"]
    assert segment("你") == ["你"]


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("qwen3", "the Qwen3-Reranker-0.6B model"),
        ("Qwen3-Reranker-0.6B", "qwen3-reranker-0.6b"),
        ("霁", "玄霁瓈"),
        ("钉钉机器人", "如何配置钉钉的机器人"),
        ("繁體合同", "简体合同"),
        ("１２３", "123"),
    ],
)
def test_a_query_meets_its_document(query: str, document: str) -> None:
    assert set(segment(query)) & set(segment(document))


@given(st.text(st.characters(codec=None)) | st.text("的我是钉玄霁a1-_.,'’#+ 漢ペสñ\u0301\n", max_size=60))
@example("\ud800\x00的")
@example("a'''b..c,,1,2")
@example("'’")
def test_segment_never_raises_and_depends_on_the_normalised_text_only(text: str) -> None:
    tokens = segment(text)
    assert tokens == segment(text) == segment(normalise(clean(text)))
    assert all(token and not token.isspace() and len(token) <= 64 for token in tokens)


@given(st.text("abcDE12-_.,'+# \n"))
def test_ascii_gives_the_same_tokens_with_and_without_company(text: str) -> None:
    alone = segment(text)
    beside = segment(text + " 合同")
    assert [t for t in beside if t != "合同"] == alone or not [t for t in beside if t != "合同"]


def test_an_encoded_blob_is_one_bounded_token() -> None:
    assert segment("x" * 10_000_000) == ["x" * 64]


def test_ten_megabytes() -> None:
    text = "The sieve 筛子 catches what 粗筛 let through. " * 180_000
    assert len(text.encode()) > 8_900_000
    tokens = segment(text)
    assert tokens.count("siev") == tokens.count("筛子") == 180_000


def test_threads_give_what_one_thread_gives() -> None:
    texts = [f"generalization{n} running{n}ly organizing 民法典第{n}条 玄霁瓈" for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(segment, texts * 4))
    assert together == [segment(text) for text in texts] * 4
