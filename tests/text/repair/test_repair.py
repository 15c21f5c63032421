"""Repair as a whole: listed, undone, done once; clean texts stay; how much of a corpus is affected."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tamis.core import Document
from tamis.data import Collection
from tamis.errors import InputError
from tamis.text import sentences
from tamis.text.repair import ASKED, KINDS, Known, Repair, Repaired, affected, kinds_named, repaired

PIECES = [
    "the sieve", "of", "infor", "mation", "well-known", "Kitchen Letters 12", "Page 3 of 12", "12", "- 3 -", "第 3 页",
    "细", "筛", "用来过滤食物，", "很细。", "支", "持", "多", "语", "Python", "ﬁne", "A cook.", "- item", "1. step",
    "```", "    code()", "| a | b |", "state-of-the", "\n", "\n", "\n", "\n\n", "\f", "-\n", "\u00ad\n", " ", " ", "  ",
    "\t", "\r\n", "\x00", "\u200b", "\ufeff", "\u3000", "-", "，", "。", ".", "\x85", "\x1c", "\ud800",
]  # fmt: skip
broken_texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
anything = st.text(st.characters(codec=None), max_size=60) | broken_texts
documents = st.builds(Document, st.just("d"), anything, anything | st.just(""))
KNOWN = Known.of(
    Document(str(n), f"the {n} sieve is\nKitchen Letters {n}\nfine and well-known in-\nformation") for n in range(12)
)
PDF = """KITCHEN SCIENCE 12 (3)

1 Introduction
A tamis is a drum-shaped kitchen utensil that
acts as a strainer, grater, or food mill. It has a
cylindrical edge made of metal or wood that sup-
ports a disc of ﬁne metal, nylon, or horsehair mesh.
To use one, the cook places  the tamis above a bowl
and adds the ingredient to be strained in the centre of
the mesh.
Tamises have been used since the Middle Ages, when
Page 3 of 12
\fKITCHEN SCIENCE 12 (3)

they were made of state-of-the-
art horsehair.

- cheap ones are made of
  nylon
- others are not
"""
MENDED = """1 Introduction
A tamis is a drum-shaped kitchen utensil that acts as a strainer, grater, or food mill. It has a cylindrical edge made \
of metal or wood that supports a disc of fine metal, nylon, or horsehair mesh. To use one, the cook places the tamis \
above a bowl and adds the ingredient to be strained in the centre of the mesh.
Tamises have been used since the Middle Ages, when they were made of state-of-the-art horsehair.

- cheap ones are made of nylon
- others are not
"""
CHINESE_PDF = """第二章 厨房用具

　　细筛是一种鼓形的厨房用具，用来过滤、磨碎食
物。它的边缘用金属或木头制成，中间绷着细密的金
属网、尼龙网或马毛网。支持 Python 语言的一个开源
- 12 -
\f厨房用具手册
软件也叫这个名字，作者说是因为它能一层一层地把
结果筛得更细。
　　（一）木制细筛
　　（二）金属细筛
"""
CHINESE_MENDED = """第二章 厨房用具

　　细筛是一种鼓形的厨房用具，用来过滤、磨碎食物。它的边缘用金属或木头制成，中间绷着细密的金属网、尼龙网或马毛网。\
支持 Python 语言的一个开源软件也叫这个名字，作者说是因为它能一层一层地把结果筛得更细。
　　（一）木制细筛
　　（二）金属细筛
"""


@settings(max_examples=400)
@given(documents, st.booleans())
@example(Document("d", "支\n持\n多\n语", ""), False)
def test_repairs_are_undone_to_the_character_and_made_once(document: Document, asked: bool) -> None:
    kinds = (*KINDS, *ASKED) if asked else KINDS
    done = repaired(document, kinds=kinds, known=KNOWN)
    assert done.undo() == document
    again = repaired(done.document, kinds=kinds, known=KNOWN)
    assert again.repairs == () and again.document == done.document


@given(documents)
def test_what_is_listed_is_what_was_done(document: Document) -> None:
    done = repaired(document, known=KNOWN)
    texts = {"title": document.title, "text": document.text}
    for one in done.repairs:
        text, end = texts[one.field], one.start + len(one.before)
        assert text[one.start : end] == one.before != one.after
        texts[one.field] = text[: one.start] + one.after + text[end:]
    assert texts == {"title": done.document.title, "text": done.document.text}
    assert [Repair.from_json(json.loads(json.dumps(one.as_json()))) for one in done.repairs] == list(done.repairs)


@given(
    st.lists(st.sampled_from(["the", "sieve", "of", "steel", "is", "fine.", "It", "was", "Good", "by"]), max_size=60)
)
def test_no_letter_is_lost_where_lines_are_joined(words: list[str]) -> None:
    text = "".join(word + ("\n" if at % 7 == 6 else " ") for at, word in enumerate(words))
    assert repaired(Document("d", text), kinds=kinds_named(["lines"])).document.text.split() == text.split()


def test_an_extract_as_from_a_pdf_file() -> None:
    done = repaired(Document("d", PDF))
    assert done.document.text == MENDED
    assert {one.kind for one in done.repairs} == {"characters", "pages", "spaces", "hyphens", "lines"}
    assert done.undo().text == PDF


def test_a_chinese_extract_as_from_a_pdf_file() -> None:
    handbook = [Document(str(n), f"用{n}号筛子把面\n厨房用具手册\n粉筛{n}遍，直到没有颗粒为止。") for n in range(3)]
    assert repaired(Document("d", CHINESE_PDF), known=Known.of(handbook)).document.text == CHINESE_MENDED


def test_the_founding_examples() -> None:
    assert repaired(Document("d", "支\n\n持\n\n多\n\n语\n\n言")).document.text == "支持多语言"
    headings = kinds_named(["headings"])
    texts = [repaired(Document("d", one), kinds=headings).document.text for one in ("RAG架构图", "API参数列表")]
    assert texts == ["本文档介绍RAG架构图。", "本文档介绍API参数列表。"]


def test_undo_refuses_a_document_that_was_changed() -> None:
    done = repaired(Document("d", "a\x00b"))
    with pytest.raises(InputError, match="not as its repairs left it"):
        Repaired(Document("d", "x"), (Repair("lines", "text", 3, "a", "b"),)).undo()
    assert done.undo().text == "a\x00b"


@pytest.mark.parametrize("value", [None, [], ["lines", "body", 0, "", ""], ["lines", "text", "0", "", ""]])
def test_a_repair_that_cannot_be_read_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="expected a repair"):
        Repair.from_json(value)


def test_kinds_are_named() -> None:
    assert kinds_named([]) == ()
    with pytest.raises(InputError, match="expected kinds of repair among characters"):
        kinds_named(["lies"])


def test_a_corpus_is_reported_on_and_not_changed() -> None:
    found = affected([Document("a", PDF), Document("b", "A clean text."), Document("c", "a \x07b")])
    assert (found.documents, found.affected) == (3, 2)
    assert found.kinds == {k.name: int(k.name in ("pages", "hyphens", "spaces", "lines")) for k in KINDS} | {
        "characters": 2
    }
    assert found.share("characters") == pytest.approx(2 / 3)
    assert found.repairs["hyphens"] == 2
    first = found.examples["hyphens"][0]
    assert "sup-\nports a" in first.before and "supports\na" in first.after
    assert affected([]).share("lines") == 0.0
    json.dumps(found.as_json())


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60_000 + "\nb",
        "a-" * 15_000 + "b c\nb",
        "细筛由木头和钢丝网制成，用来过滤面粉和糖粉使其更加细腻API\n接口返回的数据会被写入缓存，再由后台任务读取发送到下游\n"
        * 2000,
        "The sieve that cooks like to use is a drum of wood and steel with the\n" * 20_000,
    ],
    ids=["a long word", "a chain of hyphens", "Latin at Chinese line ends", "many lines, undone"],
)
def test_no_text_takes_quadratic_time(text: str) -> None:
    """Each took 5 to 40 seconds once."""
    document = Document("d", text)
    start = time.process_time()
    done = repaired(document, known=Known.of([document]))
    assert done.undo() == document
    assert time.process_time() - start < 4


def test_long_texts_take_linear_time() -> None:
    text = "the sieve that is used for sup-\nport is " * 20_000
    assert len(repaired(Document("d", text)).document.text) < len(text)


CLEAN = [
    "A tamis is a drum sieve. Cooks use it.",
    "细筛是一种厨房用具。\n\n厨师用它过滤食物，做出来的土豆泥特别细腻。",
    "# Sieves\n\nThey are made of steel.\n\n- flour\n- sugar\n\n```python\nx = sieve(flour)  # twice\n```\n",
    "问：细筛怎么洗？\n答：用温水冲洗，晾干即可。\n问：能用洗碗机吗？\n答：不能。",
    "| sieve | mesh |\n|-------|------|\n| fine  | 0.5  |\n",
    "Dear Ms Smith,\n\nthe sieve has arrived.\n\nYours,\nA. Drum",
]


@pytest.mark.parametrize("text", CLEAN)
def test_clean_texts_stay_byte_for_byte(text: str) -> None:
    document = Document("d", text, "Sieves")
    assert repaired(document).document is document


@pytest.mark.data
@pytest.mark.parametrize(("name", "most"), [("scifact", 0.001), ("stard_dev", 0.002), ("vaswani", 0.0)])
def test_clean_corpora_stay(shared_data: Path, name: str, most: float) -> None:
    """Only ligatures, control and zero-width characters are found there; laid out anew, no line is joined."""
    some = list(Collection.open(shared_data / "eval" / name).documents.values())[:1200]
    found = affected(some, known=Known.of(some))
    assert found.affected <= most * len(some)
    assert found.kinds["characters"] == found.affected
    layouts = kinds_named(["pages", "apart", "hyphens", "lines"])
    lines = [Document(one.id, "\n".join(sentences(one.text))) for one in some]
    assert affected(lines, kinds=layouts, known=Known.of(lines)).affected == 0
    titled = [Document(one.id, f"{one.title}\n\n{one.text}") for one in some]
    assert affected(titled, kinds=layouts, known=Known.of(titled)).affected == 0
