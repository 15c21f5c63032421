"""What rewrites may not do, one sentence a rule; and that no text makes the checks fail."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Query
from tamis.rewrite.model.checks import Ground, distinct, praise

ADDS, LOSES = "it adds words that neither the query nor the conversation has", "it leaves out what was asked"
DENIES, PRAISES = "it says the contrary: a negation came or went", "it praises: it adds a word of advertising"


@pytest.mark.parametrize(
    ("query", "history", "standalone", "fault"),
    [
        ("它能治吗？", ("喉癌是什么？",), "喉癌能治吗？", ""),
        ("它能治吗？", ("喉癌是什么？",), "喉癌是否能治？", ""),
        ("它能治吗？", ("喉癌是什么？",), "肺癌能治吗？", ADDS),
        ("那它的副作用呢？", ("阿司匹林怎么吃？", "一次一片。"), "阿司匹林的副作用有哪些？", ""),
        ("那它的副作用呢？", ("阿司匹林怎么吃？",), "布洛芬的副作用有哪些？", ADDS),
        ("多少钱", ("我想订去巴黎的机票",), "去巴黎的机票多少钱？", ""),
        ("多少钱", ("我想订去巴黎的机票",), "去巴黎的机票最便宜多少钱？", PRAISES),
        ("如果超过了怎么办？", ("试用期最长多久？", "六个月"), "试用期超过6个月怎么办？", ""),
        ("如果超过了怎么办？", ("试用期最长多久？", "六个月"), "试用期超过七个月怎么办？", "it adds a number"),
        ("試用期多久", (), "试用期多久", ""),
        ("CT？", ("喉癌怎么检查？",), "喉癌需要做CT检查吗？", ""),
        ("7？", ("退货要几天？",), "退货要7天吗？", ""),
        ("可以退吗", ("买了鞋子",), "买了鞋子不可以退吗", DENIES),
        ("不可以退吗", ("买了鞋子",), "买了鞋子可以退吗", DENIES),
        ("可以退吗", ("买了鞋子",), "买了鞋子是不是可以退", ""),
        ("怎么退货", (), "退货流程", ADDS),
        ("is it treatable?", ("What is throat cancer?",), "is throat cancer treatable?", ""),
        ("is it treatable?", ("What is throat cancer?",), "Is lung cancer treatable?", ADDS),
        ("is it treatable?", ("What is throat cancer?",), "throat cancer", LOSES),
        ("is it treatable?", ("What is throat cancer?",), "喉癌能治吗？", "it is in another language than the query"),
        ("and the price?", ("How do I book a flight to Paris?",), "What is the price of a flight to Paris?", ""),
        ("and the price?", ("How do I book a flight?",), "What is the best price of a flight?", PRAISES),
        ("the best price?", ("How do I book a flight?",), "What is the best price of a flight?", ""),
        ("what about the second one?", ("Compare aspirin and ibuprofen",), "what about ibuprofen?", ""),
        ("his wife?", ("Who wrote Hamlet?", "William Shakespeare."), "Who was William Shakespeare's wife?", ""),
        ("can't I cancel?", ("I bought a ticket",), "can I cancel the ticket?", DENIES),
        ("in 2024?", ("How many cars were sold in 2023?",), "How many cars were sold?", LOSES),
    ],
)
def test_what_can_stand_for_a_query(query, history, standalone, fault):
    assert Ground(Query(query, history=history)).fault_of_standalone(standalone) == fault


def test_a_glossary_gives_words_and_takes_the_place_of_its_own():
    ground = Ground(Query("ML是什么"), "ML 机器学习")
    assert ground.fault_of_standalone("机器学习是什么") == ""
    assert Ground(Query("ML是什么")).fault_of_standalone("机器学习是什么") == ADDS


@pytest.mark.parametrize(
    ("query", "text", "fault"),
    [
        ("如何退货", "怎样办理退货", ""),
        ("如何退货", "退款流程", ""),
        ("如何退货", "快速退货", PRAISES),
        ("如何退货", "iPhone退货", "it names what was not named"),
        ("如何退货", "退货需要7天吗", "it adds a number"),
        ("如何退货", "如何不退货", DENIES),
        ("如何退货", "天气预报", "it shares no word with the query"),
        ("what is ML?", "what is machine learning?", ""),
        ("what is machine learning?", "ML definition of machine learning", ""),
        ("what is ML?", "what is ML in Google Cloud?", "it names what was not named"),
        ("how do I return shoes?", "sending shoes back", ""),
        ("how do I return shoes?", "easy shoe returns", PRAISES),
    ],
)
def test_what_can_stand_beside_it(query, text, fault):
    assert Ground(Query(query)).fault_of_variant(text, query) == fault


def test_words_of_advertising():
    for word in ("快速", "简单", "最佳", "一站式"):
        assert praise(f"怎么{word}退货") == {word}
    for word in ("best", "Easy", "ULTIMATE", "one-stop"):
        assert praise(f"the {word} way") == {word.lower()}
    assert not praise("how do I return shoes?") and not praise("如何退货")


texts = st.text(max_size=40)


@given(texts, st.lists(texts, max_size=3), texts, texts)
def test_no_text_makes_them_fail_and_the_query_itself_is_never_refused(query, history, text, glossary):
    ground = Ground(Query(query, history=tuple(history)), glossary)
    assert isinstance(ground.fault_of_standalone(text), str) and isinstance(ground.fault_of_variant(text, query), str)
    assert ground.fault_of_standalone(query) == ""


@given(st.lists(texts, max_size=6))
def test_distinct_texts_keep_their_order(given):
    found = distinct(given)
    assert found == [text for text in given if text in found][: len(found)] or len(set(given)) < len(given)
    assert distinct(found) == found


def test_a_long_query_is_checked_in_no_time():
    """0.02 s; 7 s where a piece could be as long as the query."""
    query = "".join(random.Random(0).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=2_000))
    begun = time.process_time()
    assert Ground(Query(query)).fault_of_standalone(query[:-1]) in ("", DENIES)
    assert time.process_time() - begun < 2
