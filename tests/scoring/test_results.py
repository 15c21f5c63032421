"""The files that are written: for programs as they are, for spreadsheets without what these would run."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Document, Query
from tamis.data import Row, read_rows
from tamis.data.formulas import guarded
from tamis.scoring import score_file
from tamis.scoring.lines import Line
from tamis.scoring.results import write_csv, write_jsonl

from .scorers import Shared

NASTY = '{"query": "=1+1", "document": "- 七天; =cmd", "=x": "@a", "n": -1, "t": "-0.5"}\n'


def scored(tmp_path: Path, spreadsheet: bool) -> tuple[dict[str, int], bytes]:
    (tmp_path / "a.jsonl").write_text(NASTY, "utf-8")
    counts = score_file(tmp_path / "a.jsonl", tmp_path / "o.csv", Shared(), spreadsheet=spreadsheet)
    return counts, (tmp_path / "o.csv").read_bytes()


def test_a_table_for_programs_holds_what_the_rows_held(tmp_path: Path) -> None:
    counts, content = scored(tmp_path, False)
    assert "guarded" not in counts
    assert content.decode().startswith("query,document,=x,n,t,score,rank\n=1+1,- 七天; =cmd,@a,-1,-0.5,")


def test_a_table_for_spreadsheets_holds_nothing_they_run(tmp_path: Path) -> None:
    counts, content = scored(tmp_path, True)
    assert counts["guarded"] == 4
    assert content.startswith(b"\xef\xbb\xbf")
    header, row = content.decode("utf-8-sig").splitlines()
    assert header == '''"query","document","'=x","n","t","score","rank"'''
    assert row.startswith(""""'=1+1","'- 七天; =cmd","'@a",-1,"-0.5",""")
    (again,) = read_rows(tmp_path / "o.csv")
    assert again.values["query"] == "'=1+1"


def test_json_needs_no_guard(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(NASTY, "utf-8")
    counts = score_file(tmp_path / "a.jsonl", tmp_path / "o.jsonl", Shared(), spreadsheet=True)
    assert counts["guarded"] == 0
    assert json.loads((tmp_path / "o.jsonl").read_text("utf-8"))["query"] == "=1+1"


def test_half_a_character_does_not_end_a_batch(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"query": "a\\ud800", "document": "d", "list": ["\\udc00"]}\n', "utf-8")
    score_file(tmp_path / "a.jsonl", tmp_path / "o.jsonl", Shared())
    assert json.loads((tmp_path / "o.jsonl").read_text("utf-8"))["query"] == "a\ud800"
    score_file(tmp_path / "a.jsonl", tmp_path / "o.csv", Shared())
    assert next(read_rows(tmp_path / "o.csv")).values["query"] == "a?"


@given(
    st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.none() | st.booleans(), min_size=1),
    st.booleans(),
)
def test_every_row_is_read_back(values: dict[str, object], spreadsheet: bool) -> None:
    line = Line(Row("a", 1, values), [(Query("q"), Document("1", "d"))], False)
    out = io.StringIO(newline="")
    guards = write_csv(out, [line], [{"the score": 1.5}], spreadsheet)
    table = list(csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff"), newline="")))
    texts = {True: "true", False: "false", None: ""}
    cells = [texts[value] if value is None or isinstance(value, bool) else value for value in (*values.values(), 1.5)]
    safe = [guarded(cell) if spreadsheet and isinstance(cell, str) else str(cell) for cell in cells]
    assert table[1] == safe
    assert table[0] == [guarded(name) if spreadsheet else name for name in (*values, "the score")]
    assert spreadsheet or guards == 0
    lines = io.StringIO()
    write_jsonl(lines, [line], [{"the score": 1.5}])
    assert json.loads(lines.getvalue()) == {**values, "the score": 1.5}
