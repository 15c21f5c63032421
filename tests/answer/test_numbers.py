"""Numbers: written alike however they are written, and taken for numbers only where they count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.answer.numbers import readable, stated


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,234,567 and 1234567", ["1234567"]),
        ("１，０００元与１００，２００元", ["1000", "100200"]),
        ("有100，200两种", ["100", "200"]),
        ("3.50%, 007, 2.0", ["3.5", "7", "2"]),
        ("3万元、1.5亿、2.55万", ["30000", "150000000", "25500"]),
        ("六个月，三十天，第十九条，百分之八十", ["6", "30", "19", "80"]),
        ("一百二十天，二〇二六年，两千零五人，二亿三千万元", ["120", "2026", "2005", "230000000"]),
        ("一个月，一年，一小时", ["1"]),
        ("一般、统一、一个劳动者、十分重要、三方、万一、数十年、几百人、第一，", []),
        ("Twelve months, ninety days; one of them", ["12", "90"]),
        ("tension, often, sixties", []),
        ("2024-01-05", ["2024", "1", "5"]),
        ("٣٥", ["35"]),
        ("", []),
    ],
)
def test_what_a_text_states(text, numbers):
    assert stated(text) == numbers


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("试用期最长 6 个月", "试用期不得超过六个月"),
        ("六个月", "six months"),
        ("12 months", "twelve months"),
        ("30000 元", "三万元"),
        ("3万元", "30,000 元"),
        ("50%", "百分之五十"),
        ("一千元", "１，０００元"),
        ("第19条", "第十九条"),
    ],
)
def test_one_number_in_two_ways(sentence, passage):
    assert stated(sentence) and set(stated(sentence)) <= readable(passage)
    assert not set(stated(sentence)) <= readable("七 8")


@given(
    st.text()
    | st.text("0123456789,，.０９一十百千万亿个月第两数 ", max_size=60)
    | st.sampled_from(["9" * 9999, "亿" * 9999])
)
def test_what_is_stated_can_be_read(text):
    assert set(stated(text)) <= readable(text)
