"""Smaller bases: some layers of the base, under new numbers, and everything else as it was."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from tamis import load_scorer
from tamis.errors import InputError
from tamis.score.folder import ModelFolder
from tamis.score.nets.modernbert import layer_types
from tamis.train.bases.opened import based
from tamis.train.bases.thinning import kept_layers, renumbered, thinned

from ..rules import learnable, pairs
from ..runs import encoder, reranker

PAIRS = pairs(learnable(1, 7))


@pytest.mark.parametrize("keep", [0, 13])
def test_more_than_there_are(keep):
    with pytest.raises(InputError, match=f"layers={keep}: the base has 12"):
        kept_layers(12, keep)


def test_names():
    assert renumbered("encoder.layer.7.output.dense.weight", [0, 7]) == "encoder.layer.1.output.dense.weight"
    assert renumbered("model.layers.11.mlp.Wi.weight", [0, 7, 11]) == "model.layers.2.mlp.Wi.weight"
    assert renumbered("model.layers.1.mlp.Wi.weight", [0, 7, 11]) is None
    assert renumbered("bert.embeddings.LayerNorm.bias", [0]) == "bert.embeddings.LayerNorm.bias"


@pytest.mark.parametrize("family", ["bert", "deberta", "modernbert", "modernbert_cls", "ettin"])
def test_a_thinner_model_is_the_model_without_those_layers(family, tiny_model, tmp_path):
    """Its scores are those of the whole network from which the others are taken out."""
    source = ModelFolder(tiny_model(family))
    folder = thinned(source, 2, tmp_path / "thin")
    found = load_scorer(folder).score(PAIRS)
    whole = reranker(source.path)
    body = whole.network.body
    keep = kept_layers(source.config["num_hidden_layers"], 2)
    if hasattr(body, "layers"):
        body.layers = torch.nn.ModuleList(body.layers[at] for at in keep)
        body.kinds = [body.kinds[at] for at in keep]
        assert layer_types(ModelFolder(folder).config) == body.kinds
    else:
        body.encoder["layer"] = torch.nn.ModuleList(body.encoder["layer"][at] for at in keep)
    expected = whole.scorer(whole.network, "cpu").score(PAIRS)
    assert found == pytest.approx(expected, abs=1e-5)
    assert abs(found - load_scorer(source.path).score(PAIRS)).max() > 1e-3


def test_an_encoder_keeps_its_modules(tiny_model, tmp_path):
    source = ModelFolder(tiny_model("bi_bert"))
    folder = thinned(source, 1, tmp_path / "thin")
    start = encoder(folder)
    assert start.scorer(start.network, "cpu").score(PAIRS).shape == (len(PAIRS),)
    assert (
        load_file(folder / "2_Dense/model.safetensors").keys()
        == load_file(source.path / "2_Dense/model.safetensors").keys()
    )


def test_each_base_and_depth_has_its_own_folder(tiny_model, tmp_path):
    """A training that was begun with one does not go on with another."""
    made = [based(tiny_model(name), tmp_path, layers) for name in ("bert", "electra") for layers in (1, 2)]
    assert len({folder.path for folder in made}) == len({folder.digest() for folder in made}) == 4
    assert based(tiny_model("bert"), tmp_path, 1).path == made[0].path
    assert based(tiny_model("bert"), tmp_path, None).path == tiny_model("bert")
