"""Broken lines: paragraphs again, in English and Chinese; what is no paragraph stays."""

from __future__ import annotations

import random
import textwrap

import pytest

from tamis.core import Document
from tamis.text.repair import kinds_named, repaired

LINES = kinds_named(["lines"])

ENGLISH = (
    "A tamis is a drum-shaped kitchen utensil that acts as a strainer, grater, or food mill. It has a cylindrical edge "
    "made of metal or wood that supports a disc of fine metal, nylon, or horsehair mesh. To use one, the cook places "
    "the tamis above a bowl and adds the ingredient to be strained in the centre of the mesh. The food is then pushed "
    "through the mesh with a scraper or pestle, which takes some patience and gives a smooth result."
)
CHINESE = (
    "细筛是一种鼓形的厨房用具，用来过滤、磨碎食物。它的边缘用金属或木头制成，中间绷着细密的金属网、尼龙网或马毛网。"
    "使用时，把细筛放在碗上，用刮板把食物压过网眼；这样做出来的土豆泥特别细腻，没有任何颗粒。中世纪的厨师已经开始使用细筛，"
    "那时的网是用马毛编成的，每天都要清洗干净，否则很快就会坏掉。"
)


def mended(text: str) -> str:
    return repaired(Document("d", text), kinds=LINES).document.text


@pytest.mark.parametrize("width", [32, 45, 60, 72, 80, 100])
def test_english_cut_at_a_width(width: int) -> None:
    assert mended(textwrap.fill(ENGLISH, width, break_on_hyphens=False)) == ENGLISH


@pytest.mark.parametrize("seed", range(5))
def test_english_cut_at_ragged_widths(seed: int) -> None:
    draw, words, lines = random.Random(seed), ENGLISH.split(), [""]
    width = 60
    for word in words:
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
            width = draw.randint(35, 60)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    left = mended("\n".join(lines)).split("\n")
    assert " ".join(left) == ENGLISH
    assert len(left) <= 3  # a full stop at the end of a short line may end a paragraph


@pytest.mark.parametrize("width", [14, 20, 25, 33, 40])
def test_chinese_cut_at_a_width(width: int) -> None:
    lines = [CHINESE[at : at + width] for at in range(0, len(CHINESE), width)]
    assert mended("\n".join(lines)) == CHINESE


def test_chinese_cut_at_ragged_widths() -> None:
    draw, at, lines = random.Random(0), 0, []
    while at < len(CHINESE):
        width = draw.randint(12, 24)
        lines.append(CHINESE[at : at + width])
        at += width
    left = mended("\n".join(lines)).split("\n")
    assert "".join(left) == CHINESE
    assert len(left) < len(lines) / 2


def test_a_blank_line_after_every_line() -> None:
    assert mended(textwrap.fill(ENGLISH, 50, break_on_hyphens=False).replace("\n", "\n\n")) == ENGLISH


def test_paragraphs_without_blank_lines_are_kept_apart_by_their_short_last_lines() -> None:
    one, two = "It is a drum with a fine mesh that cooks press things through, as they do.", ENGLISH
    text = "\n".join(textwrap.fill(part, 60, break_on_hyphens=False) for part in (one, two))
    assert mended(text) == f"{one}\n{two}"


def test_paragraphs_without_blank_lines_are_kept_apart_by_indents() -> None:
    fills = [textwrap.fill(ENGLISH, 60, initial_indent="  ", break_on_hyphens=False) for _ in range(2)]
    assert mended("\n".join(fills)) == f"  {ENGLISH}\n  {ENGLISH}"
    lines = ["　　" + CHINESE[:18], *(CHINESE[at : at + 20] for at in range(18, len(CHINESE), 20))]
    assert mended("\n".join(lines * 2)) == f"　　{CHINESE}\n　　{CHINESE}"


def test_between_chinese_and_latin_the_document_decides() -> None:
    close = "这个模型支持Python语言，也支持别的语言，用户可以自己选择\nPython或者别的语言来写程序，非常方便，没有限制。"
    apart = close.replace("Python", " Python ").replace("\n Python", "\nPython")
    assert "选择Python" in mended(close)
    assert "选择 Python" in mended(apart)


def test_numbers_and_names_at_the_breaks_of_chinese_lines() -> None:
    text = (
        "这条铁路全长三百多公里，一共设有47个车站，从1997年1\n1月开始修建，由 Acme\nRail 公司负责，用了六年时间才修完。"
    )
    whole = (
        "这条铁路全长三百多公里，一共设有47个车站，从1997年11月开始修建，由 Acme Rail 公司负责，用了六年时间才修完。"
    )
    assert mended(text) == whole


def test_no_chinese_line_begins_with_a_closing_mark() -> None:
    text = "他在2010年的比赛里第一次上场（见下表）\n，后来成为主力，一共踢了十五场，进了三个球\n，直到冬天才离开球队。"
    assert mended(text) == text.replace("\n", "")


def test_items_of_lists_take_in_their_own_lines_only() -> None:
    text = "- the first item of the list goes on\n  in the next line of the text\n- the second item does not\n- third"
    expected = "- the first item of the list goes on in the next line of the text\n- the second item does not\n- third"
    assert mended(text) == expected


KEPT = {
    "list": "Ingredients:\n- flour\n- sugar\n\n1. Mix the two.\n2. Sieve them.\nNote: use a bowl",
    "plain list": "apples\noranges\npears and plums\nflour",
    "numbered, Chinese": "一、总则\n二、合同的订立\n三、合同的效力",
    "menu, Chinese": "首页\n产品\n关于我们\n联系方式",
    "verse": "A cook who sieved her flour by night\nForgot the bowl, forgot the light,\nAnd in the morning, "
    "white as snow,\nShe swept it up, and called it dough.",
    "verse, Chinese": "面粉落如雪，\n筛声夜未央。\n天明人不见，\n满屋有余香。",
    "verse, Chinese, no marks": "面粉落如雪\n筛声夜未央\n天明人不见\n满屋有余香",
    "code": "def f(x):\n    return x + 1\n\nfor i in range(10):\n    print(f(i))",
    "fenced": "```\nthe sieve that is\nused by the cook is\nmade of steel and of\nwood\n```",
    "indented": "Run this:\n\n    make the sieve and\n    use it for the flour of\n    the bread",
    "table": "name    age   town\nAnn     12    York\nBob     13    Bath",
    "markdown table": "| the sieve | of steel |\n|---|---|\n| and the | drum of |",
    "headings": "# The sieve of the\n## and its use\nIt is of steel.",
    "heading, text": "The use of sieves\nIt is said that sieves are of steel, and that cooks use them for flour and "
    "for purées of every kind, whenever a smooth result is wanted, which is often the case in restaurants.",
    "heading, text, Chinese": "细筛的使用方法\n" + CHINESE,
    "a sentence a line": "This is one sentence.\nThis is another sentence that is longer.\nAnd a third.",
    "a sentence a line, Chinese": "这是第一句。\n这是第二句，比第一句长得多。\n这是第三句。",
    "address": "12 Mill Lane\nCambridge\nEngland",
    "quotation": "> the sieve is\n> made of steel",
    "paragraphs": "One paragraph stands here.\n\nand another follows it, small letter or not.",
    "dialogue": "“有细筛吗？”\n“没有。”\n“那就算了。”",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_is_no_broken_paragraph_stays(text: str) -> None:
    assert mended(text) == text
