"""Checkpoints of every form, and strictly: nothing newly made, nothing left over, no code run."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from tamis import load_scorer
from tamis.errors import ModelError

torch = pytest.importorskip("torch")
files = pytest.importorskip("safetensors.torch")


@pytest.fixture
def copy(tiny_model, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_model("bert"), tmp_path / "copy"))


@pytest.fixture
def tensors(copy):
    found = files.load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    return found


@pytest.fixture
def expected(tiny_model, pairs_in_many_languages):
    return load_scorer(tiny_model("bert"), engine="torch").score(pairs_in_many_languages[:20])


def same(found, expected):
    """Equal numbers but for the last digit, which on some processors depends on where in memory weights lie."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def scores(folder, pairs):
    return load_scorer(folder, engine="torch").score(pairs[:20])


def save(folder, tensors):
    files.save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def test_shards_with_an_index(copy, tensors, expected, pairs_in_many_languages):
    names = sorted(tensors)
    shards = {f"model-0000{at + 1}-of-00003.safetensors": names[at::3] for at in range(3)}
    for shard, held in shards.items():
        files.save_file({name: tensors[name] for name in held}, copy / shard)
    index = {"metadata": {}, "weight_map": {name: shard for shard, held in shards.items() for name in held}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    same(scores(copy, pairs_in_many_languages), expected)

    (copy / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model-00002-of-00003\.safetensors: weights that cannot be read"):
        load_scorer(shutil.copytree(copy, copy.with_name("torn")), engine="torch")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"weight_map": []}'])
def test_a_broken_index_is_one_clear_error(content, copy, tensors):
    (copy / "model.safetensors.index.json").write_text(content)
    with pytest.raises(ModelError, match=r"model\.safetensors\.index\.json"):
        load_scorer(copy, engine="torch")


@pytest.mark.parametrize("zipped", [True, False], ids=["since torch 1.6", "before it"])
def test_pickled_weights_of_both_forms(zipped, copy, tensors, expected, pairs_in_many_languages):
    torch.save(tensors, copy / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    same(scores(copy, pairs_in_many_languages), expected)


def test_safetensors_go_before_a_pickle(copy, expected, pairs_in_many_languages):
    (copy / "pytorch_model.bin").write_bytes(b"never read")
    same(scores(copy, pairs_in_many_languages), expected)


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("form", ["torch", "torch before 1.6", "pickle"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_none(form, copy, tensors, tmp_path):
    mark, path = tmp_path / "ran", copy / "pytorch_model.bin"
    held = {**tensors, "bert.extra": Malicious(mark)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(held["bert.extra"]))
    else:
        torch.save(held, path, _use_new_zipfile_serialization=form == "torch")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin: weights that cannot be read"):
        load_scorer(copy, engine="torch")
    assert not mark.exists()


def test_a_missing_head_is_named(copy, tensors):
    save(copy, {name: tensor for name, tensor in tensors.items() if "classifier" not in name})
    with pytest.raises(ModelError, match=r"no weights for head\.classifier\.bias, .*they would be random numbers"):
        load_scorer(copy, engine="torch")


def test_a_missing_layer_is_named_too(copy, tensors):
    save(copy, {name: tensor for name, tensor in tensors.items() if "layer.2." not in name})
    with pytest.raises(ModelError, match=r"no weights for body\.encoder\.layer\.2\..* and \d+ more"):
        load_scorer(copy, engine="torch")


def test_a_wrong_shape_is_told_with_the_right_one(copy, tensors):
    save(copy, tensors | {"classifier.weight": torch.zeros(1, 31)})
    with pytest.raises(ModelError, match=r"head\.classifier\.weight has shape \(1, 31\), expected \(1, 32\)"):
        load_scorer(copy, engine="torch")


def test_weights_left_over_are_another_architectures(copy, tensors):
    save(copy, tensors | {"bert.encoder.layer.3.output.dense.bias": torch.zeros(32)})
    with pytest.raises(ModelError, match=r"weights that this architecture does not have: body\.encoder\.layer\.3"):
        load_scorer(copy, engine="torch")


def test_what_no_pass_reads_may_be_there(copy, tensors, expected, pairs_in_many_languages):
    extra = {"bert.embeddings.position_ids": torch.arange(512)[None], "cls.predictions.bias": torch.zeros(30522)}
    save(copy, tensors | extra)
    same(scores(copy, pairs_in_many_languages), expected)


def test_old_names_of_norms_are_known(copy, tensors, expected, pairs_in_many_languages):
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for new, before in old.items():
        tensors = {name.replace(new, before): tensor for name, tensor in tensors.items()}
    assert any(name.endswith("LayerNorm.gamma") for name in tensors)
    save(copy, tensors)
    same(scores(copy, pairs_in_many_languages), expected)


def test_half_precision_weights_are_widened(copy, tensors, expected, pairs_in_many_languages):
    save(copy, {name: tensor.half() for name, tensor in tensors.items()})
    found = scores(copy, pairs_in_many_languages)
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert np.abs(found - expected).max() > 0


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"\0" * 64])
def test_a_damaged_file_is_one_clear_error(damage, copy):
    path = copy / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"model\.safetensors: weights that cannot be read"):
        load_scorer(copy, engine="torch")


def test_no_weights_at_all(copy, tensors):
    with pytest.raises(ModelError, match=r"expected weights in model\.safetensors or pytorch_model\.bin"):
        load_scorer(copy, engine="torch")


@pytest.mark.parametrize("missing", ["hidden_size", "num_hidden_layers", "vocab_size"])
def test_a_config_that_lacks_a_size_is_one_clear_error(missing, copy):
    config = json.loads((copy / "config.json").read_text())
    del config[missing]
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=rf"config\.json.*{missing}"):
        load_scorer(copy, engine="torch")
