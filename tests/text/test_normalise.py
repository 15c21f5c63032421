from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tamis.text import clean, normalise

anything = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("a\x00b", "ab"),
        ("\ufeffa\x1bb\x7f", "ab"),
        ("a\r\nb\rc\x0cd\x85e", "a\nb\nc\nd\ne"),
        ("a\tb", "a\tb"),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("", ""),
    ],
)
def test_clean(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@given(anything)
@example("\ud800\x00\r\n")
def test_clean_gives_valid_text_without_controls_and_twice_is_once(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in cleaned)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＱＷＥＮ３，ｶﾞ", "qwen3,ガ"),
        ("漢語繁體字", "汉语繁体字"),
        ("Straße ﬁne", "strasse fine"),
        ("soft\u00adhy\u200bphen", "softhyphen"),
        ("ASCII Only", "ascii only"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(anything | st.text("漢語乾坤著裡后髮发简𠮷豈々　ＡａİßſK\u0345\u1fb3"))
def test_normalise_twice_is_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_every_character_is_normalised_to_a_fixed_point() -> None:
    everything = "\n".join(map(chr, range(0x110000)))
    once = normalise(everything)
    assert normalise(once) == once
