"""``tamis data derive``: pairs from documents, lists from clicks; counts, origins, and one clear line for a mistake."""

import json

import pytest

from tamis.data import read_training

from ..score.remote.conftest import serve  # noqa: F401

CORPUS = [
    {
        "id": "care",
        "title": "Caring for a drum sieve",
        "text": "Rinse the drum sieve. Why dry a sieve? It rusts if it is left wet.",
    },
    {"id": "tamis", "text": "A tamis is a drum sieve that cooks press purées and farces through."},
    {"id": "law", "title": "第十九条", "text": "试用期是指用人单位与劳动者相互考察的期间，最长不得超过六个月。"},
    {"id": "short", "title": "Short", "text": "Too short."},
]


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def docs(tmp_path):
    path = tmp_path / "docs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    return path


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    lines = ["query,document,position,clicked,session,dwell", "sieve,care,1,0,1,", "sieve,tamis,2,1,1,50"]
    path.write_text("\n".join([*lines, "sieve,law,3,0,1,", "sieve,care,1,1,2,2", "probation,law,1,1,3,9"]) + "\n")
    return path


def test_titles_and_questions_with_their_origin(run, docs, tmp_path):
    out = tmp_path / "pairs.jsonl"
    ran = run("data", "derive", docs, "-o", out, "--from", "titles", "--from", "questions", "--json")
    assert ran.code == 0, ran.err
    shown, made = json.loads(ran.out), rows(out)
    assert shown["documents"] == 4 and shown["pairs"] == len(made) == sum(shown["origins"].values())
    assert {"title", "question", "definition"} <= set(shown["origins"])
    found = {row["query"]: row for row in made}
    assert found["Caring for a drum sieve"]["source"] == "care"
    assert found["Why dry a sieve?"]["document"] == "Rinse the drum sieve. It rusts if it is left wet."
    assert found["what is a tamis"]["origin"] == found["什么是试用期"]["origin"] == "definition"
    assert "第十九条" not in found and shown["removed"]["no word of the title in the text"] >= 1
    assert all(example.labels == (1.0,) * len(example.documents) for example in read_training(out))
    assert run("mine", out, "-o", tmp_path / "m.jsonl", "--by", "random").code == 0


def test_a_table_quotes_one_pair_of_each_origin(run, docs, tmp_path):
    ran = run("data", "derive", docs, "-o", tmp_path / "p.jsonl", "--from", "titles", "--keep-top", 0)
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())
    assert "documents 4" in said and "title: Caring for a drum sieve" in said


def test_the_round_trip_can_be_narrowed(run, docs, tmp_path):
    counts = []
    for top in (0, 1):
        ran = run(
            "data", "derive", docs, "-o", tmp_path / "p.jsonl", "--from", "questions", "--keep-top", top, "--json"
        )
        counts.append(json.loads(ran.out)["pairs"])
    assert counts[0] >= counts[1] > 0


def test_a_language_model(run, docs, tmp_path, serve, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    questions = {"drum sieve that cooks": "What do cooks press through it?", "试用期": "试用期最长多久？"}

    def answer(sent, n):
        text = sent.body["messages"][1]["content"]
        said = next((question for part, question in questions.items() if part in text), "no questions")
        return {"choices": [{"message": {"content": json.dumps([said])}}]}

    server = serve(answer)
    out = tmp_path / "p.jsonl"
    asked = ("--from", "llm", "--llm", server.url, "--llm-model", "tiny", "--per-document", 1, "--json")
    ran = run("data", "derive", docs, "-o", out, *asked)
    assert ran.code == 0, ran.err
    assert {row["query"] for row in rows(out)} >= set(questions.values())
    assert json.loads(ran.out)["origins"].keys() == {"model"}
    assert server.sent[0].headers["authorization"] == "Bearer sk-secret" and server.sent[0].body["model"] == "tiny"


def test_clicks_become_lists(run, log, docs, tmp_path):
    out = tmp_path / "lists.jsonl"
    ran = run("data", "derive", log, "-o", out, "--from", "clicks", "--dwell", 5, "--docs", docs, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["counted"]["satisfied"] == 2
    found = {row["query"]: row for row in rows(out)}
    assert found["sieve"]["labels"] == [0, 1] and found["sieve"]["documents"][1].startswith("A tamis is")
    assert found["sieve"]["weights"][1] == pytest.approx(1.2)  # raw weights 2, 2 (1 / .5) and 1: their mean is 5 / 3
    ran = run("data", "derive", log, "-o", out, "--from", "clicks", "--labels", "bound", "--eta", 0.5)
    assert ran.code == 0 and "queries 2 labels 4 impressions 5" in " ".join(ran.out.split())
    assert all(0 <= label < 1 for row in rows(out) for label in row["labels"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("DOCS", "-o", "OUT", "--from", "title"), 2, "expected one of titles, questions, llm, clicks, got 'title'"),
        (("DOCS", "-o", "OUT"), 2, "--from"),
        (("DOCS", "-o", "OUT", "--from", "clicks", "--from", "titles"), 2, "run it twice"),
        (("DOCS", "-o", "OUT", "--from", "llm"), 2, "--from llm needs a server: --llm URL"),
        (("DOCS", "-o", "OUT", "--from", "llm", "--llm", "localhost:80"), 1, "URL must be http"),
        (("DOCS", "-o", "OUT", "--from", "titles", "--min-query", 9, "--max-query", 3), 1, "lengths must be"),
        (("DOCS", "-o", "OUT.csv", "--from", "titles"), 1, "expected a name that ends in .jsonl"),
        (("nowhere", "-o", "OUT", "--from", "titles"), 1, "no such file"),
        (("DOCS", "-o", "OUT", "--from", "clicks"), 1, "docs.jsonl, line 1, field 'query': missing"),
        (("DOCS", "-o", "OUT", "--from", "titles", "--min-document", 99), 1, "no pair comes from 4 documents: "),
        (("LOG", "-o", "OUT", "--from", "clicks", "--column", "doc=x"), 1, "expected NAME=COLUMN"),
        (("LOG", "-o", "OUT", "--from", "clicks", "--min-impressions", 9), 1, "no query gets a label from this log"),
    ],
)
def test_mistakes_are_one_clear_line_and_leave_nothing(run, docs, log, tmp_path, arguments, code, says):
    places = {"DOCS": docs, "LOG": log, "OUT": tmp_path / "out.jsonl", "OUT.csv": tmp_path / "out.csv"}
    ran = run("data", "derive", *(places.get(argument, argument) for argument in arguments))
    assert ran.code == code and says in " ".join(ran.err.split()), ran.err
    assert "Traceback" not in ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"docs.jsonl", "log.csv"}
