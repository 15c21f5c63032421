"""``tamis rewrite``, and ``--rewrite`` of search and ask: the contract's JSON, files of turns, one line a mistake."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ..answer.conftest import completion, no_key, serve  # noqa: F401

QUESTION, HISTORY, MEANT = "它能治吗？", "喉癌是什么？", "喉癌能治吗？"
CORPUS = [
    {"id": "cure", "text": "喉癌的治疗以手术和放疗为主。"},
    {"id": "tumour", "text": "喉部恶性肿瘤能否治愈，取决于分期。"},
    {"id": "rain", "text": "它下了一整天的雨。"},
]


def meant(sent, n):
    """A model that puts the topic of the conversation in the pronoun's place."""
    user = sent.body["messages"][1]["content"]
    text = user.rsplit("\n", 1)[1].replace("它", "喉癌") if "喉癌" in user else user.rsplit("\n", 1)[1]
    change = {"before": "它", "after": "喉癌", "why": "代词[1]指喉癌"}
    answer = {"standalone": text, "variants": ["喉癌可以治愈吗？"] if "喉癌" in text else [], "changes": [change]}
    return completion(json.dumps(answer))


@pytest.fixture
def index(run, tmp_path):
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    assert run("index", tmp_path / "index", "--docs", path, "--encoder", "none").code == 0
    return tmp_path / "index"


@pytest.fixture
def turns(tmp_path):
    path = tmp_path / "turns.jsonl"
    rows = [{"id": n, "history": [HISTORY] * (n % 2), "question": f"它{n}期能治吗？"} for n in range(9)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_json_is_the_contract(run, serve):  # noqa: F811
    server = serve(meant)
    ran = run(
        "rewrite",
        QUESTION,
        "--history",
        "在吗",
        "--history",
        HISTORY,
        "--llm",
        server.url,
        "--llm-model",
        "m",
        "--json",
    )
    assert (ran.code, ran.err) == (0, "")
    change = {"kind": "model", "before": "它", "after": "喉癌", "why": "代词[1]指喉癌"}
    found = json.loads(ran.out)
    assert found.keys() == {"query", "rewrite", "changed", "variants"}
    assert (found["query"], found["rewrite"], found["changed"]) == (QUESTION, MEANT, True)
    assert found["variants"][0] == {"text": MEANT, "changes": [change]}
    assert [one["text"] for one in found["variants"]] == [MEANT, "喉癌可以治愈吗？"]
    assert server.bodies[0]["model"] == "m" and "- 在吗\n- 喉癌是什么？" in server.bodies[0]["messages"][1]["content"]


def test_without_a_model(run):
    found = json.loads(run("rewrite", "退货要几天", "--json", "--variants", 1).out)
    assert found["query"] == "退货要几天" and len(found["variants"]) == 1
    ran = run("rewrite", "退货要几天")
    assert ran.code == 0 and "退货要几天" in ran.out and "[offline]" in ran.out and ran.err == ""


def test_your_own_dictionaries(run, tmp_path, serve):  # noqa: F811
    ours = tmp_path / "ours.tsv"
    ours.write_text("entity\t报销\t员工差旅发票报销\n", "utf-8")
    asked = ("rewrite", "报销要几天", "--terms", ours, "--json")
    found = json.loads(run(*asked).out)
    assert found["rewrite"] == "员工差旅发票报销要几天"
    assert found["variants"][0]["changes"][0]["kind"] == "entity"
    server = serve(lambda sent, n: (500, {"error": "oom"}))
    found = json.loads(run(*asked, "--llm", server.url).out)
    assert found["rewrite"] == "员工差旅发票报销要几天", "what answers in the model's place has them, too"
    assert "报销: 员工差旅发票报销" in server.bodies[0]["messages"][1]["content"]
    ours.write_text("entity\t报销\n", "utf-8")
    ran = run(*asked)
    assert ran.code == 1 and "ours.tsv, line 1" in ran.err


def test_a_table_for_people(run, serve):  # noqa: F811
    ran = run("rewrite", QUESTION, "--history", HISTORY, "--llm", serve(meant).url)
    assert ran.code == 0 and MEANT in ran.out and "它 → 喉癌" in ran.out and "代词[1]指喉癌" in ran.out


def test_a_server_that_fails_costs_nothing_but_says_so(run, serve):  # noqa: F811
    ran = run("rewrite", QUESTION, "--llm", serve(lambda sent, n: (500, {"error": "oom"})).url, "--json")
    (first, *_) = json.loads(ran.out)["variants"]
    assert ran.code == 0 and "status 500: oom" in first["changes"][-1]["why"]


@pytest.mark.parametrize("llm", [False, True])
def test_a_file_of_turns(run, turns, tmp_path, serve, llm):  # noqa: F811
    by = ("--llm", serve(meant).url) if llm else ()
    ran = run("rewrite", "--input", turns, "--output", tmp_path / "out.jsonl", "--json", *by)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert told["rows"] == 9 and told["by"] == ("llm" if llm else "offline")
    assert told["changed"] == sum(row["changed"] for row in rows)
    assert [row["id"] for row in rows] == list(range(9))
    for row in rows:
        assert row["question"] == f"它{row['id']}期能治吗？" and row["rewrite"] == row["variants"][0]
        assert row["changed"] is (row["rewrite"] != row["question"])
        if llm:
            assert row["changed"] is (row["history"] == [HISTORY])
    if llm:
        assert told["model"] == {"asked": 9}
        ran = run("rewrite", "--input", turns, "--output", tmp_path / "out.jsonl", *by)
        assert ran.err.startswith("4 of 9 questions rewritten by llm (9 asked): ")


def test_from_standard_input_to_standard_output(run, turns, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(turns.read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin())
    ran = run("rewrite", "--input", "-", "--output", "-")
    assert ran.code == 0 and [json.loads(line)["id"] for line in ran.out.splitlines()] == list(range(9))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "expected QUERY"),
        ((" ",), 1, "the query is empty"),
        (("q", "--output", "OUT"), 2, "expected QUERY"),
        (("--input", "TURNS"), 2, "a batch takes"),
        (("q", "--input", "TURNS", "--output", "OUT"), 2, "a batch takes"),
        (("--input", "TURNS", "--output", "OUT", "--history", "x"), 2, "a batch takes"),
        (("q", "--llm-model", "m"), 2, "expected --llm URL"),
        (("q", "--glossary", "TURNS"), 2, "expected --llm URL"),
        (("q", "--llm", "127.0.0.1:9"), 1, "URL must be http:// or https://"),
        (("q", "--llm", "http://127.0.0.1:9", "--glossary", "OUT"), 1, "no such file"),
        (("q", "--variants", "0"), 2, "--variants"),
        (("--input", "OUT", "--output", "OUT"), 1, "no such file"),
        (("--input", "BAD", "--output", "OUT"), 1, "bad.jsonl, line 2, field 'question': missing"),
        (("--input", "TURNS", "--output", "CSV"), 1, "ends in .jsonl"),
    ],
)
def test_mistakes_are_one_clear_line(run, turns, tmp_path, arguments, code, says):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"question": "a"}\n{"query": "b"}\n')
    places = {"TURNS": turns, "OUT": tmp_path / "out.jsonl", "CSV": tmp_path / "out.csv", "BAD": bad}
    ran = run("rewrite", *(places.get(a, a) for a in arguments))
    assert ran.code == code and says in ran.err and "Traceback" not in ran.err and ran.out == ""
    assert not (tmp_path / "out.jsonl").exists()


def test_search_as_the_conversation_means_it(run, index, serve):  # noqa: F811
    server = serve(meant)
    ran = run(
        "search", index, QUESTION, "--rewrite", server.url, "--rewrite-model", "m", "--history", HISTORY, "--json"
    )
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert (found["query"], found["source"]) == (MEANT, QUESTION)
    assert {row["id"] for row in found["results"]} == {"cure", "tumour"}
    assert [one["text"] for one in found["results"][0]["notes"]["variants"]] == [MEANT, "喉癌可以治愈吗？"]
    assert server.bodies[0]["model"] == "m"


def test_ask_as_the_conversation_means_it(run, index, serve):  # noqa: F811
    server = serve(meant)
    ran = run("ask", index, QUESTION, "--rewrite", server.url, "--history", HISTORY, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["decision"]["query"] == MEANT and found["citations"][0]["id"] in ("cure", "tumour")


def test_without_rewriting_a_search_is_what_it_was(run, index):
    found = json.loads(run("search", index, QUESTION, "--json").out)
    assert "source" not in found and all("variants" not in row["notes"] for row in found["results"])
    offline = run("search", index, "喉癌", "--rewrite", "offline", "--json")
    assert offline.code == 0 and json.loads(offline.out)["results"]


@pytest.mark.parametrize("verb", ["search", "ask"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--history", "x"), "expected --rewrite offline"),
        (("--rewrite-model", "m"), "expected --rewrite URL"),
        (("--rewrite", "offline", "--rewrite-model", "m"), "expected --rewrite URL"),
    ],
)
def test_options_that_nothing_reads_are_refused(run, index, verb, arguments, says):
    ran = run(verb, index, "q", *arguments)
    assert ran.code == 2 and says in ran.err.replace("\n", " ") and ran.out == ""


def test_serve_refuses_a_model_without_its_server(run):
    pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')
    ran = run("serve", "--rewrite-model", "m")
    assert ran.code == 1 and "rewrite.model is for a language model: expected rewrite.url" in ran.err
