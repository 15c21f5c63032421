"""What the library says of wrong files, in Chinese: the table is held against what it says in truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tamis.errors import TamisError
from tamis.scoring import contents, score_file
from tamis.workbench.translated import translated

from ..data.sheets import workbook
from ..scoring.scorers import Shared

WRONG = {
    "picture.csv": b"\x89PNG\r\n\x1a\n\0",
    "photo.csv": b"\xff\xd8\xff\0",
    "paper.csv": b"%PDF-1.4\n%\xe2\xe3",
    "binary.csv": b"\0" * 99,
    "empty.csv": b"",
    "broken.jsonl": b"{\n",
    "list.jsonl": b"[1, 2]\n",
    "broken.xlsx": b"PK\x03\x04 broken",
    "twice.csv": b"a,a\n1,2\n",
    "cells.csv": b"query,document\na\n",
    "missing.csv": b"frage,document\na,b\n",
    "meant.csv": b"querry,document\na,b\n",
    "blank.csv": b"query,document\n ,b\n",
    "document.csv": b"query,document\na,\n",
    "number.jsonl": b'{"query": "a", "document": {"b": 1}}\n',
    "null.jsonl": b'{"query": null, "document": "a"}\n',
    "many.csv": b"query,document\na,b\na,b\n",
    "sheet.xlsx": workbook([]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_files_are_told_in_chinese(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(WRONG[name])
    with pytest.raises(TamisError) as caught:
        contents(path, most=1)
        score_file(path, tmp_path / "o.csv", Shared())
    said = translated(str(caught.value).replace(f"{tmp_path}/", ""), "zh")
    own = re.sub("（.*）|：[^：]*（每行", "", said)  # what Python says of a broken file stands in brackets
    assert re.search("[一-鿿]{2}", own) and not re.search("[a-z]{3} [a-z]{2,} [a-z]{2}", own), said
    assert translated(str(caught.value), "en") == str(caught.value)


def test_what_stands_in_a_sentence_is_translated_too() -> None:
    message = "rows.csv, line 2, field '问': none of the 3 rows can be used, the first because: the query is blank"
    assert translated(message, "zh") == "rows.csv，第 2 行，列“问”：3 行都无法使用，第一行的问题：查询为空"
    assert translated("the document is blank", "zh") == "文档为空"
    assert translated("line 3: expected a list, got 'a: b'", "zh") == "第 3 行：应为列表，实际为 'a: b'"
