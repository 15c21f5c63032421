from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data import Row, read_rows
from tamis.errors import DataError


def rows(content: str) -> list[Row]:
    return list(read_rows(io.BytesIO(content.encode())))


def values(content: str) -> list[object]:
    return [row.values for row in rows(content)]


def test_jsonl_keeps_types_and_lines() -> None:
    found = rows('\n{"a": 1, "b": [true, null]}\r\n\n{"a": "x\\u2028y"}')
    assert [(row.line, row.values) for row in found] == [(2, {"a": 1, "b": [True, None]}), (4, {"a": "x\u2028y"})]


@pytest.mark.parametrize(
    "text", ['[{"a": 1}, {"a": NaN}]', '\n[\n  {"a": 1},\n  {\n"a": null}\n]\n', '[{"a": 1},{"a":null},]']
)
def test_an_array_is_read_as_its_elements(text: str) -> None:
    assert values(text) == [{"a": 1}, {"a": None}]


def test_elements_of_an_array_know_the_line_on_which_they_begin() -> None:
    assert [row.line for row in rows('[\n{"a": 1,\n"b": 2}, {"a": 2},\n\n{"a": 3}]')] == [2, 3, 5]
    assert rows("[\n]") == []


@given(st.lists(st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.text(max_size=5)), max_size=5))
def test_an_array_holds_what_was_written(given_rows: list[dict[str, object]]) -> None:
    for indent in (None, 1):
        assert values("\n" + json.dumps(given_rows, indent=indent)) == given_rows or not given_rows


def test_nan_is_null() -> None:
    assert values('{"a": NaN, "b": -Infinity}') == [{"a": None, "b": None}]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ('{"a": 1}\n{"a": 2}\n{"a": \n', 3, "malformed JSON at character"),
        ('{"a": 1}\n\n[1, 2]\n', 3, "expected a JSON object"),
        ('{"a": 1}\n"text"\n', 2, "expected a JSON object"),
        ('[{"a": 1}', 1, "the end of the file"),
        ('[\n{"a": 1}\n\n{"b": 2}]', 2, "expected , or ]"),
        ('[\n{"a": 1},\n{"b": }]', 3, "malformed JSON"),
        ('[{"a": 1},\n2]', 2, "expected a JSON object"),
        ('[{"a": 1}]\nmore', 1, "after the array's end"),
        ('{\n"a": 1}', 1, "one object stands on one line"),
        ('{"a": ' + "[" * 100_000, 1, "malformed JSON"),
        ('{"a": ' + "9" * 5000 + "}", 1, "malformed JSON"),
    ],
)
def test_malformed_jsonl_names_the_line(content: str, line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        rows(content)
    assert caught.value.line == line


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_tables_by_their_header(mark: str) -> None:
    assert values(f"id{mark}text\n1{mark}a b\n\n2{mark}\n") == [{"id": "1", "text": "a b"}, {"id": "2", "text": ""}]


def test_quoted_cells_may_hold_anything_and_lines_are_those_of_the_file() -> None:
    found = rows('id,text\n1,"a, ""b""\nc"\n2,d\n')
    assert [(row.line, row.values["text"]) for row in found] == [(2, 'a, "b"\nc'), (4, "d")]


def test_tsv_with_and_without_quoting() -> None:
    content = 'id\ttext\n1\t"quoted ""so"" here"\n2\t"stray quote\n3\tsays "hi"\n4\t"two\nlines"\n5\t6" pipe\n'
    assert [row.values["text"] for row in rows(content)] == [
        'quoted "so" here',
        '"stray quote',
        'says "hi"',
        "two\nlines",
        '6" pipe',
    ]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("id,text\n1,a\n2,b,c\n", 3, "expected 2 cells"),
        ("id\ttext\n1\n", 2, "expected 2 cells"),
        ('id\ttext\n1\ta\n"2\n3\tb\n', 3, "expected 2 cells"),
        ('id,text\n1,"a\n2,b\n', 2, "malformed CSV"),
        ('id,text\n1,"a" b\n', 2, "malformed CSV"),
        ("id,text,text\n", 1, "twice"),
    ],
)
def test_malformed_tables_name_the_line(content: str, line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        rows(content)
    assert caught.value.line == line


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=20)


@given(st.lists(st.tuples(cells, cells), min_size=1), st.sampled_from([",", ";"]))
def test_what_the_csv_module_writes_is_read_back(table: list[tuple[str, str]], mark: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=mark, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *table])
    assert [tuple(row.values.values()) for row in rows(out.getvalue())] == [t for t in table if any(t)]


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()), min_size=1))
def test_what_the_json_module_writes_is_read_back(table: list[dict[str, object]]) -> None:
    assert values("\n".join(map(json.dumps, table))) == table


def test_a_cell_of_ten_megabytes() -> None:
    text = "x" * 10_000_000
    assert rows(f'id,text\n1,"{text}"\n')[0].values["text"] == text
    assert rows(f"id\ttext\n1\t{text}\n")[0].values["text"] == text
    assert rows(json.dumps({"text": text}))[0].values["text"] == text


def test_row_errors_name_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"txt": "a", "n": null, "label": true, "id": 1.5, "x": 3, "documents": 1}')
    row = next(read_rows(path))
    for read, message in (
        (lambda: row.text("text"), "missing; found: txt, n, label, id, x, documents. Did you mean 'txt'"),
        (lambda: row.text("n"), "expected a value, got null"),
        (lambda: row.text("x"), "expected a string, got 3"),
        (lambda: row.name("id"), "expected a string, got 1.5"),
        (lambda: row.number("txt"), "expected a number, got 'a'"),
        (lambda: row.elements("documents"), "expected a list, got 1"),
    ):
        with pytest.raises(DataError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}, line 1, field ")
        assert message in str(caught.value)
    assert row.text("n", "default") == row.text("absent", "default") == "default"


@pytest.mark.parametrize(
    ("content", "wrong", "right"),
    [
        ('{"a": 1}\n{"a": \n[1]\n{"a": 2}\n', [2, 3], [1, 4]),
        ('[{"a": 1},\n2, "{}",\n{"a": 2}]', [2, 2], [1, 3]),
        ("a,b\n1,2\n1\n1,2,3\n3,4\n", [3, 4], [2, 5]),
        ('a,b\n1,"2" x\n3,4\n"5,6\n', [2, 4], [3]),
        ("a\tb\n1\n2\t3\n", [2], [3]),
    ],
)
def test_rows_after_a_bad_one_are_read_when_somebody_listens(content: str, wrong: list[int], right: list[int]) -> None:
    heard: list[DataError] = []
    assert [row.line for row in read_rows(io.BytesIO(content.encode()), heard.append)] == right
    assert [error.line for error in heard] == wrong
    with pytest.raises(DataError) as caught:
        rows(content)
    assert str(caught.value) == str(heard[0])


@pytest.mark.parametrize("content", ['[{"a": 1}', "a,a\n1,2\n"])
def test_what_makes_a_file_unreadable_is_raised_whoever_listens(content: str) -> None:
    with pytest.raises(DataError):
        list(read_rows(io.BytesIO(content.encode()), [].append))


def test_empty_files_have_no_rows() -> None:
    assert rows("") == rows("\n \n") == rows("id,text\n") == []
