"""``tamis ask``: answers from an index with their sources, by the passages or by a model at a server; errors."""

import json
import sys
from datetime import UTC, datetime

import pytest

from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy

from ..answer.conftest import STREAM, completion, no_key, serve, streamed  # noqa: F401

CORPUS = [
    {"id": "19", "title": "劳动合同法第十九条", "text": "三年以上固定期限的劳动合同，试用期不得超过六个月。"},
    {"id": "sieve", "text": "A tamis is a drum sieve. Cooks press 1,200 grams of purée through it."},
    {"id": "rain", "text": "Rain [bold]fell[/bold] on the tamis all day."},
]


@pytest.fixture
def index(run, tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    assert run("index", tmp_path / "index", "--docs", path, "--encoder", "none").code == 0
    return tmp_path / "index"


@pytest.fixture
def strict(tmp_path):
    Policy(Thresholds(1e6), created=datetime.now(UTC).date().isoformat()).save(tmp_path / "policy.json")
    return tmp_path / "policy.json"


@pytest.mark.parametrize(
    ("query", "answer", "source"),
    [
        ("试用期最长多久？", "三年以上固定期限的劳动合同，试用期不得超过六个月。 [1]", "劳动合同法第十九条"),
        ("what is a tamis?", "A tamis is a drum sieve. [1]", "sieve"),
    ],
)
def test_the_passages_answer_and_the_sources_follow(run, index, query, answer, source):
    ran = run("ask", index, query)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(answer) and ran.out.index("[1]", len(answer)) < ran.out.index(source, len(answer))
    assert ran.err == ""


def test_json(run, index):
    ran = run("ask", index, "what is a tamis?", "--json", "-k", 1)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["text"].startswith("A tamis is a drum sieve. [1]") and found["grounded"]
    assert found["by"] == "extractive:tamis-mini" and found["citations"][0]["id"] == "sieve"
    assert [row["id"] for row in found["decision"]["results"]] == ["sieve"]


def test_other_scorers_and_none(run, index):
    ran = run("ask", index, "tamis sieve", "--model", "e5-small", "--recall", "bm25", "--depth", 2, "--json")
    assert json.loads(ran.out)["by"] == "extractive:e5-small"
    ran = run("ask", index, "tamis sieve", "--model", "none", "--json")
    assert json.loads(ran.out)["citations"][0]["id"] == "sieve"


@pytest.mark.parametrize(
    ("query", "says"), [("试用期？", "我不知道：1 个候选都没有通过"), ("a tamis?", "I don't know: nothing of 2")]
)
def test_a_policy_that_accepts_nothing_is_an_honest_answer(run, index, strict, serve, query, says):  # noqa: F811
    server = serve(lambda sent, n: completion("never"))
    for further in ((), ("--llm", server.url)):
        ran = run("ask", index, query, "--policy", strict, *further)
        assert (ran.code, ran.err) == (0, "") and ran.out.startswith(says) and "threshold" in ran.out
    assert json.loads(run("ask", index, query, "--policy", strict, "--json").out)["abstained"] is True
    assert not server.sent
    assert run("ask", index, "zebra").out == "I don't know: nothing was found\n"


def test_a_model_at_a_server(run, index, serve, monkeypatch):  # noqa: F811
    monkeypatch.setenv("TAMIS_LLM_KEY", "sk-secret")
    said = "Cooks press 1300 grams through a tamis [1]. It rained [9]."
    server = serve(lambda sent, n: completion(said, finish_reason="length"))
    ran = run("ask", index, "what is a tamis?", "--llm", f"{server.url}/v1", "--llm-model", "tiny", "-k", 2)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Cooks press 1300 grams through a tamis [1]. It rained.\n")
    assert ran.err.splitlines() == [
        "not grounded: no cited passage has the words and numbers of the sentence that cites it",
        "cites passages that do not exist: 9",
        "not supported by [1] (number 1300 stands in no cited passage): Cooks press 1300 grams through a tamis [1].",
        "sentences without a citation: 1",
        "the answer was ended by the limit of its length",
    ]
    (sent,) = server.sent
    assert sent.headers["authorization"] == "Bearer sk-secret" and sent.body["model"] == "tiny"
    assert "[1] A tamis" in sent.body["messages"][1]["content"] and "[2]" in sent.body["messages"][1]["content"]
    found = json.loads(run("ask", index, "what is a tamis?", "--llm", server.url, "--json").out)
    assert found["by"] == "written" and not found["grounded"] and found["unknown"] == [9]


def test_on_a_terminal_it_streams(run, index, serve, monkeypatch):  # noqa: F811
    server = serve(lambda sent, n: (200, streamed("A drum ", "sieve \x1b[2J", "[1]."), STREAM))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = run("ask", index, "what is a tamis?", "--llm", server.url)
    assert ran.code == 0, ran.err
    assert server.bodies[0]["stream"] is True
    assert ran.out.startswith("A drum sieve \ufffd[2J[1].\n") and "sources" in ran.out and "\x1b[2J" not in ran.out


def test_a_stream_that_breaks_off_ends_its_line_and_is_one_clear_error(run, index, serve, monkeypatch):  # noqa: F811
    server = serve(lambda sent, n: (200, streamed("A drum ", done=False), STREAM))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = run("ask", index, "what is a tamis?", "--llm", server.url)
    assert (ran.code, ran.out) == (1, "A drum \n")
    assert ran.err.startswith("error: ") and "broke off its answer" in ran.err and ran.err.count("\n") == 1


def test_texts_are_no_markup(run, index):
    assert "Rain [bold]fell[/bold]" in run("ask", index, "rain fell").out.split("sources")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("NOWHERE", "q"), 1, "does not exist"),
        (("INDEX", " "), 1, "the query is empty"),
        (("INDEX", "tamis", "--llm-model", "x"), 2, "expected --llm URL"),
        (("INDEX", "tamis", "--llm", "127.0.0.1:9"), 1, "URL must be http:// or https://"),
        (("INDEX", "tamis", "--llm", "SERVER"), 1, "status 500: oom; see the server's log"),
        (("INDEX", "tamis", "--policy", "NOWHERE"), 1, "policy"),
    ],
)
def test_mistakes_are_one_clear_line(run, index, serve, tmp_path, arguments, code, says):  # noqa: F811
    server = serve(lambda sent, n: (500, {"error": "oom"}))
    places = {"INDEX": index, "NOWHERE": tmp_path / "policy-none", "SERVER": server.url}
    ran = run("ask", *(places.get(a, a) for a in arguments))
    assert ran.code == code and says in ran.err and "Traceback" not in ran.err
    assert ran.out == ""
