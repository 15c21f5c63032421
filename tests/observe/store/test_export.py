"""Exports: what a file holds is what the store holds, and the click log reads as one."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from tamis.data.impressions import Impression, Log
from tamis.errors import InputError, StorageError
from tamis.extras import available
from tamis.observe.events import Decided, Event, Placed
from tamis.observe.store import Which, export
from tamis.observe.store.export import COLUMNS, WHATS

PARQUET = pytest.param(".parquet", marks=pytest.mark.skipif(not available("pyarrow"), reason="needs tamis[parquet]"))
ENDINGS = [".jsonl", ".jsonl.gz", PARQUET]
BAD = [("a.csv", "events", "ends in .jsonl"), ("a.jsonl", "all", "expected one of")]


def read(path):
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def filled(opened):
    store = opened(texts=True)
    items = (Placed("a", 2.0, 0.9, 1), Placed("名", 1.0, None, 2, 0.1), Placed("c", 0.0, 0.1, 0, 0.9, "low", "text"))
    store.add(
        Decided(f"r{n}", float(n), "mini", query=f"q {n % 3}", items=items[: n % 4], arm="c" * (n % 2))
        for n in range(1_300)
    )
    store.add(events=[
        Event("click", f"e{n}", request=f"r{n}", document="名", at=float(n), user="ann") for n in range(0, 1_300, 2)
    ])  # fmt: skip
    store.add(events=[Event("dwell", "w1", request="r2", document="名", value=3.5, at=9.0)])
    store.add(events=[Event("dwell", "w2", request="r2", document="名", value=31.5, at=8.0)])
    store.append("propose", actor="ann", subject="s", details={"x": [1, "é"]})
    return store


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_hold_what_the_store_holds(filled, tmp_path, monkeypatch, ending):
    monkeypatch.setattr(sys.modules[export.__module__], "TOGETHER", 500)
    found = {}
    for what in WHATS:
        count = export(filled, tmp_path / f"{what}{ending}", what)
        found[what] = read(tmp_path / f"{what}{ending}")
        assert count == len(found[what]) and list(found[what][0]) == list(COLUMNS[what])
    decisions = [
        Decided(**{**row, "items": tuple(Placed(**item) for item in row["items"])}) for row in found["decisions"]
    ]
    assert decisions == [*filled.decisions()]
    assert [Event(**row) for row in found["events"]] == [*filled.events()]
    (entry,) = filled.entries()
    (row,) = found["ledger"]
    assert json.loads(row["details"]) == entry.details and row["digest"] == entry.digest
    assert len(found["impressions"]) == sum(decided.accepted for decided in decisions)


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_impressions_read_as_a_click_log(filled, tmp_path, ending):
    path = tmp_path / f"clicks{ending}"
    assert export(filled, path, "impressions", Which(since=2.0, until=4.0)) == 4
    assert [*Log(path).read()] == [
        Impression("q 2", "a", 1, False, session="r2"),
        Impression("q 2", "名", 2, True, None, 31.5, "r2"),
        Impression("q 0", "a", 1, False, session="r3"),
        Impression("q 0", "名", 2, False, session="r3"),
    ]


def test_a_part_is_exported_where_asked_for(filled, tmp_path):
    path = tmp_path / "some.jsonl"
    assert export(filled, path, "decisions", Which(arm="c", until=100.0)) == 50
    assert export(filled, path, "events", Which(since=10.0, until=20.0)) == 5


def test_a_file_appears_whole_or_not_at_all(filled, tmp_path, monkeypatch):
    path = tmp_path / "some.jsonl"
    path.write_text("before")

    def breaks(*_):
        yield next(type(filled).decisions(filled))
        raise StorageError("gone")

    monkeypatch.setattr(filled, "decisions", breaks)
    with pytest.raises(StorageError):
        export(filled, path, "decisions")
    assert path.read_text() == "before"
    assert [one for one in tmp_path.iterdir() if one.name.endswith(".tmp")] == []


@pytest.mark.parametrize(("name", "what", "says"), BAD)
def test_what_cannot_be_exported_is_said(store, tmp_path, name, what, says):
    with pytest.raises(InputError, match=says):
        export(store, tmp_path / name, what)
    assert not (tmp_path / name).exists()
