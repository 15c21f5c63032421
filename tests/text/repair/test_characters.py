"""Characters that extraction leaves behind, and Chinese characters that stand apart."""

from __future__ import annotations

import pytest

from tamis.core import Document
from tamis.text.repair import kinds_named, repaired

KINDS = kinds_named(["characters", "spaces", "apart"])


def mended(text: str) -> str:
    return repaired(Document("d", text), kinds=KINDS).document.text


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("the ﬁrst eﬃcient ﬂour oﬀ a baﬄe", "the first efficient flour off a baffle"),
        ("a\x00 si\x07eve\x7f", "a sieve"),
        ("\ufeffa sieve\u200b", "a sieve"),
        ("one\r\ntwo\rthree\x85four", "one\ntwo\nthree\nfour"),
        ("10\x9620 g, \x93don\x92t\x94\x81", "10–20 g, “don’t”"),
        ("infor\u00admation", "information"),
        ("the old sieve of  steel is   a fine one", "the old sieve of steel is a fine one"),
        ("细筛是一种鼓形的  厨房用具", "细筛是一种鼓形的 厨房用具"),
        ("支\n\n持\n\n多\n\n语\n\n言", "支持多语言"),
        ("支\n持\n多\n语\n言\n的模型", "支持多语言\n的模型"),
        ("支 持 多 语 言 的 模 型", "支持多语言的模型"),
        ("前言\n支\n\n\n持\n\n多\n\n语\n\n言。\n后记", "前言\n支持多语言。\n后记"),
    ],
)
def test_faults_are_mended(broken: str, expected: str) -> None:
    assert mended(broken) == expected


@pytest.mark.parametrize(
    "text",
    [
        "A sentence.  Two spaces after it is how some people type, and it stays.",
        "name    age    town\nAnn     12     York",
        "    x = 1  # a comment in code that is indented here",
        "--version  show the version and stop",
        "是\n否\n是\n否\n是",  # a column of a table
        "张 三",
        "甲 乙 丙",
        "👨\u200d👩\u200d👧 and क्\u200dष keep their joiners",
        "\tan indent\n\u3000\u3000另一个缩进",
    ],
)
def test_what_has_a_meaning_stays(text: str) -> None:
    assert mended(text) == text
