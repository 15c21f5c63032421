"""``tamis distill``: from lists, or from queries and a corpus, to a student; labels are not needed."""

import json

import pytest

from tamis.score import load_encoder, load_scorer
from tamis.train import agreement

from ..train.teachers import lists, unlabelled

QUICK = ("--max-steps", 2, "--batch-size", 4, "--device", "cpu", "--evaluate-every", 2)


@pytest.fixture(autouse=True)
def no_long_timing(monkeypatch):
    monkeypatch.setattr(agreement, "SECONDS", 0.1)


@pytest.fixture
def data(tmp_path):
    rows = [{"query": one.query, "document": text} for one in unlabelled(16, 0) for text in one.documents]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_unlabelled_pairs_teach_the_teacher_with_fewer_layers(run, tiny_model, data, tmp_path):
    teacher, out = tiny_model("bert"), tmp_path / "small"
    ran = run(
        "distill", "--teacher", teacher, "--data", data, "--layers", 1, "-o", out, "--dev", 0.25, *QUICK, "--json"
    )
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    said = shown["distilled"]
    assert shown["complete"] and shown["options"]["loss"] == {"name": "kl", "temperature": 1.0}
    assert said["teacher"] == "bert" and said["fingerprint"] == load_scorer(teacher).fingerprint
    assert said["labels"] == "teacher" and set(said["agreement"]) == {"bm25", "before", "after"}
    assert list(shown["figures"]["systems"]) == ["random", "bm25", "teacher", "before", "after"]
    assert json.loads((out / "config.json").read_text())["num_hidden_layers"] == 1
    assert load_scorer(out).fingerprint == shown["fingerprint"]
    again = run("distill", "--teacher", teacher, "--data", data, "--layers", 1, "-o", out, *QUICK)
    assert again.code == 1 and "there is a model already" in again.err


def test_queries_and_a_corpus_teach_an_encoder_and_people_read_a_table(run, tiny_model, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    corpus, queries, out = tmp_path / "corpus.txt", tmp_path / "queries.txt", tmp_path / "encoder"
    corpus.write_text("\n".join(dict.fromkeys(text for one in unlabelled(20, 0) for text in one.documents)) + "\n")
    queries.write_text("\n".join(" ".join(one.documents[:2]) for one in unlabelled(16, 1)) + "\n")
    asked = ("--queries", queries, "--corpus", corpus, "--candidates", 6, "--kind", "bi-encoder", "--dev", 0.25)
    ran = run("distill", "--teacher", tiny_model("bert"), *asked, "--base", tiny_model("bi_bert"), "-o", out, *QUICK)
    assert ran.code == 0, ran.err
    for words in ("gain (95 %)", "bert and its student", "agreement (95 %)", "pairs/s"):
        assert words in ran.out
    for words in (
        "all figures say how well the teacher is copied, none how good it is",
        "the student's scores are on that scale",
        "curves.html",
    ):
        assert words in ran.err
    assert "errors.html" not in ran.err and load_encoder(out).dimension == 24
    rows = [json.loads(row) for row in (out / "training" / "teacher.jsonl").read_text().splitlines()]
    assert len(rows) == 16 and all(2 <= len(row["documents"]) <= 6 for row in rows)


def test_an_interrupted_teacher_goes_on_and_another_one_is_refused(run, tiny_model, data, tmp_path):
    out = tmp_path / "out"
    asked = ("--data", data, "--layers", 1, "--dev", 0, "-o", out, *QUICK)
    assert run("distill", "--teacher", tiny_model("bert"), *asked).code == 0
    kept = (out / "training" / "teacher.jsonl").read_text().splitlines(keepends=True)
    (out / "config.json").unlink()  # as if the teacher had been interrupted in its seventh list
    (out / "training" / "teacher.jsonl").write_text("".join(kept[:6]) + kept[6][:20])
    refused = run("distill", "--teacher", tiny_model("bert_sentence_transformers"), *asked)
    assert refused.code == 1 and "these are scores of another teacher (of bert)" in refused.err
    ran = run("distill", "--teacher", tiny_model("bert"), *asked)
    assert ran.code == 0, ran.err
    rows = (out / "training" / "teacher.jsonl").read_text().splitlines(keepends=True)
    assert rows[:6] == kept[:6] and [json.loads(row)["query"] for row in rows] == [
        json.loads(row)["query"] for row in kept
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--layers", 1), 2, "give lists with --data, or --queries with a --corpus"),
        (("--data", "DATA"), 1, "without --base the student begins as its teacher"),
        (("--data", "DATA", "--layers", 9), 1, "layers=9: the base has 3"),
        (("--data", "DATA", "--layers", 1, "--loss", "lambda"), 1, "does not read a teacher's scores"),
        (("--data", "DATA", "--layers", 1, "--kind", "bi-encoder"), 1, "name an encoder with --base"),
        (("--data", "DATA", "--base", "use"), 1, "cannot be trained"),
        (("--queries", "DATA", "--layers", 1), 1, "name a corpus for their candidates (--corpus)"),
        (("--data", "nowhere.jsonl", "--layers", 1), 1, "no such file"),
        (("--data", "DATA", "--layers", 1, "--corpus", "nowhere.jsonl"), 1, "no such file"),
        (("--data", "DATA", "--layers", 1, "--teacher-scale", 0), 1, "by a number above 0"),
        (("--data", "DATA", "--layers", 1, "--teacher-device", "gpu"), 1, "device"),
        (("--data", "DATA", "--layers", 1, "--teacher", "tamis-mnii"), 1, "no model 'tamis-mnii'"),
    ],
)
def test_mistakes_are_one_clear_line(run, tiny_model, data, tmp_path, arguments, code, says):
    given = [data if argument == "DATA" else argument for argument in arguments]
    ran = run("distill", "--teacher", tiny_model("bert"), *given, "-o", tmp_path / "out", *QUICK)
    assert ran.code == code and says in " ".join(ran.err.split()), ran.err
    assert "Traceback" not in ran.err and not (tmp_path / "out" / "config.json").exists()


@pytest.mark.slow
def test_several_processes_share_what_the_teacher_scored_once(run, tiny_model, tmp_path):
    data, out = lists(unlabelled(24, 0), tmp_path / "lists.jsonl"), tmp_path / "out"
    asked = ("--data", data, "--layers", 1, "--dev", 0.25, *QUICK)
    ran = run("distill", "--teacher", tiny_model("bert"), *asked, "-o", out, "--nproc", 2)
    assert ran.code == 0, ran.err
    alone = run("distill", "--teacher", tiny_model("bert"), *asked, "-o", tmp_path / "alone", "--json")
    said = json.loads((out / "training" / "result.json").read_text())
    assert said["distilled"]["pairs"] == json.loads(alone.out)["distilled"]["pairs"]
    assert said["distilled"]["factor"] == json.loads(alone.out)["distilled"]["factor"]
