"""``tamis doctor``: this machine, the extras, and a model on trial."""

import json

import numpy as np
import pytest

from tamis import load_scorer
from tamis.cli import machine, trial
from tamis.extras import EXTRAS, available


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Speed is measured for a moment: how fast a tiny model is here matters to nobody."""
    monkeypatch.setattr(trial.speed, "__kwdefaults__", {"seconds": 0.05, "most": 8})


def test_the_machine_the_extras_and_the_embedded_models(run):
    ran = run("doctor", "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert shown["ok"]
    checks = shown["checks"]
    assert {"processor", "memory", "accelerators", "encoder e5-small", "reranker tamis-mini", "order"} <= set(checks)
    assert checks["order"]["right"] == {"English": 6, "Chinese": 6}
    assert checks["speed"]["documents_per_second"] > 0
    assert checks["speed"]["seconds_for_100"] == pytest.approx(100 / checks["speed"]["documents_per_second"], rel=0.02)
    for extra in {row.extra for row in EXTRAS.values()}:
        there = all(available(row.module) for row in EXTRAS.values() if row.extra == extra)
        row = checks[f"extra {extra}"]
        assert row["installed"] == there
        assert row["value"].startswith("installed: " if there else f'pip install "tamis[{extra}]"')
        assert next(r.purpose for r in EXTRAS.values() if r.extra == extra) in row["value"]


def test_a_random_model_fails_its_trial_with_advice(run, tiny_model):
    folder = tiny_model("qwen3")
    ran = run("doctor", "--model", folder, "--engine", "torch", "--max-length", 512, "--json")
    assert ran.code == 1
    shown = json.loads(ran.out)
    assert not shown["ok"]
    loaded = shown["checks"][f"reranker {folder}"]
    assert loaded["ok"]
    assert loaded["family"] == "Qwen3ForCausalLM"
    assert loaded["engine"] == "torch:cpu:float32"
    assert loaded["max_length"] == 512
    assert loaded["fingerprint"] == load_scorer(folder, engine="torch", max_length=512).fingerprint
    assert not shown["checks"]["order"]["ok"]
    assert "no better than chance" in shown["checks"]["order"]["value"]
    assert "--template" in shown["checks"]["order"]["value"]
    assert shown["checks"]["speed"]["ok"]
    assert "FAILED: known pairs" in " ".join(run("doctor", "--model", folder).out.split())


def test_a_model_that_cannot_be_loaded_is_one_failed_row(run, tmp_path):
    ran = run("doctor", "--model", tmp_path / "nowhere", "--json")
    assert ran.code == 1
    checks = json.loads(ran.out)["checks"]
    assert "no model" in checks[f"reranker {tmp_path / 'nowhere'}"]["value"]
    assert "order" not in checks


def test_advice_names_what_is_wrong():
    right = {"English": 6, "Chinese": 5}
    assert trial.advice(trial.Order(right, finite=True)) == ""
    assert "keep it for other languages" in trial.advice(trial.Order(right | {"Chinese": 3}, finite=True))
    assert "template" in trial.advice(trial.Order({"English": 4, "Chinese": 2}, finite=True))
    assert "--dtype float32" in trial.advice(trial.Order(right, finite=False))


def test_a_model_nobody_waits_for_is_said_so_in_plain_words(tiny_model):
    scorer = load_scorer(tiny_model("qwen3"), engine="torch")
    assert trial.patience(trial.Speed(60, 120), scorer) == ""
    said = trial.patience(trial.Speed(2, 120), scorer)
    assert "about the last ten (5.0 s; Cascade), or run it on a GPU" in said
    assert "fewer candidates" in trial.patience(trial.Speed(2, 0), load_scorer("tamis-mini"))


def test_documents_of_the_speed_trial_are_of_the_stated_size(tiny_model):
    for family in ("bert", "qwen3", "xlm_roberta"):
        (tokens,) = load_scorer(tiny_model(family), engine="torch").document_tokens(trial._texts(0, 1))
        assert 100 <= tokens <= 140, family
    assert len(set(trial._texts(0, 50))) == 50


def test_scores_that_are_no_numbers_fail(tiny_model):
    scorer = load_scorer(tiny_model("bert"), engine="torch", dtype="float16")
    weight = scorer.engine.network.head.classifier.weight
    weight.data.fill_(float("nan"))
    found = trial.order(scorer)
    load_scorer.__globals__["_scorer"].cache_clear()  # the broken model is shared
    assert not found.finite
    assert np.isfinite(sum(found.right.values()))


def test_the_processor_by_what_linux_says_of_it(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text(
        "model name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni\n\nmodel name\t: Some CPU\nflags\t\t: fpu\n"
    )
    said = machine.processor(info)
    assert said.startswith("Some CPU; ")
    assert said.endswith("AVX2, AVX-512 VNNI (int8)")
    assert "instructions not known here" in machine.processor(tmp_path / "none")
    (tmp_path / "meminfo").write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
    assert machine.memory(tmp_path / "meminfo") == "8.0 GB, 4.0 GB available"
    assert machine.memory(tmp_path / "none")
