"""Rows that ask the same become one example; contradictions are refused, left out or averaged."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import Example, merged, query_key
from tamis.data.training import digest
from tamis.errors import DataError


def test_rows_of_one_query_become_one_example() -> None:
    rows = [
        Example("Why sieve?", ("a", "b"), (1.0, 0.0)),
        Example("what is a tamis", ("c",), (2.0,)),
        Example("why  sieve？", ("c", "a"), (0.0, 1.0)),  # a full-width mark and two blanks: the same query
    ]
    assert merged(rows) == [
        Example("Why sieve?", ("a", "b", "c"), (1.0, 0.0, 0.0)),
        Example("what is a tamis", ("c",), (2.0,)),
    ]


def test_another_instruction_is_another_query() -> None:
    rows = [Example("q", ("a",), (1.0,), "find code"), Example("q", ("a",), (0.0,), "find prose")]
    assert merged(rows) == rows


def test_traditional_and_simplified_spellings_are_one_query() -> None:
    assert query_key("繁體字") == query_key("繁体字")


def test_weights_of_repeated_rows_are_averaged_and_ones_are_left_out() -> None:
    row = Example("q", ("a", "b"), (1.0, 0.0), weights=(0.5, 1.0))
    assert merged([row, Example("q", ("a",), (1.0,))])[0].weights == (0.75, 1.0)
    assert merged([Example("q", ("a",), (1.0,), weights=(1.0,))])[0].weights == ()


TORN = [
    Example("q", ("a", "b"), (1.0, 0.0)),
    Example("Q ", ("a",), (0.0,), weights=(3.0,)),
    Example("p", ("c",), (1.0,)),
    Example("p", ("c",), (2.0,)),
]


def test_contradictions_are_refused_with_what_to_do() -> None:
    with pytest.raises(DataError) as caught:
        merged(TORN)
    assert str(caught.value) == (
        "2 documents have contradictory labels: query 'q', document 'a': labelled 0 and 1; query 'p', document 'c': "
        "labelled 1 and 2. `tamis data check` lists all with their lines; correct them, or choose what becomes of "
        "them: conflicts 'drop' (--conflicts drop) leaves such documents out, 'mean' averages"
    )


def test_contradictions_are_dropped_or_averaged() -> None:
    assert merged(TORN, conflicts="drop") == [Example("q", ("b",), (0.0,))]
    assert merged(TORN, conflicts="mean") == [
        Example("q", ("a", "b"), (0.25, 0.0), weights=(2.0, 1.0)),
        Example("p", ("c",), (1.5,)),
    ]


def test_a_row_that_contradicts_itself() -> None:
    with pytest.raises(DataError, match="1 document has contradictory labels"):
        merged([Example("q", ("a", "a"), (1.0, 0.0))])


def test_a_teachers_scores_may_differ_by_noise_only() -> None:
    near = [Example("q", ("a",), scores=(1.0,)), Example("q", ("a",), scores=(1.02,))]
    assert merged(near)[0].scores == pytest.approx((1.01,))
    with pytest.raises(DataError, match="scored 1 and 3"):
        merged([near[0], Example("q", ("a",), scores=(3.0,))])


@pytest.mark.parametrize("field", ["labels", "scores"])
def test_labels_for_some_documents_of_a_query_are_refused(field: str) -> None:
    told = Example("q", ("a",), **{field: (1.0,)})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="for 1 of its 2 documents"):
        merged([told, Example("q", ("b",))])


def test_weights_of_zero_do_not_divide_by_zero() -> None:
    rows = [Example("q", ("a",), (label,), weights=(0.0,)) for label in (0.0, 1.0)]
    assert merged(rows, conflicts="mean") == [Example("q", ("a",), (0.5,), weights=(0.0,))]


texts = st.text("abc é漢", min_size=1, max_size=4).filter(str.strip)
grades = st.sampled_from([0.0, 1.0, 2.0])


@st.composite
def rows_of(draw: st.DrawFn) -> list[Example]:
    """Rows without contradictions: a table of grades decides."""
    table = draw(st.dictionaries(st.tuples(texts.map(query_key), texts), grades, min_size=1, max_size=12))
    pairs = [*table.items(), *draw(st.lists(st.sampled_from(sorted(table.items())), max_size=5))]
    return [Example(q, (d,), (grade,)) for (q, d), grade in draw(st.permutations(pairs))]


@settings(max_examples=60)
@given(rows_of(), st.randoms(use_true_random=False))
def test_merging_loses_nothing_adds_nothing_and_ends(rows: list[Example], shuffle: random.Random) -> None:
    found = merged(rows)
    pairs = {(e.query, d, label) for e in found for d, label in zip(e.documents, e.labels, strict=True)}
    assert pairs == {(e.query, e.documents[0], e.labels[0]) for e in rows}
    assert sum(len(e.documents) for e in found) == len(pairs)
    assert merged(found) == found
    shuffle.shuffle(rows)
    assert digest(merged(rows)) == digest(found)
