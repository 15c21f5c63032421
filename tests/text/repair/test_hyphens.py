"""Words torn apart at line ends, and compounds that keep their hyphen."""

from __future__ import annotations

import pytest

from tamis.core import Document
from tamis.text.repair import Known, kinds_named, repaired

HYPHENS = kinds_named(["hyphens"])


def mended(text: str, *corpus: str) -> str:
    known = Known.of(Document(str(at), one) for at, one in enumerate(corpus))
    return repaired(Document("d", text), kinds=HYPHENS, known=known).document.text


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("about infor-\nmation, and", "about information,\nand"),
        ("infor-  \n  mation", "information"),
        ("infor\u00ad\nmation", "information"),
        ("infor\u2010\nmation theory", "information\ntheory"),
        ("infor-\n\nmation", "information"),
        ("a state-of-the-\nart sieve", "a state-of-the-art\nsieve"),
        ("a self-\norganising sieve", "a self-organising\nsieve"),
        ("a drug-\ninduced change", "a drug-induced\nchange"),
        ("from T-\ncell lines", "from T-cell\nlines"),
        ("of COVID-\n19 in", "of COVID-19\nin"),
        ("the Anglo-\nSaxon sieve", "the Anglo-Saxon\nsieve"),
        ("INFOR-\nMATION", "INFORMATION"),
        ("two- and three-\ndimensional", "two- and three-dimensional"),
        ("a-\nb-\nc", "a-b-c"),
        ("see https://tamis.example/my-\npage of it", "see https://tamis.example/my-page\nof it"),
        ("at www.tamis.example/old/drum-\nsieves", "at www.tamis.example/old/drum-sieves"),
    ],
)
def test_without_a_corpus(broken: str, expected: str) -> None:
    assert mended(broken) == expected


@pytest.mark.parametrize(
    "text",
    ["two-\nand three-dimensional", "a list:\n- one\n- two", "x-\n- y", "| a-\n| b", "the end -\nof it", "a-\n\nB"],
)
def test_hyphens_that_tear_no_word_stay(text: str) -> None:
    assert mended(text) == text


def test_the_corpus_decides_which_form_is_right() -> None:
    assert mended("the pre-\nheated oven", "a preheated oven\nis hot") == "the preheated\noven"
    assert mended("the infra-\nred oven", "an infra-red oven\nis hot") == "the infra-red\noven"
    assert mended("the infra-\nred oven") == "the infrared\noven"


def test_the_document_itself_decides_too() -> None:
    assert mended("an off-line sieve; this off-\nline sieve") == "an off-line sieve; this off-line\nsieve"
    assert mended("an infra-red sieve; this infra-\nred sieve") == "an infra-red sieve; this infra-red\nsieve"


def test_two_words_of_the_document_keep_their_hyphen() -> None:
    text = "the rotor of the machine and the blade: a rotor-\nblade machine"
    assert mended(text) == "the rotor of the machine and the blade: a rotor-blade\nmachine"
