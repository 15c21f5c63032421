"""The dictionaries that ship: every row is sound, and common queries get what they should."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from tamis.rewrite.dictionary.entries import circle_in, read_entries
from tamis.rewrite.dictionary.terms import STARTER, Terms
from tamis.text.scripts import han
from tamis.text.words import aligned, borders

FOLDER = files("tamis.rewrite.dictionary") / "starter"
_MARKETING = """
best amazing leading powerful fast easy quick simple premium top perfect great
最好 最佳 优质 快速 简单 轻松 完美 领先 强大 高效 便捷 专业 一流
"""
MARKETING = _MARKETING.split()


def entries(name: str):
    with (FOLDER / name).open("rb") as stream:
        return read_entries(stream)


@pytest.mark.parametrize("name", STARTER)
def test_rows_are_sound(name):
    rows = entries(name)
    assert len(rows) >= 250
    assert circle_in(rows) == []
    chosen = {tuple(sorted((row.key, row.goal))) for row in rows}
    assert len(chosen) == len(rows), "two rows say the same"
    for row in rows:
        assert row.key != row.goal
        assert row.kind != "entity", f"{row.source}: an entity is a user's own"
        said = row.goal.split() if row.target.isascii() else [row.goal]
        assert not [word for word in MARKETING if word in said], row.source


@pytest.mark.parametrize("name", STARTER)
def test_every_source_can_be_found_by_itself(name):
    for row in entries(name):
        words = [row.key, row.goal] if row.kind == "synonym" else [row.key]
        for word in words:
            assert {0, len(word)} <= borders(aligned(word))
            assert len(word) > 1, f"{word!r} stands for too much"


def test_the_english_file_is_english_and_files_say_their_licence():
    assert not [row.source for row in entries("en.tsv") if han.search(row.source + row.target)]
    for name in STARTER:
        assert "Apache-2.0" in (FOLDER / name).read_text("utf-8").splitlines()[0]


def test_both_files_make_one_dictionary_and_lie_in_the_package():
    kept = Terms.starter()
    assert len(kept) == sum(len(entries(name)) for name in STARTER)
    assert kept is Terms.starter()
    root = Path(str(FOLDER)).parents[2]
    assert root.name == "tamis", "hatch ships what lies under src/tamis"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("小孩拉肚子怎么办", "小孩腹泻怎么办"),
        ("高数怎么复习", "高等数学怎么复习"),
        ("公司不给交社保", "公司不给交社会保险"),
        ("公司不给交社保", "用人单位不给交社保"),
        ("打官司要多少钱", "诉讼要多少钱"),
        ("酒驾怎么处罚", "饮酒驾驶怎么处罚"),
        ("嗓子疼吃什么药", "咽痛吃什么药"),
        ("手机闪退", "手机异常退出"),
        ("帐号登陆不上", "账号登陆不上"),
        ("AI 怎么入门", "人工智能 怎么入门"),
        ("电瓶车上牌", "电动自行车上牌"),
        ("房东不退押金", "出租人不退押金"),
        ("deploy k8s on bare metal", "deploy Kubernetes on bare metal"),
        ("signs of a heart attack", "signs of a myocardial infarction"),
        ("WHO guidelines", "world health organization guidelines"),
        ("review a github PR", "review a github pull request"),
        ("set up a VPN", "set up a virtual private network"),
        ("natural language processing course", "NLP course"),
        ("can't log in to my account", "unable to log in to my account"),
        ("car insurance for students", "auto insurance for students"),
    ],
)
def test_common_queries_get_an_alternative(text, expected):
    assert expected in [new for new, _ in Terms.starter().alternatives(text)]


@pytest.mark.parametrize(
    "text",
    [
        "最高数值",
        "苹果多少钱",
        "诺曼底登陆",
        "帮信罪能否不起诉",
        "租客保险",
        "who is it",
        "us dollars",
        "it is what it is",
        "aid us",
        "PR in Berlin",
        "the will of the people",
        "100 ml of water",
        "as soon as possible",
        "best ir camera",
        "c++ templates",
        "/etc/db/config.d",
        "Qwen3-Reranker-0.6B",
    ],
)
def test_other_queries_get_none(text):
    assert Terms.starter().alternatives(text) == []
