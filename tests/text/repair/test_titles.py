"""Documents that say nothing but a title."""

from __future__ import annotations

import pytest

from tamis.core import Document
from tamis.text import segment
from tamis.text.repair import ENGLISH, kinds_named, repaired

RECORD = "Kitchen Letters March, 1961 Drum, A. B. Mesh, C. KL610312 22, 1978 8:28 PM"
ALL = kinds_named(["records", "titles", "titles-zh", "headings"])


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (Document("d", "", "Sieves for Flour"), "This is about Sieves for Flour."),
        (Document("d", "Sieves for flour.", "Sieves for Flour"), "This is about Sieves for Flour. Sieves for flour."),
        (Document("d", RECORD, "Sieves for Flour."), f"This is about Sieves for Flour. {RECORD}"),
        (Document("d", "", "Rims", {"section": "Drums", "product": "Tamis 3"}), "This is about Rims (Tamis 3, Drums)."),
    ],
)
def test_english_titles_are_sentences_by_default(document: Document, text: str) -> None:
    done = repaired(document)
    assert (done.document.title, done.document.text) == (document.title, text)
    assert done.undo() == document


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (Document("d", "", "RAG架构图"), "本文档介绍RAG架构图。"),
        (Document("d", "", "参数", {"产品": "细筛", "章节": "接口"}), "本文档介绍细筛接口中的参数。"),
        (Document("d", "RAG架构图"), "本文档介绍RAG架构图。"),
        (Document("d", "API parameter list"), "This is about API parameter list."),
    ],
)
def test_chinese_titles_and_headings_when_asked_for(document: Document, text: str) -> None:
    assert repaired(document).document == document
    assert repaired(document, kinds=ALL).document.text == text


@pytest.mark.parametrize(
    "document",
    [
        Document("d", ""),
        Document("d", "", "Which sieve is finest?"),
        Document("d", "", "これはペンです"),
        Document("d", "It is of steel.", "Sieves"),
        Document("d", "Yes, 7.", "Is 7 prime"),
        Document("d", "Сито сделано из стали и стоит 20 рублей.", "Drum sieves"),
        Document("d", "これは 2023年 につくられた ふるいです", "Drum sieves"),
        Document("d", "42", "Sum"),
        Document("d", "In March 1961 the sieve was made by A. Drum.", "Sieves"),
        Document("d", "Lots of steel, wood and horsehair", ""),
        Document("d", "flour", ""),
        Document("d", "价格可以谈，您什么时候来看？", ""),
    ],
)
def test_documents_that_say_something_stay(document: Document) -> None:
    assert repaired(document, kinds=ALL).document == document


def test_the_english_sentence_brings_no_search_token() -> None:
    (plain, placed) = ENGLISH["en"]
    assert segment(plain.format(title="sieve")) == ["siev"]
    assert segment(placed.format(title="sieve", context="drum")) == ["siev", "drum"]
