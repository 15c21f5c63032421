"""Headers, footers, page numbers and page breaks."""

from __future__ import annotations

import pytest

from tamis.core import Document
from tamis.text.repair import Known, kinds_named, repaired

PAGES = kinds_named(["pages"])
NUMBERS = [
    "Page 3 of 12",
    "page 3",
    "PAGE 3/12",
    "p. 3",
    "- 3 -",
    "— 3 —",
    "第 3 页",
    "第3页 共12页",
    "第三页",
]


def mended(text: str, known: Known | None = None) -> str:
    return repaired(Document("d", text), kinds=PAGES, known=known or Known()).document.text


@pytest.mark.parametrize("number", NUMBERS)
def test_page_numbers_go(number: str) -> None:
    assert mended(f"The cook takes the sieve\n{number}\nand the flour.") == "The cook takes the sieve\nand the flour."
    assert mended(f"The cook sieves.\n\n{number}\n\nThe flour falls.") == "The cook sieves.\n\nThe flour falls."
    assert mended(f"厨师拿起细筛，把面\n{number}\n粉过一遍。") == "厨师拿起细筛，把面\n粉过一遍。"


@pytest.mark.parametrize(
    "text",
    [
        "In 1990 they sieved\n12\n13\n14",
        "Scores:\n\n12\n\n17",
        "1\n2\n3\n4 of 10\n5",
        "Cured\n3 of 12\nNot cured\n9 of 12",  # a table, a cell a line
        "The chapter begins on page 3\nand ends there.",
        "Results\nThe sieve was used.\nResults\nThe sieve was cleaned.",  # a heading that repeats
        "When the cook at last was\nill\nand tired, he slept.",
        "- 3 eggs\n- 4 spoons",
        "第3页有一张图。\n第4页没有。",
    ],
)
def test_numbers_and_headings_of_the_text_stay(text: str) -> None:
    assert mended(text) == text


def test_bare_numbers_go_where_they_cut_a_sentence_or_stand_at_a_page_break() -> None:
    assert (
        mended("The cook takes the fine sieve\n12\nand the flour.") == "The cook takes the fine sieve\nand the flour."
    )
    assert mended("He takes the fine sieve of\nxiv\nthe cook.") == "He takes the fine sieve of\nthe cook."
    assert mended("He takes the fine sieve of\n3 of 12\nthe cook.") == "He takes the fine sieve of\nthe cook."
    assert mended("He sieves.\n12\n\f13\nShe sieves.") == "He sieves.\nShe sieves."
    assert mended("He sieves.\n12\n\fShe sieves.") == "He sieves.\nShe sieves."


def test_a_header_that_repeats_goes_with_the_numbers_around_it() -> None:
    text = (
        "The cook takes the sieve and\nKitchen Letters, vol. 3\nthe flour, and shakes\nPage 2\n\n"
        "Kitchen Letters, vol. 3\nuntil nothing is left. Then\nthe work is done."
    )
    expected = "The cook takes the sieve and\nthe flour, and shakes\nuntil nothing is left. Then\nthe work is done."
    assert mended(text) == expected


def test_a_header_is_known_by_the_other_documents() -> None:
    pages = [
        Document(str(n), f"the {word} sieve is round and\nKitchen Letters {n}\nit is used by the {word} cook")
        for n, word in enumerate(["small", "large", "fine", "coarse"])
    ]
    assert "Kitchen" in mended(pages[0].text)  # by itself it may be part of the sentence
    known = Known.of(pages)
    assert mended(pages[0].text, known) == "the small sieve is round and\nit is used by the small cook"


def test_copies_of_a_document_do_not_make_its_lines_headers() -> None:
    text = "the sieve that is used in\nNormandy is made of steel and in\nthe south of horsehair"
    known = Known.of(Document(str(n), text) for n in range(50))
    assert mended(text, known) == text


def test_what_begins_every_document_goes_where_the_corpus_is_large() -> None:
    pages = [Document(str(n), f"Acme Sieves Manual {n}\nThe part {n * 7}x is here.\nIt is round.") for n in range(30)]
    assert mended(pages[3].text, Known.of(pages)) == "The part 21x is here.\nIt is round."
    few = Known.of(pages[:5])
    assert mended(pages[3].text, few) == pages[3].text


def test_lines_of_prose_that_repeat_with_other_numbers_stay() -> None:
    text = (
        "was 0.92 for the thin, 0.98\nfor the overweight, respectively; and 0.89\nin the first group, was 0.91\n"
        "For the overweight, respectively; and 0.93\nin the second group, was 0.72\n"
        "For the overweight, respectively; and 1.03\nin the third group"
    )
    assert mended(text) == text


def test_page_breaks_become_line_breaks() -> None:
    assert mended("The sieve\fis fine.") == "The sieve\nis fine."
    assert mended("\fThe sieve.\n\f\n") == "The sieve."
    assert mended("One.\n\f    Two.") == "One.\n    Two."
