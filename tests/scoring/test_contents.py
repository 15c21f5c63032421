"""What a file to be scored is said to hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tamis.errors import DataError, InputError
from tamis.scoring import contents

from ..data.sheets import workbook


def test_a_workbook_with_lists(tmp_path: Path) -> None:
    rows = [("问题", "候选", "页"), *(("退货", json.dumps(["一", "二"]), at) for at in range(150))]
    (tmp_path / "a.xlsx").write_bytes(workbook(rows))
    found = contents(tmp_path / "a.xlsx", most=150)
    assert (found.rows, found.plain) == (150, False)
    assert found.guess == {"query": "问题", "documents": "候选"}
    assert [column.lists for column in found.columns] == [False, True, False]
    with pytest.raises(InputError, match="expected at most 149 rows, got 150"):
        contents(tmp_path / "a.xlsx", most=149)


def test_lines_that_are_not_blank_are_documents(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("query,document\n\n雨\n伞\n云\n", "utf-8")
    found = contents(tmp_path / "a.txt", most=10)
    assert found.plain and found.rows == 4 and not found.guess
    assert found.columns[0].examples == ("query,document", "雨", "伞")


def test_rows_that_cannot_be_read_count(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("query,document\na,b\nc\nd,e\n", "utf-8")
    assert contents(tmp_path / "a.csv", most=3).rows == 3
    with pytest.raises(InputError, match="at most 2 rows, got 3"):
        contents(tmp_path / "a.csv", most=2)


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"query,document\n", "no rows"),
        ("a.txt", b" \n\n", "no rows"),
        ("a.jsonl", b"{\n[\n", "line 1: malformed JSON"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0", "this is a PNG picture"),
    ],
)
def test_nothing_to_score_is_an_error(tmp_path: Path, name: str, held: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(DataError, match=said):
        contents(tmp_path / name, most=10)
