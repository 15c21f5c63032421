"""Trainings as jobs: to their end, stopped and gone on with, failed; and what comes of them as one file."""

from __future__ import annotations

import time
import zipfile

import pytest

from tamis.jobs import Jobs
from tamis.train.after import Outcome
from tamis.train.log import Log
from tamis.train.order import Order
from tamis.train.work import LOG, RESULT, Packing, Training, trained

from .rules import learnable, written

QUICK = {"dev": "0.3", "rate": 4e-3, "batch_size": 8, "documents": 4}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("TAMIS_THREADS", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return written(learnable(60, 2), tmp_path_factory.mktemp("data") / "labels.jsonl")


@pytest.fixture
def jobs(tmp_path):
    with Jobs(tmp_path / "jobs") as opened:
        yield opened


def begun(jobs, data, base, **more):
    order = Order("tiny", ("labels.jsonl",), base=str(base), **{**QUICK, **more})
    return jobs.start("me", "train", "t", Training(order), options=order.as_json(), files={"labels.jsonl": data})


def ended(jobs, job):
    jobs.wait(job.id, 180)
    return jobs.get("me", job.id)


@pytest.mark.slow
def test_a_training_to_its_end_and_as_one_file(jobs, data, small):
    job = ended(jobs, begun(jobs, data, small, max_steps=6))
    assert (job.state, job.done, job.total, job.result) == ("done", 6, 6, {"folder": "model/tiny"}), job.message
    model = jobs.folder_of(job) / "model/tiny"
    assert trained(model) and Outcome.load(model / RESULT).steps == 6
    packed = ended(jobs, jobs.start("me", "export", "e", Packing(model)))
    assert packed.state == "done", packed.message
    with zipfile.ZipFile(jobs.folder_of(packed) / packed.result["file"]) as found:
        names = set(found.namelist())
    assert {"tiny/config.json", "tiny/model.safetensors", "tiny/README.md", "tiny/training/result.json"} <= names
    pytest.importorskip("onnxscript")
    graph = ended(jobs, jobs.start("me", "export", "e", Packing(model, "onnx")))
    assert graph.state == "done", graph.message
    assert graph.result["file"] == "tiny-onnx.zip" and graph.result["graphs"][0]["rank_correlation"] > 0.99
    assert {path.name for path in jobs.folder_of(graph).iterdir()} == {
        "job.json",
        "log.txt",
        "out.json",
        "tiny-onnx.zip",
    }


@pytest.mark.slow
def test_stopped_it_goes_on_to_the_same_end(jobs, data, small):
    settings = {"max_steps": 400, "dev": "0", "tune": "head"}
    job = begun(jobs, data, small, **settings)
    log, end = Log(jobs.folder_of(job) / "model/tiny" / LOG), time.monotonic() + 120
    while not log.last()[0]:
        assert time.monotonic() < end and jobs.get("me", job.id).under_way
        time.sleep(0.01)
    jobs.cancel("me", job.id)
    job = ended(jobs, job)
    done, steps = log.last()
    assert job.state == "cancelled" and job.message == f"stopped after step {done} of 400: it can be resumed"
    assert 0 < done < steps == 400 and not trained(jobs.folder_of(job) / "model/tiny")
    jobs.again("me", job.id, Training(Order.of(job.options), resume=True))
    job = ended(jobs, job)
    assert (job.state, job.done, job.message) == ("done", 400, "")
    steps = [row["step"] for row in log.rows() if "loss" in row]
    assert steps == list(range(1, 401))


def test_a_training_that_fails_says_why(jobs, tmp_path, small):
    (tmp_path / "labels.jsonl").write_text('{"query": "q", "document": "d"\n')
    job = ended(jobs, begun(jobs, tmp_path / "labels.jsonl", small))
    assert job.state == "failed" and job.message.startswith("labels.jsonl, line 1"), job.message
