"""``tamis gain`` on a small conversational set: the figures of the library, the page, clear errors."""

from __future__ import annotations

import json

import pytest

from tamis.data import Collection
from tamis.gains import Study
from tamis.recall import Index
from tamis.rewrite import Given
from tamis.score import load_scorer

from ..gains.conftest import world
from ..pages import data_of


@pytest.fixture(scope="module")
def ponds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "ponds"
    folder.mkdir()
    made = world()

    def write(name, rows):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    write("corpus.jsonl", ({"id": d.id, "text": d.text} for d in made.documents.values()))
    write("queries.jsonl", ({"id": q.id, "text": q.text, "history": list(q.history)} for q in made.queries))
    write(
        "rewrites.jsonl",
        ({"id": q.id, "text": f"where does the {q.history[0]} {q.text.split()[-1]}"} for q in made.queries),
    )
    rows = [f"{query}\t{doc}\t{grade}\n" for query, grades in made.qrels.items() for doc, grade in grades.items()]
    (folder / "qrels.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


def test_json_is_what_the_study_found(run, ponds):
    ran = run("gain", ponds, "--rewrite", ponds / "rewrites.jsonl", "-k", 20, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    collection = Collection.open(ponds)
    assert collection.queries[0].history == ("carp", "what about it?")
    index = Index.build(collection.documents.values(), encoder=None)
    found = Study(collection, index, Given.open(ponds / "rewrites.jsonl"), load_scorer("tamis-mini"), k=20).run()
    assert {key: shown[key] for key in found.as_json()} == json.loads(json.dumps(found.as_json()))
    assert shown["rewritten"] == 50 and shown["gate"]["rewriting"] == "on"
    assert {one["name"] for one in shown["tests"]} >= {"rewrite", "rerank", "both", "interaction"}
    assert set(shown["lists"]) >= {"worst", "rerank hurts", "rewrite hurts", "near miss", "suspect label"}
    assert set(shown["random"]) == set(shown["systems"]["both"])


def test_a_page_and_a_table_for_people(run, ponds, tmp_path):
    page = tmp_path / "gain.html"
    ran = run("gain", ponds, "--model", "none", "--rewrite", ponds / "rewrites.jsonl", "--html", page, "--lang", "zh")
    assert ran.code == 0, ran.err
    assert "neither" in ran.out and "random" in ran.out and "Holm" in ran.out
    assert "rewriting: on here, because" in ran.err and "would be seen in 80 % of cases" in ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    found = data_of(page.read_text(encoding="utf-8"))
    assert found["language"] == "zh" and found["scorer"] is None and len(found["cases"]) == 50


def test_a_sample_takes_so_many_queries_every_time(run, ponds):
    arguments = ("gain", ponds, "--model", "none", "--sample", 8, "--json")
    one, two = (json.loads(run(*arguments).out) for _ in range(2))
    assert one == two and one["queries"] == 8


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--rewrite", "oracle"), 1, "expected offline, a URL or a file of rewrites, got 'oracle'"),
        (("--sample", 0), 2, "Invalid value for '--sample'"),
        (("--model", "nowhere"), 1, "nowhere"),
        (("--model", "none", "--html", "/nowhere/page.html"), 1, "does not exist"),
        (("--model", "none", "--html", "."), 1, "is a directory"),
    ],
)
def test_a_mistake_is_one_clear_error(run, ponds, arguments, code, says):
    ran = run("gain", ponds, *arguments)
    assert ran.code == code and says in ran.err and "Traceback" not in ran.err


def test_rewrites_of_other_queries_are_refused(run, ponds, tmp_path):
    (tmp_path / "other.jsonl").write_text('{"id": "elsewhere", "text": "how deep is it?"}\n')
    ran = run("gain", ponds, "--model", "none", "--rewrite", tmp_path / "other.jsonl")
    assert ran.code == 1 and "no rewrite is of a judged query" in ran.err


def test_history_that_is_no_list_is_named_with_its_line(run, ponds, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    for name in ("corpus.jsonl", "qrels.tsv"):
        (folder / name).write_text((ponds / name).read_text())
    (folder / "queries.jsonl").write_text('{"id": "q", "text": "it?", "history": "said before"}\n')
    ran = run("gain", folder)
    assert ran.code == 1 and "queries.jsonl, line 1, field 'history'" in ran.err


def test_help(run):
    ran = run("gain", "--help")
    assert ran.code == 0 and "Example: tamis gain" in ran.out and "--json" in ran.out
