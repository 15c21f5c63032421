"""Which columns a file has, and which of them are guessed to be queries and documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tamis.errors import DataError
from tamis.scoring import Column, columns_of, guessed_columns, score_file

from ..data.sheets import workbook
from .scorers import Shared


@pytest.mark.parametrize(
    ("header", "guess"),
    [
        ("query,document", {"query": "query", "document": "document"}),
        ("Question,Answer", {"query": "Question", "document": "Answer"}),
        ("q,text,id,title", {"query": "q", "document": "text", "id": "id", "title": "title"}),
        ("qid,Query Text,passage_text", {"query": "Query Text", "document": "passage_text"}),
        ("问题,答案", {"query": "问题", "document": "答案"}),
        ("編號,提問,內容,標題", {"query": "提問", "document": "內容", "id": "編號", "title": "標題"}),
        ("查询,段落,score", {"query": "查询", "document": "段落"}),
        ("ＱＵＥＲＹ,正文", {"query": "ＱＵＥＲＹ", "document": "正文"}),
        ("answer,document,question,query", {"query": "query", "document": "document"}),
        ("date,price", {}),
    ],
)
def test_usual_names_are_known(tmp_path: Path, header: str, guess: dict[str, str]) -> None:
    (tmp_path / "a.csv").write_text(header + "\n" + ",".join("x" for _ in header.split(",")) + "\n", "utf-8")
    assert guessed_columns(tmp_path / "a.csv") == guess


@pytest.mark.parametrize("held", [["a", "b"], [{"text": "a"}], '["a", "b"]', '[{"text": "a"}]'])
@pytest.mark.parametrize("name", ["documents", "候选", "docs", "文档"])
def test_a_column_of_lists_is_documents(tmp_path: Path, name: str, held: object) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"问题": "q", name: held}) + "\n", "utf-8")
    guess = guessed_columns(tmp_path / "a.jsonl")
    assert guess == {"query": "问题", "documents": name}
    assert score_file(tmp_path / "a.jsonl", tmp_path / "o.jsonl", Shared(), columns=guess)["pairs"] == len(
        json.loads(held) if isinstance(held, str) else held
    )


def test_a_column_of_texts_is_a_document_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("q,documents\nx,[1] Smith on sieves\n", "utf-8")
    assert guessed_columns(tmp_path / "a.csv") == {"query": "q", "document": "documents"}


def test_columns_with_examples(tmp_path: Path) -> None:
    rows = [("问题", "n", None, "长"), *((f"q{n // 2}", n, None, "字" * 200) for n in range(9))]
    (tmp_path / "a.xlsx").write_bytes(workbook(rows))
    found = columns_of(tmp_path / "a.xlsx")
    assert found[0] == Column("问题", ("q0", "q1", "q2"))
    assert found[1] == Column("n", ("0", "1", "2"))
    assert [len(example) for example in found[2].examples] == [80]
    assert guessed_columns(tmp_path / "a.xlsx") == {"query": "问题"}


def test_rows_of_different_columns_and_rows_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"q": "a", "x": null}\n{\n{"q": "b", "tags": ["一"]}\n', "utf-8")
    found = columns_of(tmp_path / "a.jsonl")
    assert found == (Column("q", ("a", "b")), Column("x"), Column("tags", ('["一"]',), lists=True))


def test_a_plain_file_has_no_columns_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("query, what is that?\n", "utf-8")
    assert columns_of(tmp_path / "a.txt") == () and guessed_columns(tmp_path / "a.txt") == {}
    with pytest.raises(DataError, match="no such file"):
        columns_of(tmp_path / "b.csv")
