"""Splits by query and by groups of queries that share documents."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import Example, query_key, split
from tamis.errors import InputError


def asked(number: int, *documents: str) -> Example:
    return Example(f"query {number}", documents or (f"document {number}",), (1.0,) * (len(documents) or 1))


MANY = [asked(number) for number in range(1000)]


def test_the_share_is_met_and_nothing_is_lost() -> None:
    train, dev = split(MANY, 0.2)
    assert 160 <= len(dev) <= 240  # 200 expected, three standard deviations are 38
    assert sorted([*train, *dev], key=MANY.index) == MANY
    assert train == [e for e in MANY if e not in set(dev)]  # in the given order


def test_a_side_depends_on_the_query_and_the_seed_only() -> None:
    dev = {e.query for e in split(MANY)[1]}
    shuffled = random.Random(1).sample(MANY, len(MANY))
    assert {e.query for e in split(shuffled)[1]} == dev
    assert {e.query for e in split(MANY[:500])[1]} == {e.query for e in MANY[:500]} & dev
    assert {e.query for e in split(MANY, seed=1)[1]} != dev


def test_spellings_of_one_query_stay_together() -> None:
    rows = [Example(text, ("a",), (1.0,)) for n in range(50) for text in (f"Query {n}", f"query  {n}")]
    train, dev = split(rows, 0.5)
    assert not {query_key(e.query) for e in train} & {query_key(e.query) for e in dev}


@pytest.mark.parametrize("dev", [1e-9, 1 - 1e-9])
def test_both_sides_hold_something(dev: float) -> None:
    assert sorted(map(len, split(MANY[:2], dev))) == [1, 1]


@settings(max_examples=50)
@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=2), min_size=4, max_size=30))
def test_by_document_no_document_stands_on_both_sides(lists: list[list[str]]) -> None:
    rows = [asked(number, *documents) for number, documents in enumerate(lists)]
    try:
        train, dev = split(rows, 0.5, by="document")
    except InputError as error:
        assert "cannot split by document" in str(error)
        return
    assert not {d for e in train for d in e.documents} & {d for e in dev for d in e.documents}
    assert train and dev and len(dev) <= round(0.5 * len(rows))


def test_by_document_counts_copies_that_differ_in_case_and_blanks() -> None:
    rows = [asked(0, "A  tamis"), asked(1, "a tamis"), asked(2, "a sieve"), asked(3, "a pan")]
    train, dev = split(rows, 0.4, by="document")
    assert len(dev) == 2 or rows[0] in train
    assert (rows[0] in train) == (rows[1] in train)


def test_by_document_meets_the_share_where_groups_are_small() -> None:
    rows = [asked(number, f"d{number // 3}") for number in range(300)]
    assert len(split(rows, 0.1, by="document")[1]) == 30


@pytest.mark.parametrize(
    ("rows", "dev", "by", "message"),
    [
        (MANY, 0.0, "query", "between 0 and 1, got 0"),
        (MANY, 1.0, "query", "between 0 and 1, got 1"),
        (MANY[:1], 0.5, "query", "at least two queries to split, got 1"),
        ([], 0.5, "query", "got 0"),
        ([asked(n, "shared") for n in range(9)], 0.3, "document", "has 9 of 9 queries, the dev side has room for 3"),
    ],
)
def test_what_cannot_be_split(rows: list[Example], dev: float, by: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split(rows, dev, by=by)  # type: ignore[arg-type]
