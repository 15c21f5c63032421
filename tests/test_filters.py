"""Filters: what they admit, how they are written, and what is no filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis import Filter, Query
from tamis.core import Document
from tamis.errors import InputError
from tamis.filters import AnyOf, Between, Not
from tamis.rewrite import variant

numbers = st.integers(-5, 5) | st.floats(-5, 5)
values = st.none() | st.booleans() | numbers | st.text("ab中", max_size=2)
names = st.sampled_from(["lang", "year"])
plain = st.one_of(
    st.builds(AnyOf, names, st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Between, names, least=numbers, below=st.none() | numbers),
    st.builds(Between, names, above=st.text("ab", max_size=2)),
    st.builds(Between, names, most=numbers),
)
filters = st.builds(Filter, st.lists(plain | st.builds(Not, plain), min_size=1, max_size=4).map(tuple))
fields = st.dictionaries(names, values)


@given(filters)
def test_what_is_written_is_read_again(made):
    assert Filter.of(made.as_json()) == made
    assert hash(Query("q", where=made)) == hash(Query("q", where=Filter.of(made.as_json())))


@given(filters, fields)
def test_all_conditions_must_hold_and_not_turns_one_round(made, row):
    assert made.admits(row) == all(Filter((one,)).admits(row) for one in made.conditions)
    for one in made.conditions:
        if not isinstance(one, Not):
            assert Not(one).admits(row) != one.admits(row)


@pytest.mark.parametrize(
    ("written", "row", "admitted"),
    [
        ("lang=zh", {"lang": "zh"}, True),
        ("lang = zh", {"lang": "zh"}, True),
        ("lang=zh", {}, False),
        ("lang!=zh", {}, True),
        ("lang=null", {}, True),
        ("lang=null", {"lang": None}, True),
        ("lang=null", {"lang": ""}, False),
        ("fresh=true", {"fresh": True}, True),
        ("fresh=true", {"fresh": 1}, False),
        ("year=1990", {"year": 1990.0}, True),
        ("year=1990", {"year": "1990"}, False),
        ('year="1990"', {"year": "1990"}, True),
        ("year>=1990", {"year": 1990}, True),
        ("year>1990", {"year": 1990}, False),
        ("year<1990", {"year": None}, False),
        ("year<=1", {"year": True}, False),
        ("day>=2026-01-31", {"day": "2026-02-01"}, True),
        ('lang=["zh", "en"]', {"lang": "en"}, True),
        ("title=a=b", {"title": "a=b"}, True),
    ],
)
def test_conditions_as_the_command_line_has_them(written, row, admitted):
    assert Filter.of([written]).admits(row) is admitted


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        "lang",
        ["=zh"],
        [3],
        {"": 1},
        {"lang": []},
        {"lang": [["zh"]]},
        {"lang": {"is": "zh"}},
        {"year": {"gte": None}},
        {"year": {"gte": 1, "lt": "2"}},
        {"year": {"gte": True}},
        {"year": float("nan")},
        {"year": {}},
    ],
)
def test_what_is_no_filter(told):
    with pytest.raises(InputError, match=r"expected|must"):
        Filter.of(told)


def test_a_query_said_otherwise_is_asked_of_the_same_documents():
    asked = Query("sieve", where=Filter.of({"lang": "en"}))
    assert variant(asked, "tamis").query.where == asked.where
    assert asked.where.admits(Document("a", "x", fields={"lang": "en"}).fields)
