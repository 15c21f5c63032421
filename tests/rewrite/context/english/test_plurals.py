import pytest

from tamis.rewrite.context.english.plurals import IRREGULAR, SAME, pluralised
from tamis.rewrite.context.english.resolve import resolved

NOUNS = """
dog dogs
boy boys
city cities
bus buses
class classes
fox foxes
church churches
crisis crises
hero heroes
photo photos
human humans
fireman firemen
policewoman policewomen
roof roofs
dogs dogs
API APIs
GPU-2 GPU-2
"""


@pytest.mark.parametrize(("one", "several"), [line.split() for line in NOUNS.strip().split("\n")])
def test_the_last_word_becomes_several(one, several):
    assert pluralised(one) == several
    assert pluralised(f"very old {one}") == f"very old {several}"


def test_words_that_follow_no_rule():
    assert {one: pluralised(one) for one in IRREGULAR} == IRREGULAR
    assert [pluralised(word) for word in SAME] == list(SAME)
    assert pluralised("Child") == "Children" and pluralised("") == ""


def test_they_of_a_prodigy_are_prodigies():
    assert resolved("How do they work?", ["What is a child prodigy?"])[0] == "How do child prodigies work?"
