"""A trained folder is an ordinary one: tamis, transformers and sentence-transformers read from it, for each family, the
scores of the network that was trained, to 1e-5."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file

from tamis import load_encoder, load_scorer
from tamis.train.adapters import adapted, merged
from tamis.train.loop import fit
from tamis.train.options import Learning
from tamis.train.tune import Head, Lora

from ...score.official import official_pair_logits
from ..rules import learnable, pairs
from ..runs import encoder, quick, reranker, run_of

pytest.importorskip("sentence_transformers")

LEARN = learnable(16, 2)
PAIRS = pairs(learnable(3, 7))
SAME = {"atol": 1e-5, "rtol": 1e-5}
CLASSIFIERS = ("bert", "electra", "roberta", "modernbert", "modernbert_cls", "deberta")
SLOW = ("xlm_roberta", "bert_sentence_transformers", "qwen3_classifier")


def trained(start, home, **options):
    """Trained for two steps and written; the network's scores."""
    run = run_of(start, LEARN, quick(2, learning=Learning(rate=5e-3), **options), home / "run")
    before = start.scorer(start.network, "cpu").score(PAIRS)
    fit(run)
    found = start.scorer(start.network, "cpu").score(PAIRS)
    assert np.abs(found - before).max() > 1e-2, "else equality would say little"
    start.write(merged(start.network), home / "model")
    return found, home / "model"


def texts():
    return [(query.text, document.text) for query, document in PAIRS]


@pytest.mark.parametrize("family", [*CLASSIFIERS, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_a_classifier(family, tiny_model, tmp_path):
    expected, folder = trained(reranker(tiny_model(family)), tmp_path)
    np.testing.assert_allclose(load_scorer(folder, engine="torch").score(PAIRS), expected, **SAME)
    if family.startswith("qwen"):  # asked by a template, which stock pipelines do not know
        return
    theirs = [official_pair_logits(folder, *pair)[0] for pair in texts()]
    np.testing.assert_allclose(theirs, expected, **SAME)
    np.testing.assert_allclose(of_sentence_transformers(folder), expected, **SAME)


def of_sentence_transformers(folder):
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True, activation_fn=torch.nn.Identity())
    return model.predict(texts(), show_progress_bar=False)


def test_two_labels(tiny_model, tmp_path):
    expected, folder = trained(reranker(tiny_model("bert_two_labels")), tmp_path)
    theirs = [official_pair_logits(folder, *pair) for pair in texts()]
    np.testing.assert_allclose([yes - no for no, yes in theirs], expected, **SAME)


def test_modules(tiny_model, tmp_path):
    expected, folder = trained(reranker(tiny_model("ettin")), tmp_path)
    np.testing.assert_allclose(load_scorer(folder).score(PAIRS), expected, **SAME)
    np.testing.assert_allclose(of_sentence_transformers(folder), expected, **SAME)


@pytest.mark.parametrize("family", ["qwen3", pytest.param("qwen3_untied", marks=pytest.mark.slow)])
def test_a_causal_model(family, tiny_model, tmp_path):
    """All that did not learn is bit for bit what it was: of an untied head, every row but the answers'."""
    start = reranker(tiny_model(family))
    expected, folder = trained(start, tmp_path)
    np.testing.assert_allclose(load_scorer(folder).score(PAIRS), expected, **SAME)
    model = hf.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        behind = [model(torch.tensor([e.ids]), logits_to_keep=1).logits[0, -1] for e in start.template.encode(PAIRS)]
    np.testing.assert_allclose([float(logits[9693] - logits[2152]) for logits in behind], expected, **SAME)
    old, new = (load_file(at / "model.safetensors") for at in (start.folder.path, folder))
    assert old.keys() == new.keys()
    if family == "qwen3_untied":
        rows = (old["lm_head.weight"] != new["lm_head.weight"]).any(dim=1).nonzero()[:, 0].tolist()
        assert rows == [2152, 9693]
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["architectures"] == ["Qwen3ForCausalLM"] and config["dtype"] == "float32"


@pytest.mark.slow
def test_a_copy_of_tied_word_vectors_is_not_written_out_of_date(tiny_model, tmp_path):
    from safetensors.torch import save_file

    from ..runs import copied

    source = copied(tiny_model("qwen3"), tmp_path / "base")
    tensors = load_file(source / "model.safetensors")
    save_file(tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}, source / "model.safetensors")
    expected, folder = trained(reranker(source), tmp_path)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    np.testing.assert_allclose(load_scorer(folder).score(PAIRS), expected, **SAME)


ENCODERS = ("bi_bert", "bi_bert_plain", "bi_bert_words", "bi_modernbert")


@pytest.mark.parametrize(
    "family", [*ENCODERS, *(pytest.param(n, marks=pytest.mark.slow) for n in ("bi_roberta", "bi_qwen3"))]
)
def test_an_encoder(family, tiny_model, tmp_path):
    from sentence_transformers import SentenceTransformer

    start = encoder(tiny_model(family))
    expected, folder = trained(start, tmp_path)
    words = [query.text for query, _ in PAIRS], [document.text for _, document in PAIRS]
    ours = load_encoder(folder)
    vectors = [ours.encode(side, kind) for side, kind in zip(words, ("query", "document"), strict=True)]
    np.testing.assert_allclose((vectors[0] * vectors[1]).sum(1), expected, **SAME)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    prefixes = start.template.prefixes.query, start.template.prefixes.document
    for own, side, prefix in zip(vectors, words, prefixes, strict=True):
        theirs = model.encode([prefix + text for text in side], prompt="", normalize_embeddings=True)
        np.testing.assert_allclose(own, theirs, **SAME)


@pytest.mark.parametrize("family", ["bi_bert", "bi_bert_words", "bi_modernbert"])
def test_an_encoder_with_a_new_head(family, tiny_model, tmp_path):
    start = reranker(tiny_model(family))
    assert start.new and all(name.startswith("head.") for name in start.new)
    expected, folder = trained(start, tmp_path)
    np.testing.assert_allclose(load_scorer(folder).score(PAIRS), expected, **SAME)
    np.testing.assert_allclose([official_pair_logits(folder, *pair)[0] for pair in texts()], expected, **SAME)
    np.testing.assert_allclose(of_sentence_transformers(folder), expected, **SAME)
    assert not (folder / "modules.json").exists()


@pytest.mark.parametrize("family", ["bert", "modernbert_cls", "ettin", "deberta"])
def test_what_lora_learnt_is_written_into_the_weights(family, tiny_model, tmp_path):
    """Every product of every layer learns, and no name of an adapter is left."""
    pytest.importorskip("peft")
    start = reranker(tiny_model(family))
    expected, folder = trained(start, tmp_path, tune=Lora(4))
    parts = adapted(start.network)
    assert len(parts) == sum("Linear" in type(m).__name__ and hasattr(m, "lora_A") for m in start.network.modules())
    for name, part in parts.items():
        assert part.lora_B["default"].weight.abs().max() > 0, f"{name} did not learn"
    np.testing.assert_allclose(load_scorer(folder).score(PAIRS), expected, atol=1e-4, rtol=1e-4)
    files = [load_file(path) for path in folder.rglob("model.safetensors")]
    assert not [name for tensors in files for name in tensors if "lora" in name or "base_layer" in name]


def test_the_head_alone_leaves_the_encoder_bit_for_bit(tiny_model, tmp_path):
    start = reranker(tiny_model("bert"))
    _, folder = trained(start, tmp_path, tune=Head())
    old, new = (load_file(at / "model.safetensors") for at in (start.folder.path, folder))
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    assert moved == {"bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight"} | (
        {"classifier.bias"} & moved
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (folder / name).read_bytes() == (start.folder.path / name).read_bytes()
