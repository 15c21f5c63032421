"""Workbooks as rows: types, places, sheets; and files that are none, as one clear error."""

from __future__ import annotations

import io
import sys
import zipfile
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import read_documents, read_queries, read_rows
from tamis.data.workbooks import is_workbook, letters, workbook_rows
from tamis.errors import DataError, MissingExtraError

from .sheets import linked, listed, packed, workbook

ROWS = [("query", "document", "label"), ("如何退货", "七天内", 1), ("how to return", "rain & <snow>", 0)]


def test_the_rows_of_a_workbook_whatever_its_name(tmp_path: Path) -> None:
    for name in ("pairs.xlsx", "pairs.csv", "pairs"):
        (tmp_path / name).write_bytes(workbook(ROWS))
        rows = list(read_rows(tmp_path / name))
        assert [row.values for row in rows] == [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
        assert [row.line for row in rows] == [2, 3]
        assert rows[0].path == str(tmp_path / name)


def test_cells_keep_their_types() -> None:
    cells = (3.0, 0.5, -2, True, False, date(2023, 3, 15), datetime(2023, 3, 15, 12, 30), time(6, 15), None, " a ")
    (row,) = workbook_rows(io.BytesIO(workbook([[f"c{at}" for at in range(len(cells))], cells])))
    found = list(row.values.values())
    assert found == [3, 0.5, -2, True, False, "2023-03-15", "2023-03-15T12:30:00", "06:15:00", None, " a "]
    assert [type(value) for value in found[:4]] == [int, float, int, bool]


def test_durations_numbers_beyond_integers_and_errors() -> None:
    sheet = '<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c><c t="str"><v>c</v></c><c t="str"><v>d</v></c></row>'
    sheet += f'<row><c s="4"><v>{1.25!r}</v></c><c><v>1e300</v></c><c t="e"><v>#N/A</v></c>'
    sheet += "<c t='inlineStr'><is><r><t>ri</t></r><r><t>ch</t></r></is></c></row>"
    (row,) = workbook_rows(io.BytesIO(packed(sheet)))
    assert row.values == {"a": str(timedelta(days=1.25)), "b": 1e300, "c": None, "d": "rich"}


def test_lines_are_those_of_the_sheet_and_blank_rows_are_skipped() -> None:
    rows = [("id", " text "), (None, None), ("a", "x"), (None, None), (2, "y")]
    found = list(workbook_rows(io.BytesIO(workbook(rows, top=4, left=2))))
    assert [(row.line, dict(row.values)) for row in found] == [
        (6, {"id": "a", "text": "x"}),
        (8, {"id": 2, "text": "y"}),
    ]


def test_a_column_without_a_name_is_called_by_its_letter_where_it_holds_something() -> None:
    rows = [(None, "query", None), (0, "a", None), (1, "b", None), (2, "c", "?")]
    found = [dict(row.values) for row in workbook_rows(io.BytesIO(workbook(rows)))]
    assert found[0] == {"query": "a", "column A": 0}
    assert found[2] == {"query": "c", "column A": 2, "column C": "?"}


def test_the_first_sheet_that_is_shown_is_read() -> None:
    other = packed("<row><c><v>7</v></c></row><row><c><v>8</v></c></row>")
    with zipfile.ZipFile(io.BytesIO(other)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    more = {
        "xl/workbook.xml": listed(("Chart", "rId1", "visible"), ("Hid", "rId2", "hidden"), ("Data", "rId3", "visible")),
        "xl/_rels/workbook.xml.rels": linked(
            "chartsheets/sheet1.xml", "worksheets/sheet1.xml", "worksheets/sheet2.xml"
        ),
        "xl/chartsheets/sheet1.xml": "<chartsheet/>",
        "xl/worksheets/sheet2.xml": sheet,
    }
    (row,) = workbook_rows(io.BytesIO(packed("<row><c><v>1</v></c></row>", more=more)))
    assert dict(row.values) == {"7": 8}


def test_streams_stay_where_they_stood_and_pipes_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(workbook(ROWS))
    assert is_workbook(stream) and stream.tell() == 0
    assert len(list(read_rows(stream))) == 2 and not stream.closed

    class Pipe(io.BufferedReader):
        def seekable(self) -> bool:
            return False

    assert len(list(read_rows(Pipe(io.BytesIO(workbook(ROWS)))))) == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(io.BytesIO(workbook(ROWS)))))
    assert len(list(read_rows("-"))) == 2


def test_what_builds_on_rows_reads_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "d.xlsx"
    path.write_bytes(workbook([("id", "text", "title", "year"), (7, "退货", None, 2024), ("b", "rain", "雨", None)]))
    first, second = read_documents(path)
    assert (first.id, first.text, first.title, first.fields) == ("7", "退货", "", {"year": 2024})
    assert (second.id, second.title) == ("b", "雨")
    assert [query.id for query in read_queries(path)] == ["7", "b"]


def test_a_row_without_its_text_is_named_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "d.xlsx"
    path.write_bytes(workbook([("id", "text"), ("a", "x"), ("b", None)], top=3))
    with pytest.raises(DataError) as caught:
        list(read_documents(path))
    assert (caught.value.path, caught.value.line, caught.value.field) == (str(path), 5, "text")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed(""), "the first sheet is empty"),
        (workbook([("a", "a"), (1, 2)]), "the column stands twice in the header"),
        (workbook(ROWS)[:-40], "damaged zip or Excel file"),
        (workbook(ROWS)[:60], "damaged zip or Excel file"),
        (b"PK\x03\x04" + bytes(range(256)) * 9, "damaged zip or Excel file"),
        (packed("<row><c t='s'><v>9</v></c></row>"), "damaged Excel workbook"),
        (packed("<row><c>"), "damaged Excel workbook"),
        (packed("", more={"xl/workbook.xml": listed()}), "it has no worksheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "a workbook with a password: save it as .xlsx without"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_rows(path))
    assert caught.value.path == str(path)


def test_other_zip_files_are_no_workbooks() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(DataError, match="a zip or Excel file: unpack it"):
        list(read_rows(io.BytesIO(out.getvalue())))


def test_without_the_package_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match=r'pip install "tamis\[xlsx\]"'):
        list(read_rows(io.BytesIO(workbook(ROWS))))


SHEET = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>2</v></c></row>'
    '<row r="2"><c r="A2" s="1"><v>43831</v></c></row>'
    '<row><c t="b"><v>1</v></c><c t="inlineStr"><is><t>x</t></is></c></row>'
)
SPLINTERS = (
    "",
    "<",
    ">",
    '"',
    "0",
    "-1",
    "9999999999",
    "1048576",
    "XFD1048576",
    "r=",
    "1e309",
    "&#x41;",
    "<c/>",
    "<row>",
    "e",
)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, len(SHEET)), st.integers(0, 5), st.sampled_from(SPLINTERS)), min_size=1, max_size=3
    )
)
def test_a_damaged_sheet_is_an_error_or_rows_never_a_crash(damages: list[tuple[int, int, str]]) -> None:
    sheet = SHEET
    for at, size, splinter in damages:
        sheet = sheet[:at] + splinter + sheet[at + size :]
    with suppress(DataError):
        list(read_rows(io.BytesIO(packed(sheet, "<si><t>query</t></si>"))))


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.none()
            | st.booleans()
            | st.integers(-(2**50), 2**50)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1),
            min_size=3,
            max_size=3,
        ),
        max_size=8,
    )
)
def test_what_a_workbook_holds_is_read_back(rows: list[list[object]]) -> None:
    found = list(workbook_rows(io.BytesIO(workbook([("a", "b", "c"), *rows]))))
    kept = [row for row in rows if any(cell is not None for cell in row)]
    assert [list(row.values.values()) for row in found] == kept


def test_letters() -> None:
    assert [letters(at) for at in (0, 1, 26, 27, 701, 702)] == ["A", "B", "AA", "AB", "ZZ", "AAA"]
