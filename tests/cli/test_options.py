"""How a model is run, by options that rerank, search and eval share: each reaches the scorer; JSON carries notes."""

import json

import pytest

from tamis import Document, Query, load_scorer
from tamis.cli.options import Chosen
from tamis.errors import InputError, ModelError
from tamis.score import Passages

QUERY = "What is the capital of France?"
LONG = "Rain fell. " * 80 + "The capital of France is Paris. " + "Rain fell again. " * 80
SHARED = ("--model", "--engine", "--device", "--dtype", "--max-length", "--template", "--passages", "--json")


@pytest.fixture
def docs(tmp_path):
    path = tmp_path / "docs.jsonl"
    rows = [{"id": "long", "text": LONG}, {"id": "short", "text": "Paris."}]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


@pytest.mark.parametrize("verb", ["rerank", "search", "eval"])
def test_every_verb_that_scores_has_them_all(run, verb):
    shown = run(verb, "--help").out
    for option in SHARED:
        assert option in shown


def test_what_is_chosen_is_what_is_loaded(tiny_model):
    folder = tiny_model("qwen3")
    chosen = Chosen(str(folder), engine="torch", dtype="bfloat16", max_length=200, template="qwen3-eval").scorer()
    expected = load_scorer(folder, engine="torch", dtype="bfloat16", max_length=200, template="qwen3-eval")
    assert chosen.fingerprint == expected.fingerprint
    assert Chosen("tamis-mini").scorer() is load_scorer("tamis-mini")
    assert Chosen("none").or_none() is None
    assert isinstance(Chosen("tamis-mini", passages=64).or_none(), Passages)
    with pytest.raises(ModelError, match="no model 'none'"):
        Chosen("none").scorer()
    with pytest.raises(InputError, match="models of this kind can only take"):
        Chosen("tamis-mini", device="cuda").scorer()


def test_rerank_with_a_folder_says_what_was_cut(run, docs, tiny_model):
    folder = tiny_model("bert")
    ran = run("rerank", QUERY, "--docs", docs, "--model", folder, "--engine", "torch", "--max-length", 64, "--json")
    assert ran.code == 0, ran.err
    shown = {row["id"]: row for row in json.loads(ran.out)["results"]}
    assert shown["long"]["notes"]["truncated_tokens"] > 100
    assert shown["short"]["notes"] == {}
    (expected,) = load_scorer(folder, engine="torch", max_length=64).score([(Query(QUERY), Document("", "Paris."))])
    assert shown["short"]["score"] == pytest.approx(expected, abs=1e-5)


def test_rerank_by_passages_says_where_they_stand(run, docs, tiny_model):
    for model in ("tamis-mini", tiny_model("bert")):
        ran = run("rerank", QUERY, "--docs", docs, "--model", model, "--passages", 48, "--json")
        assert ran.code == 0, ran.err
        notes = {row["id"]: row["notes"] for row in json.loads(ran.out)["results"]}
        assert notes["long"]["passages"] > 3
        best = notes["long"]["relevant_spans"][0]
        assert 0 <= best["start"] < best["end"] <= len(LONG)
        assert model != "tamis-mini" or "Paris" in LONG[best["start"] : best["end"]]


def test_a_batch_is_scored_by_the_chosen_model(run, tmp_path, tiny_model):
    (tmp_path / "in.jsonl").write_text(json.dumps({"query": QUERY, "document": "Paris."}) + "\n")
    folder = tiny_model("qwen3")
    common = ("rerank", "--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "--model", folder)
    assert run(*common, "--template", "qwen3-eval").code == 0
    scorer = load_scorer(folder, template="qwen3-eval")
    (expected,) = scorer.score([(Query(QUERY), Document("", "Paris."))])
    assert json.loads((tmp_path / "out.jsonl").read_text())["score"] == pytest.approx(expected, abs=1e-5)


def test_search_and_eval_with_a_folder(run, docs, tmp_path, tiny_model):
    folder = tiny_model("bert")
    assert run("index", tmp_path / "index", "--docs", docs, "--encoder", "none").code == 0
    ran = run("search", tmp_path / "index", "capital Paris", "--model", folder, "--max-length", 32, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["results"][-1]["notes"].keys() | json.loads(ran.out)["results"][0]["notes"].keys() == {
        "truncated_tokens"
    }
    held = tmp_path / "set"
    held.mkdir()
    (held / "corpus.jsonl").write_text(docs.read_text())
    (held / "queries.jsonl").write_text(json.dumps({"id": "q", "text": "capital Paris"}) + "\n")
    (held / "qrels.tsv").write_text("q\tshort\t1\n")
    ran = run("eval", held, "--model", folder, "--max-length", 32, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["notes"] == {"truncated_tokens": 1}


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--engine", "tensorflow"), 2, "--engine"),
        (("--dtype", "float8"), 2, "--dtype"),
        (("--device", "cuda"), 1, "device='cuda'"),
        (("--template", "qwen4"), 1, "template='qwen4'"),
        (("--passages", "3"), 2, "--passages"),
        (("--max-length", "0"), 2, "--max-length"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_one_clear_line(run, docs, options, code, message):
    ran = run("rerank", QUERY, "--docs", docs, *options)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert "Traceback" not in ran.err
