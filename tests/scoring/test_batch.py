"""A file scored: what it may be called, what is set aside, what stops it, what it costs."""

from __future__ import annotations

import csv
import gzip
import json
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tamis.data import read_rows
from tamis.errors import DataError, InputError, NotFoundError, StoppedError
from tamis.scoring import score_file, write_refused

from ..data.sheets import workbook
from .scorers import Shared

PAIRS = [("怎么退货", "七天内可以退货"), ("怎么退货", "今天有雨"), ("when", "whenever you like")]


def written(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [dict(row.values) for row in read_rows(path)]


def test_one_file_in_every_form_is_scored_alike(tmp_path: Path) -> None:
    table = [("query", "document"), *PAIRS]
    written(tmp_path / "a.csv", table)
    (tmp_path / "a.xlsx").write_bytes(workbook(table))
    rows = [json.dumps(dict(zip(table[0], row, strict=True)), ensure_ascii=False) for row in PAIRS]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode("gb18030")))
    results = []
    for name in ("a.csv", "a.xlsx", "a.jsonl.gz"):
        counts = score_file(tmp_path / name, tmp_path / "out.jsonl", Shared())
        assert counts == {"rows": 3, "pairs": 3}
        results.append(read(tmp_path / "out.jsonl"))
    assert results[0] == results[1] == results[2]
    assert [row["rank"] for row in results[0]] == [1, 2, 1]


def test_columns_have_the_names_of_the_file(tmp_path: Path) -> None:
    source = written(tmp_path / "a.csv", [("问题", "答案", "query", "标"), *((q, d, "不看", "x") for q, d in PAIRS)])
    score_file(source, tmp_path / "out.csv", Shared(), columns={"query": "问题", "document": "答案"})
    found = read(tmp_path / "out.csv")
    assert list(found[0]) == ["问题", "答案", "query", "标", "score", "rank"]
    assert [row["rank"] for row in found] == ["1", "2", "1"]
    with pytest.raises(DataError, match="line 2, field '問題': missing; found: 问题, 答案, query, 标"):
        score_file(source, tmp_path / "out.csv", Shared(), columns={"query": "問題", "document": "答案"})
    with pytest.raises(NotFoundError, match="no column is called 'querry' here: expected query, document"):
        score_file(source, tmp_path / "out.csv", Shared(), columns={"querry": "问题"})


def test_a_plain_file_holds_a_document_a_line(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("今天有雨\n\n七天内可以退货\n" + "一行\n" * 50, "utf-8")
    assert score_file(tmp_path / "d.txt", tmp_path / "o.csv", Shared(), query="怎么退货")["rows"] == 52
    first, second, *_ = read(tmp_path / "o.csv")
    assert (first["query"], second["document"], second["rank"]) == ("怎么退货", "七天内可以退货", "1")
    with pytest.raises(DataError, match="a plain text file holds documents, one a line: say what is asked"):
        score_file(tmp_path / "d.txt", tmp_path / "o.csv", Shared())
    written(tmp_path / "table.txt", [("query", "document"), *PAIRS])
    assert score_file(tmp_path / "table.txt", tmp_path / "o.csv", Shared())["rows"] == 3


def test_one_query_is_asked_of_a_table_of_documents(tmp_path: Path) -> None:
    source = written(tmp_path / "d.csv", [("id", "document"), *((at, d) for at, (_, d) in enumerate(PAIRS))])
    score_file(source, tmp_path / "o.csv", Shared(), query="怎么退货")
    assert [(row["query"], row["rank"]) for row in read(tmp_path / "o.csv")][:2] == [
        ("怎么退货", "1"),
        ("怎么退货", "2"),
    ]
    with_queries = written(tmp_path / "p.csv", [("query", "document"), *PAIRS])
    with pytest.raises(DataError, match="the file has queries of its own"):
        score_file(with_queries, tmp_path / "o.csv", Shared(), query="怎么退货")
    with pytest.raises(InputError, match="got both"):
        score_file(with_queries, tmp_path / "o.csv", Shared(), query="怎么退货", columns={"query": "query"})


def test_rows_that_cannot_be_used_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("query,document\nq,d\n ,d\nq,\nq\nq,d,e\nq,dd\n", "utf-8")
    errors: list[DataError] = []
    counts = score_file(tmp_path / "a.csv", tmp_path / "o.csv", Shared(), refused=errors.append)
    assert counts == {"rows": 2, "pairs": 2, "refused": 4}
    assert [(error.line, error.field) for error in errors] == [(3, "query"), (4, "document"), (5, None), (6, None)]
    assert [row["document"] for row in read(tmp_path / "o.csv")] == ["d", "dd"]
    write_refused(tmp_path / "e.jsonl", errors)
    assert read(tmp_path / "e.jsonl")[0] == {"line": 3, "field": "query", "message": "the query is blank"}
    with pytest.raises(DataError, match="line 3, field 'query': the query is blank"):
        score_file(tmp_path / "a.csv", tmp_path / "strict.csv", Shared())
    assert not (tmp_path / "strict.csv").exists()


def test_every_kind_of_row_that_cannot_be_used(tmp_path: Path) -> None:
    rows = (
        *(
            '{"query": null, "document": "d"}',
            '{"document": "d"}',
            '{"query": "q"}',
            '{"query": ["q"], "document": "d"}',
        ),
        *('{"query": "q", "document": true}', '{"query": "q", "documents": "d"}', '{"query": "q", "documents": [1]}'),
        *("[]", "{", '{"query": "q", "document": "good"}', '{"query": "q", "documents": ["good", "better"]}'),
    )
    (tmp_path / "a.jsonl").write_text("\n".join(rows), "utf-8")
    errors: list[DataError] = []
    counts = score_file(tmp_path / "a.jsonl", tmp_path / "o.jsonl", Shared(), refused=errors.append)
    assert counts == {"rows": 2, "pairs": 3, "refused": 9}
    assert [error.line for error in errors] == list(range(1, 10))
    assert all(str(tmp_path) not in error.message for error in errors)


def test_a_file_without_a_row_that_can_be_used_says_so(tmp_path: Path) -> None:
    source = written(tmp_path / "a.csv", [("frage", "antwort"), ("q", "d"), ("q", "d")])
    errors: list[DataError] = []
    with pytest.raises(DataError, match="line 2, field 'query': none of the 2 rows can be used, the first because"):
        score_file(source, tmp_path / "o.csv", Shared(), refused=errors.append)
    assert len(errors) == 2 and not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", ""), ("a.csv", "query,document\n"), ("a.xlsx", ""), ("a.txt", "\n")]
)
def test_a_file_without_rows_says_so(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(DataError, match="no rows: expected one a pair"):
        score_file(tmp_path / name, tmp_path / "o.csv", Shared(), query="q" if name == "a.txt" else "")
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "a.xlsx"])
def test_a_file_that_is_no_text_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(random.Random(1).randbytes(4000))
    errors: list[DataError] = []
    with pytest.raises(DataError, match="this is a binary file, no text"):
        score_file(tmp_path / name, tmp_path / "o.csv", Shared(), query="q", refused=errors.append)
    assert errors == []


def test_numbers_are_text_where_a_spreadsheet_made_them_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbook([("query", "document"), (2024, 20.5), ("q", None), (None, None)]))
    errors: list[DataError] = []
    score_file(tmp_path / "a.xlsx", tmp_path / "o.jsonl", Shared(), refused=errors.append)
    assert read(tmp_path / "o.jsonl")[0]["query"] == 2024
    assert [str(error) for error in errors] == [
        f"{tmp_path / 'a.xlsx'}, line 3, field 'document': the document is blank"
    ]


def test_titles_and_ids_are_read_where_they_are_named(tmp_path: Path) -> None:
    source = written(tmp_path / "a.csv", [("query", "document", "t", "n"), ("ab", "x", "ab", 1), ("ab", "", "a", 2)])
    score_file(source, tmp_path / "o.jsonl", Shared(), columns={"title": "t", "id": "n"})
    assert [round(row["score"]) for row in read(tmp_path / "o.jsonl")] == [2, 1]
    twice = written(tmp_path / "b.csv", [("query", "document", "n"), ("q", "x", 1), ("r", "x", 1), ("q", "y", 1)])
    with pytest.raises(DataError, match=r"line 4, field 'n': document id '1' stands twice .* on lines 2 and 4"):
        score_file(twice, tmp_path / "o.jsonl", Shared(), columns={"id": "n"})


def test_it_stops_between_blocks_and_leaves_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "a.csv", [("query", "document"), *((f"q{n}", f"d{n}") for n in range(5000))])
    scorer, stopped, told = Shared(), threading.Event(), []

    def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        if done >= 1000:
            stopped.set()

    with pytest.raises(StoppedError, match="nothing was written"):
        score_file(source, tmp_path / "o.csv", scorer, stop=stopped.is_set, progress=progress)
    assert 1000 <= sum(scorer.seen) < 2000
    assert told[-1] == (sum(scorer.seen), 5000)
    with pytest.raises(StoppedError):
        score_file(source, tmp_path / "o.csv", scorer, stop=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_five_thousand_rows_are_scored_in_batches(tmp_path: Path) -> None:
    source = written(tmp_path / "a.csv", [("query", "document"), *((f"q{n % 50}", f"d{n}") for n in range(5000))])
    scorer = Shared()
    assert score_file(source, tmp_path / "o.csv", scorer)["pairs"] == 5000
    assert scorer.seen == [5000]
    found = read(tmp_path / "o.csv")
    by_query: dict[str, list[dict[str, str]]] = {}
    for row in found:
        by_query.setdefault(row["query"], []).append(row)
    for own in by_query.values():
        scores = [float(row["score"]) for row in own]
        assert [int(row["rank"]) for row in own] == [1 + sum(b > a for b in scores) for a in scores]


def test_a_hundred_thousand_lines_of_one_query_take_little(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("".join(f"number {n} of the passages\n" for n in range(100_000)), "utf-8")
    code = (
        "import resource, sys, numpy as np\n"
        "from tamis.scoring import score_file\n"
        "class Length:\n"
        "    name = fingerprint = 'length'\n"
        "    def score(self, pairs): return np.array([len(d.text) for _, d in pairs], dtype=float)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "counts = score_file(sys.argv[1], sys.argv[2], Length(), query='which', stop=lambda: False)\n"
        "print(counts['rows'], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "d.txt"), str(tmp_path / "o.csv")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 100_000
    assert megabytes < 400


def test_an_output_of_another_kind_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a name that ends in \.csv or \.jsonl"):
        score_file(tmp_path / "missing.csv", tmp_path / "o.xlsx", Shared())
