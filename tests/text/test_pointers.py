"""Words that point back, and abbreviations."""

from __future__ import annotations

import pytest

from tamis.text import abbreviations, pronouns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Is it treatable?", ["it"]),
        ("When did THEY disband, and why?", ["they"]),
        ("what are its symptoms and those of the flu", ["its", "those"]),
        ("why did he do that?", ["he", "that"]),
        ("tell me more about that", ["that"]),
        ("laws that forbid noise", []),
        ("who wrote the item list", []),
        ("IT-Support", []),
        ("它的症状是什么", ["它"]),
        ("这个怎么退", ["这个"]),
        ("那么其他人应该因此怎么办", []),
        ("该公司的地址", ["该"]),
        ("吉他多少钱", []),
        ("", []),
    ],
)
def test_pronouns_are_told_by_the_word(text, expected):
    assert pronouns(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("阿里云PAI-EAS部署报错", ["PAI-EAS"]),
        ("What LoRA rank?", ["LoRA"]),
        ("iOS vs Android", ["iOS"]),
        ("USB-C cable for a PhD", ["USB-C", "PhD"]),
        ("Python in Paris", []),
        ("I am", []),
        ("WHY IS EVERYTHING IN CAPITALS", []),
        ("GPU", ["GPU"]),
    ],
)
def test_abbreviations_have_more_capitals_than_small_letters(text, expected):
    assert abbreviations(text) == expected
