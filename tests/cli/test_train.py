"""``tamis train``: from a file to a model; whatever stops it, it goes on to the same end; one clear line a mistake."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

import numpy as np  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from tamis import load_scorer  # noqa: E402

from ..score.tiny_files import edit  # noqa: E402
from ..train.rules import learnable, pairs, written  # noqa: E402
from ..train.runs import copied, small_bert  # noqa: E402

QUICK = ("--rate", "4e-3", "--batch-size", "8", "--documents", "4", "--patience", "0")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("TAMIS_THREADS", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A small reranker with dropout."""
    folder = small_bert(tmp_path_factory.mktemp("base") / "small-bert")
    return edit(folder / "config.json", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return written(learnable(60, 2), tmp_path_factory.mktemp("data") / "labels.jsonl")


def rows(out):
    """Step and loss of every step, and every measurement, in the log's order."""
    lines = (out / "training/log.jsonl").read_text("utf-8").splitlines()
    return [(row["step"], row.get("loss"), row.get("dev")) for row in map(json.loads, lines)]


def asked(data, base, out, *more):
    return [*map(str, ("train", "--data", data, "--base", base, "-o", out)), *QUICK, *map(str, more)]


def test_a_model_and_all_that_goes_with_it(run, data, base, tmp_path):
    out = tmp_path / "deep" / "er" / "model"
    ran = run(*asked(data, base, out, "--max-steps", 12, "--dev", 0.3, "--json"))
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert (
        shown["complete"] and shown["steps"] == 12 and shown["counts"]["queries"] + shown["counts"]["dev_queries"] == 60
    )
    assert {path.name for path in (out / "training").iterdir()} >= {
        "log.jsonl",
        "curves.html",
        "errors.html",
        "result.json",
    }
    assert not (out / "training/checkpoints").exists() and (out / "README.md").is_file()
    assert [step for step, loss, _ in rows(out) if loss is not None] == list(range(1, 13))
    assert len(load_scorer(out).score(pairs(learnable(2, 5)))) == 12
    again = run(*asked(data, base, out, "--max-steps", 12))
    assert again.code == 1 and "there is a model already" in again.err
    again = run(*asked(data, base, out, "--max-steps", 12, "--resume"))
    assert again.code == 1 and "there is a model already" in again.err


def started(arguments):
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from tamis.cli.app import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process, out, step):
    """Wait until the log shows a step."""
    log, end = out / "training/log.jsonl", time.monotonic() + 120
    while not log.exists() or f'"step": {step},' not in log.read_text("utf-8"):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.005)


def same_model(one, other):
    left, right = load_file(one / "model.safetensors"), load_file(other / "model.safetensors")
    assert left.keys() == right.keys()
    for name, tensor in left.items():
        np.testing.assert_array_equal(tensor, right[name], err_msg=name)


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_to_the_same_end(run, data, base, tmp_path):
    """SIGKILL between two checkpoints, with dropout; every loss, every measurement and every weight is the same."""
    settings = ("--max-steps", 24, "--evaluate-every", 4, "--checkpoint-every", 5, "--dev", 0.3)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(*asked(data, base, whole, *settings)).code == 0
    process = started(asked(data, base, killed, *settings))
    until(process, killed, 13)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL and not (killed / "config.json").exists()
    with (killed / "training/log.jsonl").open("a", encoding="utf-8") as out:
        out.write('{"step": 99, "lo')  # a row that was being written
    refused = run(*asked(data, base, killed, *settings))
    assert refused.code == 1 and "a training was begun here: go on with --resume" in refused.err
    assert run(*asked(data, base, killed, *settings, "--resume")).code == 0
    assert rows(killed) == rows(whole)
    same_model(killed, whole)
    results = [json.loads((out / "training/result.json").read_text("utf-8")) for out in (whole, killed)]
    for name in ("fingerprint", "best_step", "steps", "data", "dev", "options", "refit"):
        assert results[0][name] == results[1][name], name


def stopped(number, data, base, out):
    """A run of thousands of steps that was asked to stop at once: its command line's rest, and where it stood."""
    settings = ("--max-steps", 2000, "--evaluate-every", 2000, "--dev", 0)
    process = started(asked(data, base, out, *settings))
    until(process, out, 3)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == 130, said
    first, last = said.splitlines()[0], said.splitlines()[-1]
    assert "stopping after this step, with a checkpoint" in first
    done = int(last.removeprefix("stopped after step ").split(";")[0])
    assert last.endswith("go on with the same command and --resume")
    assert [path.name for path in (out / "training/checkpoints").glob("step-*")] == [f"step-{done:08d}"]
    assert rows(out)[-1][0] == done and not (out / "config.json").exists()
    return settings


def test_asked_to_stop_it_writes_a_checkpoint_with_which_nothing_else_goes_on(run, data, base, tmp_path, capsys):
    out, other = tmp_path / "model", written(learnable(60, 3), tmp_path / "other.jsonl")
    settings = stopped(signal.SIGINT, data, base, out)
    another = edit(copied(base, tmp_path / "another") / "config.json", hidden_act="relu")
    turned = tmp_path / "turned.jsonl"
    turned.write_text("".join(sorted(data.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    for arguments, said in (
        (asked(other, base, out, *settings), "other data"),
        (asked(data, another, out, *settings), "other base"),
        (asked(data, base, out, *settings, "--seed", 1), "other options"),
        (asked(data, base, out, *settings, "--layers", 1), "other base, options"),
        (asked(data, base, out, *settings, "--dev", 0.3), "other data, dev"),
        (asked(turned, base, out, *settings, "--max-steps", 3), "other options"),  # another order is no other data
    ):
        ran = run(*arguments, "--resume")
        assert ran.code == 1 and ran.err.startswith("error: ") and ran.err.count("\n") == 1, ran.err
        assert f"of a run with {said}: go on with the same, or train into another folder" in ran.err


@pytest.mark.slow
def test_sigterm_is_as_ctrl_c(data, base, tmp_path):
    stopped(signal.SIGTERM, data, base, tmp_path / "model")


GOOD = {"query": "q", "document": "d", "label": 1}


@pytest.mark.parametrize(
    ("name", "content", "more", "said"),
    [
        ("a.csv", "query,text\nq,d\n", (), "query"),
        ("a.jsonl", '{"query": "q", "positive": ["a"], "negative": []}\n', ("--dev", 0), "negative"),
        ("a.jsonl", json.dumps(GOOD) + "\n" + json.dumps(GOOD | {"label": 0}) + "\n", (), "contradictory labels"),
        ("a.csv", "query,document,label\ncaf\xe9,d,1\n".encode("latin-1"), (), "UTF-8"),
        ("a.jsonl", "", (), "no rows"),
        ("a.jsonl", '{"query": "q", "document": "d", "label": 0}\n', (), "no query has a positive document"),
        ("a.jsonl", '{"query": "q", "document": "d"\n', (), "line 1"),
        (
            "a.jsonl",
            "".join(json.dumps(GOOD | {"query": f"q{n}"}) + "\n" for n in range(9)),
            (),
            "dev queries has both",
        ),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0), "learns nothing"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 1.5), "between 0 and 1"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", "none.jsonl"), "none.jsonl"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--loss", "kl"), "learns from a teacher's scores"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--loss", "softmx"), "did you mean 'softmax'"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--base", "no/such/folder"), "no base 'no/such/folder'"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--layers", 7), "the base has 2"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--max-length", 4096), "max_length must be at most 64"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--max-length", 1), "max_length"),
        ("a.jsonl", json.dumps(GOOD) + "\n", ("--dev", 0, "--device", "cuda:7"), "device='cuda:7'"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_leaves_nothing(name, content, more, said, run, base, tmp_path):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run(*asked(tmp_path / name, base, tmp_path / "made/model", *more))
    assert ran.code == 1, ran.out
    assert ran.err.startswith("error: ") and ran.err.count("\n") == 1 and said in ran.err, ran.err
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--freeze-layers", 9), "the model has 2 layers"),
        (("--loss", "bce", "--rate", "1e30"), "lower the learning rate"),
    ],
)
def test_what_goes_wrong_while_it_begins(more, said, run, data, base, tmp_path):
    ran = run(*asked(data, base, tmp_path / "model", "--dev", 0, "--max-steps", 30), *map(str, more))
    assert ran.code == 1 and ran.err.startswith("error: ") and ran.err.count("\n") == 1 and said in ran.err, ran.err


def test_an_output_that_cannot_be(run, data, base, tmp_path):
    (tmp_path / "file").write_text("mine")
    for out, said in (("file", "is a file: name a folder"), ("file/under", "cannot be made")):
        ran = run(*asked(data, base, tmp_path / out, "--dev", 0))
        assert ran.code == 1 and ran.err.startswith("error: ") and said in ran.err, ran.err
    assert (tmp_path / "file").read_text() == "mine"


def test_queries_without_negatives_learn_from_the_documents_of_others(run, base, tmp_path):
    lines = [json.dumps(GOOD | {"query": f"q{n}", "document": f"about {n}"}) + "\n" for n in range(12)]
    (tmp_path / "good.jsonl").write_text("".join(lines))
    ran = run(*asked(tmp_path / "good.jsonl", base, tmp_path / "model", "--dev", 0, "--max-steps", 3))
    assert ran.code == 0 and "nothing was measured" in ran.err, ran.err
    assert all(loss > 0 for _, loss, _ in rows(tmp_path / "model"))
