"""Blocks of Parquet files, the columns of Parquet parts, and both forms of parts beside each other."""

import datetime
import decimal
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import Tiny

from tamis.data import Row
from tamis.errors import DataError, InputError
from tamis.scale import bulk
from tamis.scale.blocks import Size
from tamis.scale.parquet_blocks import plain, ranges_of
from tamis.scale.schema import folded, table

from .conftest import rows, scored, written

arrow = pytest.importorskip("pyarrow", reason='needs pip install "tamis[parquet]"')
parquet = pytest.importorskip("pyarrow.parquet")


def test_blocks_lie_within_row_groups_and_cover_them(tmp_path):
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.Table.from_pylist(rows(25)), path, row_group_size=10)
    found = [*ranges_of(path, Size(rows=4))]
    assert [(first, count, group) for first, count, _, _, group in found] == [
        (1, 4, 0), (5, 4, 0), (9, 2, 0), (11, 4, 1), (15, 4, 1), (19, 2, 1), (21, 4, 2), (25, 1, 2),
    ]  # fmt: skip
    assert len([*ranges_of(path, Size(bytes=1))]) == 25


def test_rows_keep_their_types_in_parquet_and_become_json_in_jsonl(tmp_path):
    day, price = datetime.date(2026, 11, 1), decimal.Decimal("1.10")
    more = {"day": day, "price": price, "weights": [0.5, None], "nan": math.nan}
    whole = arrow.Table.from_pylist([*rows(7, **more), {"query": "q", "document": None, **more}])
    parquet.write_table(whole, tmp_path / "rows.parquet")
    counts = bulk(tmp_path / "rows.parquet", tmp_path / "p", model=Tiny(), form="parquet", block=3, workers=1)
    assert (counts["rows"], counts["refused"], counts["blocks"]) == (7, 1, 3)
    found = parquet.read_table(sorted((tmp_path / "p").glob("part-*.parquet")))
    assert found.schema.field("day").type == arrow.date32()
    assert found.column_names == [*whole.column_names, "score"]
    assert found.drop_columns("score").slice(0, 2).to_pylist()[0]["price"] == price
    refused = json.loads((tmp_path / "p/errors/part-00002.jsonl").read_text())
    assert refused == {"file": "rows.parquet", "line": 8, "field": "document", "reason": "the document is blank"}
    bulk(tmp_path / "rows.parquet", tmp_path / "j", model=Tiny(), block=3, workers=1)
    first = scored(tmp_path / "j")[0]
    assert (first["day"], first["price"], first["weights"], first["nan"]) == ("2026-11-01", "1.10", [0.5, None], None)
    assert [row["score"] for row in scored(tmp_path / "j")] == found["score"].to_pylist()


def test_all_parquet_parts_of_texts_have_the_same_columns(tmp_path):
    early = [{"query": "q", "document": "d", "year": 1900, "who": None}] * 2
    late = [{"query": "q", "document": "d", "year": 1900.5, "who": {"name": "a"}, "more": True}] * 2
    source = written(tmp_path / "rows.jsonl", [*early, *late])
    joined = tmp_path / "all.parquet"
    bulk(source, tmp_path / "out", model=Tiny(), form="parquet", block=2, workers=1, joined=joined)
    schemas = {parquet.read_schema(path) for path in (tmp_path / "out").glob("part-*")}
    assert len(schemas) == 1
    found = parquet.read_table(joined).to_pylist()
    assert [row["year"] for row in found] == [1900.0, 1900.0, 1900.5, 1900.5]
    assert [row["who"] for row in found] == [None, None, '{"name": "a"}', '{"name": "a"}']
    assert [row["more"] for row in found] == [None, None, True, True]


def test_lists_of_documents_gain_lists(tmp_path):
    row = {"query": "ab", "documents": ["xy", "ab", "a"]}
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "rows.parquet")
    bulk(tmp_path / "rows.parquet", tmp_path / "out", model=Tiny(), form="parquet", workers=1)
    (found,) = parquet.read_table(tmp_path / "out/part-00000.parquet").to_pylist()
    assert found["ranking"] == [1, 2, 0]
    assert found["scores"] == [0.0, 2 / 3, 1 / 3]
    assert "score" not in found


def test_parts_with_other_columns_are_not_joined(tmp_path):
    (tmp_path / "in").mkdir()
    parquet.write_table(arrow.Table.from_pylist(rows(2)), tmp_path / "in/a.parquet")
    parquet.write_table(arrow.Table.from_pylist(rows(2, year=1)), tmp_path / "in/b.parquet")
    with pytest.raises(InputError, match="has other columns than part-00000"):
        bulk(tmp_path / "in", tmp_path / "out", model=Tiny(), form="parquet", workers=1, joined=tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


def test_a_damaged_file_is_one_error(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read"):
        bulk(tmp_path / "rows.parquet", tmp_path / "out", model=Tiny(), workers=1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=4))
def test_any_rows_fit_the_schema_that_was_folded_from_them(found):
    made = [Row("d", at, {"query": "q", **plain(values)}) for at, values in enumerate(found)]
    schema = folded({}, made)
    whole = table(schema, [row.values for row in made])
    for row, read in zip(made, whole.to_pylist(), strict=True):
        for name, kind in schema.items():
            value = row.values.get(name)
            assert (read[name] is None) == (value is None)
            if kind in ("bool", "int", "float"):
                assert read[name] == value or (value is not None and kind == "float" and isinstance(value, int))
