"""``tamis eval`` on a small set against trec_eval, and ``tamis doctor``."""

import json

import pytest

from tamis.data import read_run

DOCUMENTS = {"d1": "试用期不得超过六个月。", "d2": "七日内可以退货。", "d3": "A tamis is a drum sieve.", "d4": "雨"}


@pytest.fixture
def collection(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    rows = [json.dumps({"id": i, "text": t}) for i, t in DOCUMENTS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(rows))
    queries = {"q1": "试用期多久", "q2": "怎么退货", "q3": "drum sieve", "q4": "nobody judged this"}
    (folder / "queries.jsonl").write_text("\n".join(json.dumps({"id": i, "text": t}) for i, t in queries.items()))
    (folder / "qrels.tsv").write_text("q1\td1\t2\nq1\td2\t0\nq2\td2\t1\nq3\td3\t1\nq3\tgone\t1\n")
    return folder


def test_json_is_the_contract_and_equals_trec_eval(run, collection, tmp_path):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the reference is missing: pip install pytrec-eval-terrier")
    ran = run("eval", collection, "--recall", "bm25", "--run", tmp_path / "run.txt", "--per-query", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert shown["set"] == "small"
    assert shown["system"] == "bm25 > tamis-mini"
    assert shown["queries"] == 3
    assert set(shown["baselines"]) == {"random", "bm25"}
    qrels = {"q1": {"d1": 2, "d2": 0}, "q2": {"d2": 1}, "q3": {"d3": 1, "gone": 1}}
    reference = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "map"}).evaluate(read_run(tmp_path / "run.txt"))
    for query, values in reference.items():
        assert shown["per_query"][query]["ndcg@10"] == pytest.approx(values["ndcg_cut_10"], abs=1e-12)
        assert shown["per_query"][query]["ap"] == pytest.approx(values["map"], abs=1e-12)
    assert shown["ndcg@10"] == pytest.approx(sum(v["ndcg_cut_10"] for v in reference.values()) / 3, abs=1e-12)


def test_candidates_are_all_that_is_ranked(run, collection, tmp_path):
    (collection / "candidates.tsv").write_text("q1\td4\nq1\td1\nq2\td2\nq3\td3\n")
    given = json.loads(run("eval", collection, "--model", "none", "--run", tmp_path / "run", "--json").out)
    assert given["system"] == "candidates"
    assert list(read_run(tmp_path / "run")["q1"]) == ["d4", "d1"]
    reranked = json.loads(run("eval", collection, "--json").out)
    assert reranked["ndcg@10"] > given["ndcg@10"]
    words = json.loads(run("eval", collection, "--recall", "bm25", "--model", "none", "--json").out)
    assert words["ndcg@10"] > given["ndcg@10"]


@pytest.mark.parametrize("recall", ["dense", "hybrid"])
def test_an_index_is_kept_and_used_again(run, collection, tmp_path, recall):
    arguments = ("eval", collection, "--recall", recall, "--model", "none", "--index", tmp_path / "kept", "--json")
    assert json.loads(run(*arguments).out) == json.loads(run(*arguments).out)


def test_candidates_that_name_unknown_documents_are_refused(run, collection):
    (collection / "candidates.tsv").write_text("q1\td1\nq1\tnope\n")
    ran = run("eval", collection)
    assert ran.code == 1
    assert "candidates.tsv" in ran.err
    assert "'nope'" in ran.err


def test_a_set_that_is_no_set(run, tmp_path):
    ran = run("eval", tmp_path)
    assert ran.code == 1
    assert "corpus" in ran.err


def test_a_table_for_people(run, collection):
    ran = run("eval", collection, "--recall", "bm25")
    assert ran.code == 0
    assert "random" in ran.out
    assert "bm25 > tamis-mini" in ran.out


def test_doctor(run):
    ran = run("doctor", "--json")
    assert ran.code == 0, ran.out
    shown = json.loads(ran.out)
    assert shown["ok"]
    assert set(shown["checks"]) >= {"python", "packages", "encoder e5-small", "reranker tamis-mini"}
    assert run("doctor").code == 0


def test_version_and_help(run):
    assert run("--version").out.startswith("tamis ")
    for verb in ("rerank", "index", "search", "eval", "doctor"):
        ran = run(verb, "--help")
        assert ran.code == 0
        assert "Example: tamis" in ran.out
        assert "--json" in ran.out
