"""Words where they stand: alignment, borders, parts of speech."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.text.normalise import normalise
from tamis.text.words import aligned, borders, tagged


@given(st.text())
def test_alignment_keeps_every_place_and_is_a_fixed_point(text):
    seen = aligned(text)
    assert len(seen) == len(text)
    assert aligned(seen) == seen


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_english_is_aligned_as_it_is_normalised(text):
    assert aligned(text) == normalise(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("高数比最高数值难", ["高", "数", "比", "最高", "数值", "难"]),
        ("c++ and node.js's", ["c++", " ", "and", " ", "node.js", "'s"]),
        ("k8s-dashboard,k8s", ["k8s-dashboard", ",", "k8s"]),
        ("用python写", ["用", "python", "写"]),
        ("a\nb", ["a", "\n", "b"]),
        ("", []),
    ],
)
def test_borders_stand_between_words(text, words):
    places = sorted(borders(text))
    assert [text[a:b] for a, b in itertools.pairwise(places)] == words


def test_parts_of_speech():
    assert tagged("退货流程") == [("退货", "v"), ("流程", "n")]
    assert tagged("") == []
