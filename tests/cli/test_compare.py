"""``tamis compare``: two runs on the same judgements, as trec_eval measures them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tamis.data import write_qrels, write_run


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    qrels = {f"q{at}": {f"d{doc}": int(rng.random() < 0.3) for doc in range(12)} for at in range(30)}
    for name, noise in (("good.run", 0.3), ("poor.run", 2.0)):
        rows = {q: {d: g + noise * float(rng.normal()) for d, g in grades.items()} for q, grades in qrels.items()}
        write_run(tmp_path / name, rows)
    write_qrels(tmp_path / "qrels.tsv", qrels)
    texts = ["is it safe to wash?", "how do drum sieves work"]
    rows = [json.dumps({"id": name, "text": texts[at % 2]}) for at, name in enumerate(reversed(qrels))]
    (tmp_path / "queries.jsonl").write_text("\n".join(rows))
    return tmp_path


def test_json_has_every_comparison_with_holms_correction(run, files):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the reference is missing: pip install pytrec-eval-terrier")
    from tamis.data import read_qrels, read_run

    command = ("compare", files / "good.run", files / "poor.run", "--qrels", files / "qrels.tsv")
    ran = run(*command, "--queries", files / "queries.jsonl", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    judge = pytrec_eval.RelevanceEvaluator(read_qrels(files / "qrels.tsv"), {"ndcg_cut.10"})
    one, two = (
        {q: v["ndcg_cut_10"] for q, v in judge.evaluate(read_run(files / f"{name}.run")).items()}
        for name in ("good", "poor")
    )
    main = shown["tests"][0]
    assert main["difference"] == pytest.approx(np.mean([one[q] - two[q] for q in one]), abs=1e-12)
    assert main["wins"] + main["losses"] + main["ties"] == main["queries"] == 30
    assert all(test["p_holm"] >= test["p"] for test in shown["tests"])
    # The parts are of the queries' own figures, whatever order the file of queries has.
    asked = {name for at, name in enumerate(reversed(list(one))) if at % 2 == 0}
    (part,) = (test for test in shown["tests"] if (test["kind"], test["part"]) == ("pronoun", "yes"))
    assert part["difference"] == pytest.approx(np.mean([one[q] - two[q] for q in asked]), abs=1e-12)


def test_a_table_for_people(run, files):
    command = ("compare", files / "good.run", files / "poor.run", "--qrels", files / "qrels.tsv")
    ran = run(*command, "--queries", files / "queries.jsonl")
    assert ran.code == 0, ran.err
    assert (
        "A = good.run, B = poor.run" in " ".join(ran.out.split())
        and "hit@1" in ran.out
        and "pronoun: yes (15)" in ran.out
    )
    assert "A won most" in ran.err and max(map(len, ran.out.splitlines())) <= 80


def test_mistakes_are_one_clear_error(run, files):
    qrels = ("--qrels", files / "qrels.tsv")
    ran = run("compare", files / "good.run", files / "gone.run", *qrels)
    assert ran.code == 1 and "no such file" in ran.err
    for lines, says in (("z Q0 d1 1 1.0 t\n", "its first query is 'z'"), ("", "it is empty")):
        (files / "other.run").write_text(lines)
        ran = run("compare", files / "other.run", files / "poor.run", *qrels)
        assert ran.code == 1 and "none of the 30 judged queries is there" in ran.err and says in ran.err
    (files / "few.jsonl").write_text('{"id": "q0", "text": "x"}')
    ran = run("compare", files / "good.run", files / "poor.run", *qrels, "--queries", files / "few.jsonl")
    assert ran.code == 1 and "29 judged queries have no text there, the first is 'q1'" in ran.err
    assert run("compare", files / "good.run", files / "poor.run").code == 2


def test_help(run):
    ran = run("compare", "--help")
    assert ran.code == 0 and "Example: tamis compare" in ran.out and "--json" in ran.out
