"""A Duet exported: three graphs and a table of words that score as PyTorch does, texts read once."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError, ModelError
from tamis.score.duet_engine import DuetEngine

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("transformers")

from tamis.score.export import export  # noqa: E402
from tamis.score.nets.duet import Duet, DuetHead  # noqa: E402
from tamis.score.nets.heads import Classifier  # noqa: E402

from .. import vocabularies  # noqa: E402
from ..tiny_files import randomise  # noqa: E402

CONFIG = {
    "architectures": ["DuetForSequenceClassification"],
    "model_type": "duet",
    "vocab_size": 30522,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-3,
    "num_labels": 1,
    "pad_token_id": 0,
    "apart_layers": 2,
    "halving_layer": 1,
    "halved_above": 12,
    "document_begins": 0,
}
QUERY = Query("what does a tamis sieve")
PAIRS = [
    (QUERY, Document("a", "A tamis is a drum sieve that cooks press soup through until it is smooth and fine.")),
    (QUERY, Document("b", "It rains.")),
    (QUERY, Document("c", "The cook of the house keeps sieves of horse hair, of silk and of nylon in a dry place.")),
    (Query("weather"), Document("b", "It rains.")),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Duet as training writes it."""
    from safetensors.torch import save_file
    from transformers import PreTrainedTokenizerFast

    made = tmp_path_factory.mktemp("duet") / "duet"
    network = Classifier(Duet(CONFIG), DuetHead(CONFIG))
    randomise(network, 5)
    names = (("body.", "bert."), ("head.", "classifier."))
    tensors = {
        theirs + name.removeprefix(ours): tensor.contiguous()
        for ours, theirs in names
        for name, tensor in network.state_dict().items()
        if name.startswith(ours)
    }
    tokens = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    PreTrainedTokenizerFast(tokenizer_object=vocabularies.bert(), model_max_length=256, **tokens).save_pretrained(made)
    save_file(tensors, made / "model.safetensors", {"format": "pt"})
    (made / "config.json").write_text(json.dumps(CONFIG))
    return made


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "duet"
    export(folder, out, ["onnx", "onnx-int8"])
    return out


def test_graphs_and_words_stand_in_the_folder(exported):
    names = {path.name for path in exported.iterdir()}
    graphs = {f"{part}{ending}.onnx" for part in ("lower", "middle", "upper") for ending in ("", "_int8")}
    assert graphs | {"words.bin", "config.json", "tokenizer.json"} <= names
    assert json.loads((exported / "config.json").read_text())["words"] == "words.bin"


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("int8", 0.4)])
def test_scores_are_those_of_pytorch(folder, exported, dtype, tolerance):
    ours, theirs = load_scorer(exported, dtype=dtype), load_scorer(folder, engine="torch")
    np.testing.assert_allclose(ours.score(PAIRS), theirs.score(PAIRS), atol=tolerance)
    assert dtype in ours.fingerprint


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_score_does_not_depend_on_its_companions(exported, dtype):
    scorer = load_scorer(exported, dtype=dtype)
    alone = [scorer.score([pair])[0] for pair in PAIRS]
    np.testing.assert_allclose(scorer.score(PAIRS), alone, atol=1e-4)
    np.testing.assert_allclose(scorer.score(PAIRS[::-1])[::-1], alone, atol=1e-4)


def test_every_text_of_a_batch_is_read_once(exported, monkeypatch):
    scorer = load_scorer(exported)
    seen, states = [], DuetEngine._states
    monkeypatch.setattr(DuetEngine, "_states", lambda self, texts: seen.extend(texts) or states(self, texts))
    scorer.score(PAIRS)
    assert len(seen) == len(set(seen)) == 5


def test_what_cannot_be_loaded_is_said(exported, folder, tmp_path):
    with pytest.raises(InputError, match="dtype='float16'"):
        load_scorer(exported, engine="onnx", dtype="float16")
    with pytest.raises(ModelError, match="tamis export"):
        load_scorer(folder, engine="onnx")
    broken = shutil.copytree(exported, tmp_path / "broken")
    (broken / "words.bin").write_bytes(b"few")
    with pytest.raises(ModelError, match="got one of 3 bytes"):
        load_scorer(broken)
    (broken / "lower.onnx").unlink()
    with pytest.raises(ModelError, match="not a graph this version of onnxruntime can run"):
        load_scorer(broken, dtype="float32")
