"""The guide: grades, their numbers, and what is refused."""

import pytest

from tamis.errors import InputError
from tamis.labelling import Guide


def test_words_stand_for_their_places_and_numbers_for_themselves():
    assert Guide().numbers == (0.0, 1.0) and Guide().binary
    graded = Guide(grades=("0", "1", "3"), relevant_if=3)
    assert graded.numbers == (0.0, 1.0, 3.0) and not graded.binary
    assert [graded.relevant(grade) for grade in graded.grades] == [False, False, True]
    assert Guide(grades=("1", "2")).least == 2


def test_a_grade_is_known_by_name_and_number():
    guide = Guide(grades=("no", "partly", "yes"), relevant_if=1)
    assert [guide.grade(said) for said in ("yes", " yes ", "2", 2, 2.0)] == ["yes"] * 5
    with pytest.raises(InputError, match=r"expected one of the grades no \(0\), partly \(1\), yes \(2\), got 'maybe'"):
        guide.grade("maybe")
    with pytest.raises(InputError, match="got '3'"):
        guide.grade(3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"grades": ("yes",)}, "two different grades or more"),
        ({"grades": ("yes", "yes")}, "two different grades or more"),
        ({"grades": ("no", " ")}, "two different grades or more"),
        ({"grades": ("1", "0")}, "lowest first"),
        ({"grades": ("a", "b", "c")}, "--relevant-if 1"),
        ({"relevant_if": 0.0}, "above 0 and be at most 1"),
        ({"relevant_if": 2.0}, "above 0 and be at most 1"),
        ({"overlap": 1.5}, "lies in"),
        ({"overlap": float("nan")}, "lies in"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, says):
    with pytest.raises(InputError, match=says):
        Guide(**options)


def test_json_gives_the_guide_back():
    guide = Guide("shop", "Judge the answer.", ("no", "partly", "yes"), 2, 0.3)
    assert Guide.from_json(guide.as_json()) == guide
