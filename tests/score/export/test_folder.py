"""Exports as folders: whole or not at all, complete in themselves, and never of a model that int8 does not suit."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from tamis import load_scorer
from tamis.errors import InputError, MissingExtraError, ModelError
from tamis.score.export import export

onnx = pytest.importorskip("onnx")
pytest.importorskip("torch")


@pytest.fixture
def traced_before(exported, monkeypatch):
    """The graph of wide_bert as it was traced before: tracing takes seconds, and what comes after is looked at here."""

    before = exported("wide_bert") / "model.onnx"
    monkeypatch.setattr("tamis.score.export.graph.traced", lambda network, vocabulary, output: onnx.load(before))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_folder_is_complete_and_holds_no_weights(tiny_model, exported):
    assert files(exported("wide_bert")) == [
        *("config.json", "model.onnx", "model_int8.onnx"),
        *("tamis_export.json", "tokenizer.json", "tokenizer_config.json"),
    ]
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (exported("wide_bert") / name).read_bytes() == (tiny_model("wide_bert") / name).read_bytes()


def test_modules_keep_their_places(exported):
    found = files(exported("ettin"))
    assert {"modules.json", "model.onnx", "2_Dense/config.json", "config_sentence_transformers.json"} <= set(found)
    assert not any(name.endswith(".safetensors") for name in found)


def test_the_check_is_stored_with_its_source(tiny_model, exported):
    from tamis import __version__
    from tamis.score.folder import ModelFolder

    report = json.loads((exported("wide_bert") / "tamis_export.json").read_text())
    assert report["tamis"] == __version__
    assert report["source"] == ModelFolder(tiny_model("wide_bert")).digest()
    whole, small = report["graphs"]["model.onnx"], report["graphs"]["model_int8.onnx"]
    assert (whole["format"], small["format"]) == ("onnx", "onnx-int8")
    assert whole["pairs"] == small["pairs"] == 160
    assert whole["largest_difference"] < 1e-5 < small["largest_difference"]
    assert small["rank_correlation"] >= 0.99


def test_the_graph_is_taken_by_default(exported, tiny_model):
    for family in ("wide_bert", "qwen3", "ettin"):
        assert load_scorer(exported(family)).fingerprint.endswith("onnx:cpu:float32")
        assert load_scorer(exported(family), dtype="int8").fingerprint.endswith("onnx:cpu:int8")
    assert load_scorer(tiny_model("wide_bert")).fingerprint.endswith("torch:cpu:float32")


def test_an_export_of_one_format_gives_what_was_asked(traced_before, tiny_model, tmp_path):
    (made,) = export(tiny_model("wide_bert"), tmp_path / "deep" / "small", ["onnx-int8"])
    assert (made.path, made.format) == (tmp_path / "deep" / "small" / "model_int8.onnx", "onnx-int8")
    assert made.path.is_file()
    assert made.megabytes == pytest.approx(made.path.stat().st_size / 1e6, abs=0.06)
    assert not (made.path.parent / "model.onnx").exists()
    assert load_scorer(made.path.parent).fingerprint.endswith("onnx:cpu:int8")


def test_an_export_can_be_exported_no_further(exported, tmp_path):
    with pytest.raises(ModelError, match=r"expected weights in model\.safetensors"):
        export(exported("wide_bert"), tmp_path / "again")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("formats", [("gguf",), ("onnx", "onnx-int2"), ()])
def test_an_unknown_format_is_refused_before_anything_is_done(formats, tmp_path):
    with pytest.raises(InputError, match="expected one or more of 'onnx', 'onnx-int8'"):
        export(tmp_path / "no-such-model", tmp_path / "out", formats)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.write_text("mine")])
def test_what_is_there_already_is_left_alone(make, tiny_model, tmp_path):
    make(tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        export(tiny_model("wide_bert"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_no_model_leaves_nothing(tmp_path):
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelError, match=r"config\.json"):
        export(tmp_path / "model", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_without_its_extra_the_command_that_installs_it_is_told(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r'pip install .*"tamis\[export\]"'):
        export(tiny_model("wide_bert"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_huge_feature_that_would_set_every_tokens_scale_is_evened_out(tiny_model, tmp_path):
    (found,) = export(tiny_model("spiky_bert"), tmp_path / "out", ("onnx-int8",))
    assert found.parity.rank_correlation > 0.995


def test_a_model_that_int8_does_not_suit_is_refused_and_nothing_is_written(tiny_model, tmp_path):
    with pytest.raises(ModelError, match=r"int8 ranks 160 pairs unlike fp32: rank correlation .*nothing was written"):
        export(tiny_model("cancelling_bert"), tmp_path / "out", ("onnx", "onnx-int8"))
    assert not list(tmp_path.iterdir()), "the fp32 graph, which was right, is not written either"


def test_a_graph_that_is_not_its_source_is_refused(tiny_model, tmp_path, traced_before):
    """wide_bert's graph for another model's weights."""
    with pytest.raises(ModelError, match=r"scores differ from PyTorch's by up to .*nothing was written"):
        export(tiny_model("bert"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_interrupt_leaves_nothing(tiny_model, tmp_path, traced_before, monkeypatch):
    def interrupted(source, made):
        raise KeyboardInterrupt

    monkeypatch.setattr("tamis.score.export.folder.held", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(tiny_model("wide_bert"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
import onnx
from tamis.score.export import folder, graph

source, before, out = sys.argv[1:]
graph.traced = lambda network, vocabulary, output: onnx.load(before)
folder.held = lambda source, made: os.kill(os.getpid(), signal.SIGKILL)
folder.export(source, out)
"""


def test_a_process_that_is_killed_leaves_no_half_folder(tiny_model, exported, tmp_path):
    before = exported("wide_bert") / "model.onnx"
    command = [sys.executable, "-c", KILLED, str(tiny_model("wide_bert")), str(before), str(tmp_path / "out")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    left = list(tmp_path.iterdir())
    assert not (tmp_path / "out").exists()
    assert all(path.name.startswith(".tamis-export-") for path in left), "a hidden folder is all that a kill can leave"
    assert any(path.rglob("model.onnx") for path in left), "it was under way"


def test_graphs_too_large_for_one_file_keep_their_weights_beside_them(
    tiny_model, exported, tmp_path, traced_before, monkeypatch, pairs_in_many_languages
):
    monkeypatch.setattr("tamis.score.export.folder.LARGEST", 1000)
    made = export(tiny_model("wide_bert"), tmp_path / "out", ("onnx", "onnx-int8"))
    assert {"model.onnx.data", "model_int8.onnx.data"} <= set(files(tmp_path / "out"))
    for row, dtype in zip(made, ("float32", "int8"), strict=True):
        data = row.path.with_name(f"{row.path.name}.data")
        assert row.path.stat().st_size < 200_000 < data.stat().st_size
        assert row.megabytes == pytest.approx((row.path.stat().st_size + data.stat().st_size) / 1e6, abs=0.06)
        pairs = pairs_in_many_languages[:30]
        found = load_scorer(tmp_path / "out", dtype=dtype).score(pairs)
        np.testing.assert_allclose(found, load_scorer(exported("wide_bert"), dtype=dtype).score(pairs), atol=1e-6)


ALONE = """
import json, sys
for package in ("torch", "transformers", "onnx", "safetensors", "huggingface_hub"):
    sys.modules[package] = None
from tamis import Document, Query, load_scorer
pairs = [(Query(q), Document("d", d)) for q, d in json.loads(sys.argv[2])]
for dtype in ("float32", "int8"):
    scorer = load_scorer(sys.argv[1], dtype=dtype)
    print(json.dumps([scorer.fingerprint, list(scorer.score(pairs))]))
"""


@pytest.mark.parametrize("family", ["wide_bert", "qwen3", "ettin"])
def test_a_copy_elsewhere_works_without_torch_and_has_the_same_fingerprint(family, exported, tmp_path):
    copy = tmp_path / "复制 of a model"
    shutil.copytree(exported(family), copy)
    texts = [("capital of France?", "Paris."), ("首都", "筛子 " * 40)]
    command = [sys.executable, "-c", ALONE, str(copy), json.dumps(texts)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    from tamis import Document, Query

    pairs = [(Query(q), Document("d", d)) for q, d in texts]
    for line, dtype in zip(done.stdout.splitlines(), ("float32", "int8"), strict=True):
        fingerprint, scores = json.loads(line)
        here = load_scorer(exported(family), dtype=dtype)
        assert fingerprint == here.fingerprint
        np.testing.assert_allclose(scores, here.score(pairs), atol=1e-6)
