"""``tamis data``: checked, converted and split through the real command line; bad data leave nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tamis.data import Example, read_training, write_examples

from ..data.said import said

BAD = {
    "missing columns": (b"query,txt,label\nq,a,1\nq,b,0\n", "unknown form: found the columns query, txt, label"),
    "a column misspelt": (b"query,document,lable\nq,a,1\nq,b,0\n", "neither a label nor a teacher's score"),
    "all negative": (b"query,document,label\nq,a,0\np,b,0\n", "queries without a positive document: 2"),
    "contradictory": (b"query,document,label\nq,a,1\nQ,a,0\n", "line 2: query 'q', document 'a': 1 here, 0 on line 3"),
    "not UTF-8": ("query,document,label\nq,caf\u00e9 cr\u00e8me,1\n".encode("latin-1"), "neither UTF-8 nor GB18030"),
    "cells": (b"query,document,label\nq,a,1\nq,b\nq,c,x\n", "rows that cannot be read, left out of this report: 2"),
    "empty": (b"", "there are no rows"),
}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    rows = [f"query {n},{text},{label}" for n in range(40) for text, label in ((f"good {n}", 1), ("bad", 0))]
    path.write_text("\n".join(["query,document,label", *rows, ""]))
    return path


@pytest.mark.parametrize("case", BAD)
def test_bad_data_are_told_clearly_and_nothing_is_written(run, tmp_path: Path, case: str) -> None:
    content, message = BAD[case]
    source = tmp_path / "bad.csv"
    source.write_bytes(content)
    checked = run("data", "check", source)
    assert checked.code == 1 and checked.err == ""
    assert message in " ".join(checked.out.split())
    split = run("data", "split", source, "-o", tmp_path / "sides")
    assert split.code == 1 and split.err.startswith("error: ") and split.err.count("\n") == 1
    converted = run("data", "convert", source, tmp_path / "out.jsonl", "--to", "triplets")
    assert converted.code == 1 and converted.err.startswith("error: ") and converted.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"query,positive_doc,negative_doc\nq,a,\np,b,c\n", "queries without a negative document: 1"),
        (b'{"query": "q", "pos": ["a"], "neg": []}\n{"query": "p", "pos": ["b"], "neg": []}\n', "document: 2"),
    ],
)
def test_empty_negatives_and_all_positive_queries_are_warnings(run, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "data").write_bytes(content)
    ran = run("data", "check", tmp_path / "data")
    assert ran.code == 0 and says in ran.out and "find some with tamis mine" in " ".join(ran.out.split())


def test_a_clean_file_and_its_figures(run, labels: Path) -> None:
    ran = run("data", "check", labels)
    assert ran.code == 0 and "nothing to complain about" in ran.out and "80, of which 40 positive" in ran.out
    found = json.loads(run("data", "check", labels, "--json").out)
    assert (found["ok"], found["findings"], found["counts"]["pairs"]) == (True, [], 80)


def test_a_report_names_places_safely(run, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    rows = [{"query": "[bold]q\u001b[31m", "document": "[/red]", "label": label} for label in (1, 0)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = run("data", "check", path)
    assert ran.code == 1 and "[bold]q" in ran.out and "[/red]" in ran.out and "\u001b" not in ran.out


def test_leaks_are_an_error(run, labels: Path, tmp_path: Path) -> None:
    other = tmp_path / "dev.csv"
    other.write_text("query,document,label\nQuery 3,x,1\nquery x,bad,0\n")
    ran = run("data", "check", labels, "--against", other)
    assert ran.code == 1 and "queries on both sides: 1" in ran.out and "(of 41 here): 1" in ran.out


def test_converted_there_and_back(run, labels: Path, tmp_path: Path) -> None:
    before = labels
    for word, ending in (
        ("triplets", ".csv"),
        ("messages", ".jsonl"),
        ("ms-swift3", ".jsonl.gz"),
        ("sentence-transformers", ".tsv"),
        ("flagembedding", ".jsonl"),
        ("lists", ".csv.gz"),
        ("pairs", ".jsonl"),
    ):
        after = tmp_path / f"{word}{ending}"
        ran = run("data", "convert", before, after, "--to", word)
        assert (ran.code, ran.out) == (0, "") and ran.err.startswith(f"{after}: 40 queries in ")
        before = after
    assert said(read_training(before)) == said(read_training(labels))


def test_several_files_are_read_as_one(run, labels: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("query,document,label\nquery 1,more,1\nnew,x,1\n")
    ran = run("data", "convert", labels, more, tmp_path / "all.jsonl", "--to", "lists", "--json")
    assert json.loads(ran.out) == {
        "path": str(tmp_path / "all.jsonl"), "form": "lists", "queries": 41, "rows": 41, "lost": {}
    }  # fmt: skip
    assert read_training(tmp_path / "all.jsonl")[1].documents == ("good 1", "bad", "more")


def test_losses_are_refused_or_told(run, tmp_path: Path) -> None:
    source, target = tmp_path / "graded.jsonl", tmp_path / "out.jsonl"
    write_examples(source, [Example("q", ("a", "b"), (3.0, 0.0), scores=(1.0, 0.0)), Example("p", ("a",), (0.0,))])
    ran = run("data", "convert", source, target, "--to", "triplets")
    assert ran.code == 1 and not target.exists()
    assert "Forms that can: sentence-transformers-scores, sentence-transformers-labels, lists, pairs" in ran.err
    ran = run("data", "convert", source, target, "--to", "triplets", "--lossy")
    assert ran.code == 0
    assert "lost: no positive, of 1 queries\nlost: grades, of 1 queries\nlost: scores, of 1 queries\n" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("convert", "in.csv", "out.jsonl", "--to", "triplet"), "Did you mean 'triplets'?"),
        (("convert", "in.csv", "out.xlsx", "--to", "pairs"), "expected a name that ends in .jsonl, .csv, .tsv"),
        (("convert", "nothing.csv", "out.csv", "--to", "pairs"), "no such file"),
        (("convert", "in.csv", "no/folder/out.csv", "--to", "pairs"), "does not exist"),
        (("split", "in.csv", "--dev", "1.5", "-o", "sides"), "must lie between 0 and 1, got 1.5"),
        (("split", "in.csv", "-o", "."), "is there already"),
        (("check", "nothing.csv"), "no such file"),
    ],
)
def test_mistakes_are_one_line(run, labels: Path, monkeypatch, arguments: tuple[str, ...], message: str) -> None:
    monkeypatch.chdir(labels.parent)
    labels.rename("in.csv")
    ran = run("data", *arguments)
    assert ran.code == 1 and message in ran.err and ran.err.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["in.csv"]


def test_a_split_by_query_and_by_document(run, labels: Path, tmp_path: Path) -> None:
    ran = run("data", "split", labels, "--dev", "0.25", "-o", tmp_path / "sides")
    assert ran.code == 0 and "1 documents stand on both sides; --by document keeps each on one side" in ran.err
    sides = [read_training(tmp_path / "sides" / f"{name}.jsonl") for name in ("train", "dev")]
    assert said([*sides[0], *sides[1]]) == said(read_training(labels)) and 3 <= len(sides[1]) <= 17
    ran = run("data", "split", labels, "--by", "document", "-o", tmp_path / "more")
    assert ran.code == 1 and "the smallest group of queries that share documents has 40 of 40" in ran.err
    apart = tmp_path / "apart.jsonl"
    write_examples(apart, [Example(f"q{n}", (f"d{n // 2}",), (1.0,)) for n in range(40)])
    ran = run("data", "split", apart, "--by", "document", "-o", tmp_path / "more", "--json")
    found = json.loads(ran.out)
    assert found["shared_documents"] == 0 and [one["queries"] for one in found["files"]] == [36, 4]
    assert (
        run("data", "check", tmp_path / "more" / "train.jsonl", "--against", tmp_path / "more" / "dev.jsonl").code == 0
    )


def test_a_sets_unjudged_candidates_are_negatives_when_asked(run, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n')
    (folder / "queries.jsonl").write_text('{"id": "1", "text": "q"}\n')
    (folder / "qrels.tsv").write_text("1\ta\t1\n")
    (folder / "candidates.tsv").write_text("1\ta\n1\tb\n")
    for unjudged, labels in (("ignore", (1.0,)), ("negative", (1.0, 0.0))):
        out = tmp_path / f"{unjudged}.jsonl"
        assert run("data", "convert", folder, out, "--to", "lists", "--unjudged", unjudged).code == 0
        assert read_training(out)[0].labels == labels


@pytest.mark.parametrize("verb", ["check", "convert", "split"])
def test_help_has_an_example(run, verb: str) -> None:
    ran = run("data", verb, "--help")
    assert ran.code == 0 and f"Example: tamis data {verb} " in ran.out
