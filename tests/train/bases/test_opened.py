"""What training can start from, and what it says of what it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from tamis import load_encoder
from tamis.core import Document, Query
from tamis.errors import InputError, ModelError
from tamis.train.bases.opened import based, start_of
from tamis.train.options import Options
from tamis.train.tune import Full, Head

from ..runs import encoder, reranker


@pytest.mark.parametrize("spec", ["none", "no/such/folder", "e5-smal"])
def test_no_such_base(spec, tmp_path):
    with pytest.raises(ModelError, match=f"no base '{spec}'|{spec}"):
        based(spec, tmp_path / "made", None)
    assert not (tmp_path / "made").exists()


def test_a_model_that_ships_and_cannot_be_trained(tmp_path):
    with pytest.raises(
        InputError, match="'use' cannot be trained: of the models that ship, e5-small, tamis-mini, tamis-blend can"
    ):
        based("use", tmp_path / "made", None)


@pytest.mark.parametrize("length", [65, 4096])
def test_longer_than_the_window(length, small, tmp_path):
    with pytest.raises(InputError, match=f"max_length must be at most 64, the base's window, got {length}"):
        start_of(based(small, tmp_path, None), "cross-encoder", Options(max_length=length))


def test_a_shorter_length_is_what_is_read(small, tmp_path):
    start = start_of(based(small, tmp_path, None), "cross-encoder", Options(max_length=16))
    [pair] = start.template.encode([(Query("bank"), Document("", "river " * 99))])
    assert len(pair.ids) == 16


def test_an_architecture_that_nothing_starts_from(tiny_model, tmp_path):
    from ...score.tiny_files import edit
    from ..runs import copied

    folder = copied(tiny_model("bert"), tmp_path / "odd")
    edit(folder / "config.json", architectures=["T5Model"])
    with pytest.raises(ModelError, match="cannot start from 'T5Model'; it can from Bert"):
        reranker(folder)


@pytest.mark.parametrize(
    ("make", "family"),
    [pytest.param(reranker, "qwen3", marks=pytest.mark.slow), (encoder, "bi_bert_plain")],
)
def test_no_head_to_train_alone(make, family, tiny_model):
    with pytest.raises(InputError, match="no head of its own to train alone"):
        Head()(make(tiny_model(family)).network)


def test_freezing(tiny_model):
    network = reranker(tiny_model("bert")).network
    Full(2)(network)
    free = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert all(name.startswith(("head.", "body.encoder.layer.2.")) for name in free) and len(free) == 20
    Full(0)(network)
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert frozen and all(name.startswith("body.embeddings.") for name in frozen)
    with pytest.raises(InputError, match="freeze_layers=4: the model has 3 layers"):
        Full(4)(network)


@pytest.mark.slow
def test_e5_small_unpacked_gives_the_vectors_of_the_shipped_graph(tmp_path):
    """Cosine above .998: the graph computes in int8, the folder in fp32."""
    folder = based("e5-small", tmp_path, None)
    texts = ["a tamis is a drum sieve", "今天上海的气温", "rain fell on the drum"]
    ours, shipped = (load_encoder(model).encode(texts, "query") for model in (folder.path, "e5-small"))
    assert ((ours * shipped).sum(1) > 0.998).all()
    assert np.allclose(np.linalg.norm(ours, axis=1), 1)
    assert based("e5-small", tmp_path, None).path == folder.path
