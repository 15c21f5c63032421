"""Declared slices: each query in its part; what tells nothing is left out."""

from __future__ import annotations

import pytest

from tamis.core import Document, Query
from tamis.evaluate import SLICES, Asked, asked_of, sliced

PART = {one.kind: one.part_of for one in SLICES}


@pytest.mark.parametrize(
    ("kind", "asked", "part"),
    [
        ("length", Asked(Query("怎么 重启")), "short"),
        ("length", Asked(Query("怎么重启路由器呢")), "long"),
        ("length", Asked(Query("how does the router restart", source="restart")), "short"),
        ("pronoun", Asked(Query("is throat cancer treatable", source="is it treatable")), "yes"),
        ("pronoun", Asked(Query("其他人应该怎么办")), "no"),
        ("abbreviation", Asked(Query("GPU 显存不够")), "yes"),
        ("abbreviation", Asked(Query("gpu memory")), "no"),
        ("language", Asked(Query("合同何时无效")), "zh"),
        ("conversation", Asked(Query("why?", history=("sieves",))), "yes"),
        ("conversation", Asked(Query("why?")), "no"),
        ("document", Asked(Query("q")), ""),
        ("document", Asked(Query("q"), (Document("d", "", "Only a title"),)), "title"),
        ("document", Asked(Query("q"), (Document("d", "Same", "Same"),)), "title"),
        ("document", Asked(Query("q"), (Document("d", "x" * 199), Document("e", "", "t"))), "short"),
        ("document", Asked(Query("q"), (Document("d", "x" * 199), Document("e", "x" * 200))), "long"),
    ],
)
def test_a_query_stands_in_its_part(kind, asked, part):
    assert PART[kind](asked) == part


def test_every_part_that_comes_out_is_declared():
    texts = ["it?", "LoRA 的 rank 怎么设", "それは何ですか", "a long question about sieves in kitchens", "合同"]
    documents = [(), (Document("d", ""),), (Document("d", "x"),), (Document("d", "x" * 500),)]
    for one in SLICES:
        for text in texts:
            for relevant in documents:
                assert one.part_of(Asked(Query(text), relevant)) in {*one.parts, ""}


def test_small_parts_and_kinds_of_one_part_are_left_out():
    asked = [Asked(Query("is it safe?"))] * 7 + [Asked(Query("drum sieves for soups"))] * 4
    found = sliced(asked)
    assert set(found) == {("pronoun", "yes")}
    assert found["pronoun", "yes"].tolist() == [True] * 7 + [False] * 4
    assert sliced(asked[:7]) == {}


def test_relevant_documents_are_those_with_a_grade_whose_text_is_known():
    (asked,) = asked_of(
        [Query("x", "q")], {"q": {"a": 0, "b": 2, "gone": 1}}, {"a": Document("a", "1"), "b": Document("b", "2")}
    )
    assert [document.id for document in asked.relevant] == ["b"]
    assert asked_of([Query("x", "q")], {"q": {"a": 1}})[0].relevant == ()
