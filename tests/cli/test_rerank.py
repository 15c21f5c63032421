"""``tamis rerank``: the contract's JSON, every form of input, and one clear error for each mistake."""

import csv
import io
import json
import sys

import pytest

from ..data.sheets import workbook

DOCUMENTS = ["今天下了一天的雨。", "签收后七天内可以申请退货。", "Wages are paid monthly."]


@pytest.fixture
def docs(tmp_path):
    path = tmp_path / "docs.txt"
    path.write_text("\n".join(DOCUMENTS), "utf-8")
    return path


def test_json_is_the_contract(run, docs):
    ran = run("rerank", "怎么退货", "--docs", docs, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert shown["query"] == "怎么退货"
    assert shown["model"] == "tamis-mini"
    assert shown["rejected"] == []
    first = shown["results"][0]
    assert first["rank"] == 1
    assert first["index"] == 1
    assert first["id"] == "1"
    assert isinstance(first["score"], float)
    assert first["probability"] is None
    assert first["notes"] == {}
    assert sorted(r["index"] for r in shown["results"]) == [0, 1, 2]


def test_a_table_for_people(run, docs):
    ran = run("rerank", "怎么退货", "--docs", docs)
    assert ran.code == 0
    assert "签收后七天内可以申请退货。" in ran.out
    assert ran.err == ""


def test_brackets_are_text_and_not_markup(run, tmp_path):
    (tmp_path / "d.txt").write_text("[bold]a sieve[/bold] [1]\n")
    ran = run("rerank", "what [red]is[/red] it?", "--docs", tmp_path / "d.txt")
    assert "what [red]is[/red] it?" in ran.out
    assert "[bold]a sieve[/bold] [1]" in ran.out


def test_top_k(run, docs):
    assert len(json.loads(run("rerank", "q", "--docs", docs, "-k", 2, "--json").out)["results"]) == 2


def test_stdin(run, monkeypatch):
    class Stdin:
        buffer = io.BytesIO("\n".join(DOCUMENTS).encode())

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert json.loads(run("rerank", "怎么退货", "--docs", "-", "--json").out)["results"][0]["index"] == 1


def test_jsonl_and_csv_documents_keep_their_ids(run, tmp_path):
    (tmp_path / "d.jsonl").write_text(
        '{"id": "a", "text": "rain"}\n{"id": "b", "title": "退货", "text": "七天"}\n', "utf-8"
    )
    (tmp_path / "d.csv").write_text("id,title,text\na,,rain\nb,退货,七天\n", "utf-8")
    for name in ("d.jsonl", "d.csv"):
        assert json.loads(run("rerank", "退货", "--docs", tmp_path / name, "--json").out)["results"][0]["id"] == "b"


def test_batch_of_pairs(run, tmp_path):
    rows = [
        ("怎么退货", DOCUMENTS[1], "x"),
        ("怎么退货", DOCUMENTS[0], "y"),
        ("when are wages paid", DOCUMENTS[2], "z"),
    ]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("query", "document", "tag"), *rows])
    ran = run("rerank", "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["pairs"] == 3
    scored = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert [row["tag"] for row in scored] == ["x", "y", "z"]
    assert [row["rank"] for row in scored] == ["1", "2", "1"]
    assert float(scored[0]["score"]) > float(scored[1]["score"])


def test_batch_of_lists_in_the_seed_form(run, tmp_path):
    row = {"query": "怎么退货", "documents": DOCUMENTS, "labels": [0, 1, 0]}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n" + json.dumps({"query": "q", "documents": []}) + "\n")
    ran = run("rerank", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert ran.code == 0, ran.err
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert first["ranking"][0] == 1
    assert len(first["scores"]) == 3
    assert first["labels"] == [0, 1, 0]
    assert second["scores"] == second["ranking"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("rerank", "q"), 2, "expected QUERY --docs FILE, or --input FILE --output FILE"),
        (("rerank", "--input", "x.csv"), 2, "a batch takes --input FILE --output FILE"),
        (("rerank", "q", "--dcos", "x"), 2, "--docs"),
        (("rernk", "q"), 2, "Did you mean 'rerank'?"),
        (("rerank", "q", "--docs", "missing.txt"), 1, "missing.txt"),
        (("rerank", "q", "--docs", "."), 1, "director"),
        (("rerank", "", "--docs", "DOCS"), 1, "the query is empty"),
        (("rerank", "q", "--docs", "DOCS", "--model", "tamis-mni"), 1, "Did you mean 'tamis-mini'?"),
        (("rerank", "q", "--docs", "DOCS", "-k", "0"), 2, "-k"),
    ],
)
def test_mistakes_are_one_clear_line(run, docs, arguments, code, message):
    ran = run(*(docs if a == "DOCS" else a for a in arguments))
    assert ran.code == code
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_malformed_jsonl_names_file_and_line(run, tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": \n')
    ran = run("rerank", "q", "--docs", path)
    assert ran.code == 1
    assert f"{path}, line 2" in ran.err


def test_a_batch_row_without_its_field_is_named_and_nothing_is_written(run, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"query": "q", "document": "d"}\n{"query": "q", "doc": "d"}\n')
    ran = run("rerank", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert ran.code == 1
    assert "line 2, field 'document'" in ran.err
    assert not (tmp_path / "out.jsonl").exists()


def test_lone_surrogates_and_nuls_pass_through(run, tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": "a", "text": "a\\u0000b \\ud800 sieve"}\n{"id": "b", "text": "rain"}\n')
    ran = run("rerank", "sieve", "--docs", tmp_path / "d.jsonl", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["results"][0]["id"] == "a"
    assert run("rerank", "sieve", "--docs", tmp_path / "d.jsonl").code == 0


def test_a_calibration_gives_probabilities(run, docs, tmp_path):
    shown = json.loads(run("rerank", "how to return goods", "--docs", docs, "--calibration", "default", "--json").out)
    chances = [row["probability"] for row in shown["results"]]
    assert all(0 <= chance <= 1 for chance in chances) and chances == sorted(chances, reverse=True)
    ran = run("rerank", "q", "--docs", docs, "--model", "e5-small", "--calibration", "default")
    assert ran.code == 1 and "tamis calibrate" in ran.err and "Traceback" not in ran.err
    ran = run("rerank", "q", "--docs", docs, "--calibration", str(tmp_path / "none.json"))
    assert ran.code == 1 and "none.json" in ran.err and "Traceback" not in ran.err


def test_a_batch_from_a_workbook_with_columns_of_its_own_and_rows_set_aside(run, tmp_path):
    rows = [("问题", "答案"), ("怎么退货", DOCUMENTS[1]), (None, "x"), ("怎么退货", DOCUMENTS[0])]
    (tmp_path / "in.xlsx").write_bytes(workbook(rows))
    files = ("--input", tmp_path / "in.xlsx", "--output", tmp_path / "out.csv")
    named = ("--columns", "query=问题,document=答案", "--errors", tmp_path / "errors.jsonl")
    ran = run("rerank", *files, *named)
    assert ran.code == 0, ran.err
    assert ran.err.startswith("2 pairs of 2 rows scored by tamis-mini") and "1 set aside" in ran.err
    scored = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert [row["rank"] for row in scored] == ["1", "2"]
    (error,) = map(json.loads, (tmp_path / "errors.jsonl").read_text("utf-8").splitlines())
    assert error == {"line": 3, "field": "问题", "message": "the query is blank"}
    assert json.loads(run("rerank", *files, *named, "--json").out)["refused"] == 1
    strict = run("rerank", *files, *named[:2])
    assert strict.code == 1 and "line 3, field '问题': the query is blank" in strict.err


def test_a_batch_of_lines_for_one_query(run, docs, tmp_path):
    ran = run(
        "rerank", "怎么退货", "--input", docs, "--output", tmp_path / "out.jsonl", "--errors", tmp_path / "e.jsonl"
    )
    assert ran.code == 0, ran.err
    scored = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["document"] for row in scored if row["rank"] == 1] == [DOCUMENTS[1]]
    assert not (tmp_path / "e.jsonl").exists()


def test_rows_set_aside_are_written_where_none_can_be_used(run, tmp_path):
    (tmp_path / "in.csv").write_text("frage,antwort\nq,d\n", "utf-8")
    ran = run(
        "rerank", "--input", tmp_path / "in.csv", "--output", tmp_path / "o.csv", "--errors", tmp_path / "e.jsonl"
    )
    assert ran.code == 1 and "none of the 1 rows can be used" in ran.err
    assert json.loads((tmp_path / "e.jsonl").read_text("utf-8"))["line"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input", "x.csv", "--output", "o.csv", "--columns", "query"), "expected query=NAME,document=NAME"),
        (("q", "--docs", "d.txt", "--columns", "query=a"), "belong to a batch"),
        (("--input", "x.csv", "--output", "o.csv", "--docs", "d.txt"), "without --docs"),
    ],
)
def test_mistakes_of_a_batch(run, arguments, message):
    ran = run("rerank", *arguments)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
