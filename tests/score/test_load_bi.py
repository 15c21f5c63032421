"""Bi-encoders from folders: what is read, what is refused, and what a folder's forms mean."""

import json
import shutil

import numpy as np
import pytest

from tamis import Document, Query, load_encoder, load_scorer
from tamis.errors import InputError, ModelError

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

from .tiny_files import edit  # noqa: E402

TEXTS = ["a sieve", "筛子", "the capital of France"]


@pytest.fixture
def copy(tiny_model, tmp_path):
    return shutil.copytree(tiny_model("bi_bert"), tmp_path / "copy")


def test_a_folder_of_two_kinds_and_a_window(tiny_model):
    encoder = load_encoder(tiny_model("bi_bert"))
    assert (encoder.dimension, encoder.max_length) == (24, 64)
    assert encoder is load_encoder(tiny_model("bi_bert")), "loaded once"
    short = load_encoder(tiny_model("bi_bert"), max_length=16)
    assert short.max_length == 16
    assert short.fingerprint != encoder.fingerprint
    assert encoder.notes(["x " * 100, "x"], "document")[0]["truncated_tokens"] > 0


def test_the_fingerprint_names_the_numbers_not_the_machine(tiny_model):
    encoder = load_encoder(tiny_model("bi_bert"))
    assert encoder.fingerprint.startswith("bi-encoder:")
    assert encoder.fingerprint.endswith(":float32")
    half = load_encoder(tiny_model("bi_bert"), dtype="bfloat16")
    assert half.fingerprint != encoder.fingerprint
    near = (half.encode(TEXTS, "query") * encoder.encode(TEXTS, "query")).sum(1)
    assert near.min() > 0.99


def test_as_a_scorer_it_is_the_cosine(tiny_model):
    folder = tiny_model("bi_bert")
    scores = load_scorer(folder).score([(Query(TEXTS[0]), Document("d", text)) for text in TEXTS])
    encoder = load_encoder(folder)
    expected = encoder.encode(TEXTS[:1], "query") @ encoder.encode(TEXTS, "document").T
    np.testing.assert_allclose(scores, expected[0], atol=1e-6)
    assert load_scorer(folder).fingerprint == f"cosine({encoder.fingerprint})"
    short = load_scorer(folder, max_length=16)
    assert short.fingerprint != load_scorer(folder).fingerprint


@pytest.mark.parametrize("family", ["bert", "deberta"])
def test_a_cross_encoder_is_no_encoder(family, tiny_model):
    with pytest.raises(ModelError, match="is not supported as an encoder of single texts; supported are BertModel"):
        load_encoder(tiny_model(family))


@pytest.mark.parametrize("family", ["ettin", "qwen3_sentence_transformers"])
def test_nor_is_one_of_modules(family, tiny_model):
    with pytest.raises(ModelError, match="end in a score: it is a cross-encoder"):
        load_encoder(tiny_model(family))


def change(folder, **settings):
    edit(folder / "1_Pooling" / "config.json", **settings)


WRONG = {
    "two poolings": (
        lambda f: change(f, pooling_mode_cls_token=True),
        r"expected pooling 'cls', 'mean', 'lasttoken', got \['cls', 'mean'\]",
    ),
    "the largest": (
        lambda f: change(f, pooling_mode_mean_tokens=False, pooling_mode_max_tokens=True),
        r"expected pooling .* got 'pooling_mode_max_tokens'",
    ),
    "without the prompt": (lambda f: change(f, include_prompt=False), "leaves the prompt's tokens out"),
    "products": (
        lambda f: (
            edit(f / "config_sentence_transformers.json", similarity_fn_name="dot"),
            (f / "modules.json").write_text(json.dumps(json.loads((f / "modules.json").read_text())[:-1])),
        ),
        "compared by 'dot', and their lengths count",
    ),
    "no weights of a module": (
        lambda f: (f / "2_Dense" / "model.safetensors").unlink(),
        r"no weights for head\.2\.linear\.bias",
    ),
    "another module": (
        lambda f: (f / "modules.json").write_text(
            (f / "modules.json").read_text().replace("models.Normalize", "models.WordWeights")
        ),
        "module 'WordWeights' is not implemented at place 3",
    ),
    "a layer is missing": (
        lambda f: edit(f / "config.json", num_hidden_layers=4),
        r"no weights for body\.encoder\.layer\.3",
    ),
    "no sizes": (lambda f: edit(f / "config.json", drop=("hidden_size",)), r"config\.json.*hidden_size"),
    "both ways": (
        lambda f: edit(f / "config.json", architectures=["Qwen3Model"], is_causal=False),
        "look both ways",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_implemented_is_one_clear_error(name, copy):
    spoil, message = WRONG[name]
    spoil(copy)
    with pytest.raises(ModelError, match=message):
        load_encoder(copy)


def test_weights_may_be_pickled_as_before(copy, tiny_model):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    for folder in (copy, copy / "2_Dense"):
        torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    expected = load_encoder(tiny_model("bi_bert")).encode(TEXTS, "query")
    np.testing.assert_array_equal(load_encoder(copy).encode(TEXTS, "query"), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float8"}, "dtype='float8': the torch engine knows auto"),
        ({"engine": "tensorrt"}, "engine='tensorrt': expected"),
        ({"device": "cuda:99x"}, "device="),
        ({"max_length": 65}, "max_length must be at most 64"),
        ({"max_length": 3}, "max_length must be at least"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(options, message, tiny_model):
    with pytest.raises(InputError, match=message):
        load_encoder(tiny_model("bi_bert"), **options)


def test_a_graph_is_asked_for_in_vain(tiny_model):
    with pytest.raises(ModelError, match="expected an ONNX graph for engine='onnx', found none; make one with"):
        load_encoder(tiny_model("bi_bert"), engine="onnx")
    with pytest.raises(InputError, match="models of this kind can only take 'auto'"):
        load_encoder("e5-small", dtype="bfloat16")
