"""Filters: what each engine admits is what ``Filter.admits`` says, whatever the fields hold."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tamis import Document, Query
from tamis.errors import InputError
from tamis.filters import AnyOf, Between, Filter, Not
from tamis.recall.engines import create_collection
from tamis.recall.engines.engine import EXACT

from .conftest import HashingEncoder

NAMES = ["year", "lang", "a.b", "名", "x y", "'--"]
texts = st.sampled_from(
    ["", "zh", "en", "1", "true", "2026-01-31", "2026-02", "é", "筛", "😀", "Z", "'; --", '"', "%s"]
)
numbers = st.one_of(
    st.sampled_from([0, 1, 1.0, -1, 2, 1990, 1990.0, 0.1, 1e300, -0.0, EXACT, -EXACT, 5e-324]),
    st.integers(-EXACT, EXACT),
    st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda value: not value.is_integer() or abs(value) <= EXACT
    ),
)
values = st.one_of(texts, numbers, st.booleans(), st.none())
fields = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)
any_of = st.builds(AnyOf, st.sampled_from(NAMES), st.lists(values, max_size=3).map(tuple))
bounds = st.dictionaries(st.sampled_from(["least", "above", "most", "below"]), numbers, min_size=1, max_size=2)
between = st.builds(lambda name, given: Between(name, **given), st.sampled_from(NAMES), bounds)
text_bounds = st.dictionaries(st.sampled_from(["least", "above", "most", "below"]), texts, min_size=1, max_size=2)
between_texts = st.builds(lambda name, given: Between(name, **given), st.sampled_from(NAMES), text_bounds)


def filters(*more):
    condition = st.one_of(any_of, between, *more)
    return st.lists(st.one_of(condition, condition.map(Not)), min_size=1, max_size=3).map(
        lambda conditions: Filter(tuple(conditions))
    )


def held_against(collection, rows, wheres):
    """Every filter over documents with these fields: by words, by vectors."""
    documents = [Document(f"d{at}", "drum", fields=row) for at, row in enumerate(rows)]
    for doc_id in [f"d{at}" for at in range(len(rows), len(collection))]:
        collection.delete([doc_id])
    collection.add(documents)
    for mode in ("bm25", "dense"):
        rankings = collection.search([Query("drum", where=where) for where in wheres], 50, mode=mode)
        for where, ranking in zip(wheres, rankings, strict=True):
            expected = {document.id for document in documents if where.admits(document.fields)}
            assert {c.doc.id for c in ranking} == expected, where


rows_of = st.lists(fields, min_size=1, max_size=8)
usual = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pytest.fixture(scope="module")
def qdrant():
    pytest.importorskip("qdrant_client", reason="needs tamis[qdrant]")
    with_vectors = create_collection("qdrant+memory:", encoder=HashingEncoder(4))
    yield with_vectors
    with_vectors.close()


@pytest.fixture(scope="module")
def table(postgresql):
    mark = "&" if "?" in postgresql else "?"
    with_vectors = create_collection(f"{postgresql}{mark}table=filters", encoder=HashingEncoder(4))
    yield with_vectors
    with_vectors.close()


@usual
@given(rows=rows_of, wheres=st.lists(filters(), min_size=1, max_size=6))
def test_qdrant(qdrant, rows, wheres):
    held_against(qdrant, rows, wheres)


@usual
@given(rows=rows_of, wheres=st.lists(filters(between_texts), min_size=1, max_size=6))
def test_postgresql(table, rows, wheres):
    held_against(table, rows, wheres)


@pytest.fixture
def index(address):
    return create_collection(address("opensearch"), encoder=HashingEncoder(4))


@settings(usual, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of, wheres=st.lists(filters(between_texts), min_size=1, max_size=6))
def test_opensearch(index, rows, wheres):
    held_against(index, rows, wheres)


def test_large_whole_numbers_are_told_apart(qdrant, table, index):
    for held in (qdrant, table, index):
        held.add([Document("d0", "drum", fields={"n": 2**60}), Document("d1", "drum", fields={"n": 2**60 + 1})])
        assert held.get("d1").fields == {"n": 2**60 + 1}
    for held in (qdrant, table):
        (found,) = held.search([Query("drum", where=Filter.of({"n": 2**60 + 1}))], 9, mode="bm25")
        assert [c.doc.id for c in found] == ["d1"]


def test_what_qdrant_cannot_compare_is_said(qdrant):
    with pytest.raises(InputError, match="Qdrant cannot compare texts by order"):
        qdrant.search([Query("drum", where=Filter.of(["day>=2026-01-31"]))], 5)
    with pytest.raises(InputError, match="double quote"):
        qdrant.search([Query("drum", where=Filter((AnyOf('a"b', (1,)),)))], 5)


def test_what_opensearch_cannot_compare_is_said(index):
    with pytest.raises(InputError, match="more than 8000 characters"):
        index.search([Query("drum", where=Filter.of({"kind": "x" * 9000}))], 5)


def test_texts_are_compared_by_code_points(table, index):
    order = sorted(["Z", "a", "é", "筛", "😀", "\uffee", "zz", ""])
    for held in (table, index):
        held.add([Document(f"d{at}", "drum", fields={"t": text}) for at, text in enumerate(order)])
        for at, text in enumerate(order):
            (found,) = held.search([Query("drum", where=Filter((Between("t", least=text),)))], 50, mode="bm25")
            assert {c.doc.id for c in found} == {f"d{n}" for n in range(at, len(order))}
