"""tamis in the place of sentence-transformers' CrossEncoder: names, shapes, dtypes and scores; and what it refuses."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest

from tamis import load_scorer
from tamis.errors import InputError
from tamis.integrations.sentence_transformers import CrossEncoder

QUERY = "What is the capital of France?"
DOCUMENTS = ["La capitale de la France est Paris.", "Rain fell all day long.", "法国的首都是巴黎。", "Paris"]
PAIRS = [(QUERY, document) for document in DOCUMENTS] + [("gravity", "It attracts two bodies. " * 40)]
ONE_LABEL = ("bert", "bert_sentence_transformers", "xlm_roberta", "qwen3_sentence_transformers", "ettin")


@pytest.fixture(scope="session")
def both(tiny_model):
    """``both(family)``: tamis and sentence-transformers on the same folder."""
    reference = pytest.importorskip("sentence_transformers", reason="the reference is not installed")

    def load(family):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = reference.CrossEncoder(str(tiny_model(family)), device="cpu")
        return CrossEncoder(tiny_model(family), engine="torch"), theirs

    return load


def raw(folder, pairs=PAIRS):
    from tamis import Document, Query

    return load_scorer(folder, engine="torch").score([(Query(q), Document("", d)) for q, d in pairs])


def probability(logits):
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("family", [*ONE_LABEL, "bert_two_labels"])
def test_predict_is_sentence_transformers(family, both):
    ours, theirs = both(family)
    for options in ({}, {"activation_fn": "S"}, {"activation_fn": "I"}, {"apply_softmax": True}):
        import torch

        torchs = {"S": torch.nn.Sigmoid(), "I": torch.nn.Identity()}
        options = {key: torchs.get(value, value) for key, value in options.items()}
        kept = theirs.activation_fn
        expected = theirs.predict(PAIRS, batch_size=1, show_progress_bar=False, **options)
        theirs.activation_fn = kept
        found = ours.predict(PAIRS, **options)
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)
    assert ours.num_labels == theirs.num_labels


@pytest.mark.parametrize("family", ONE_LABEL)
def test_rank_is_sentence_transformers(family, both):
    ours, theirs = both(family)
    expected = theirs.rank(QUERY, DOCUMENTS, top_k=3, return_documents=True, show_progress_bar=False)
    found = ours.rank(QUERY, DOCUMENTS, top_k=3, return_documents=True)
    assert [set(row) for row in found] == [set(row) for row in expected]
    assert [(row["corpus_id"], row["text"]) for row in found] == [(row["corpus_id"], row["text"]) for row in expected]
    assert [row["score"] for row in found] == pytest.approx([row["score"] for row in expected], abs=1e-5)


def test_one_pair_and_no_pair_have_their_shapes(both):
    ours, theirs = both("bert")
    alone, expected = ours.predict(PAIRS[0]), theirs.predict(PAIRS[0], show_progress_bar=False)
    assert type(alone) is type(expected) is np.float32
    assert alone == pytest.approx(expected, abs=1e-5)
    assert ours.predict([]).shape == theirs.predict([], show_progress_bar=False).shape == (0,)
    assert ours.rank(QUERY, []) == theirs.rank(QUERY, [], show_progress_bar=False) == []


def test_every_parameter_of_predict_and_rank_is_known_in_its_place(both):
    _, theirs = both("bert")
    for name in ("predict", "rank"):
        wanted = [p for p in inspect.signature(getattr(theirs, name)).parameters if p != "kwargs"]
        assert list(inspect.signature(getattr(CrossEncoder, name)).parameters)[1:] == wanted


def test_the_folder_decides_whether_there_is_a_sigmoid(tiny_model):
    bare, named = tiny_model("bert"), tiny_model("bert_sentence_transformers")
    np.testing.assert_allclose(CrossEncoder(bare, engine="torch").predict(PAIRS), probability(raw(bare)), atol=1e-6)
    np.testing.assert_allclose(CrossEncoder(named, engine="torch").predict(PAIRS), raw(named), atol=1e-5)


@pytest.mark.parametrize("give", ["name", "module", "class", "function"])
def test_an_activation_counts_for_its_call_alone(tiny_model, give):
    import torch

    folder = tiny_model("bert_sentence_transformers")
    model = CrossEncoder(folder, engine="torch")
    sigmoid = {"name": "sigmoid", "module": torch.nn.Sigmoid(), "class": torch.nn.Sigmoid, "function": torch.sigmoid}
    np.testing.assert_allclose(model.predict(PAIRS, activation_fn=sigmoid[give]), probability(raw(folder)), atol=1e-6)
    np.testing.assert_allclose(model.predict(PAIRS), raw(folder), atol=1e-5)
    given = CrossEncoder(folder, engine="torch", activation_fn=sigmoid[give])
    np.testing.assert_allclose(given.predict(PAIRS), probability(raw(folder)), atol=1e-6)


def test_two_labels_are_two_columns_and_their_softmax(tiny_model):
    folder = tiny_model("bert_two_labels")
    model = CrossEncoder(folder, engine="torch")
    logits = model.predict(PAIRS)
    assert logits.shape == (len(PAIRS), 2)
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], raw(folder), atol=1e-5)
    np.testing.assert_allclose(model.predict(PAIRS, apply_softmax=True)[:, 1], probability(raw(folder)), atol=1e-6)
    assert model.predict(PAIRS[0]).shape == (2,)
    found = model.rank(QUERY, DOCUMENTS)
    expected = raw(folder, PAIRS[:4])
    assert [row["corpus_id"] for row in found] == np.argsort(-expected, kind="stable").tolist()


def test_a_saturated_sigmoid_keeps_the_order():
    model = CrossEncoder("tamis-mini")
    order = [row["corpus_id"] for row in model.rank(QUERY, DOCUMENTS)]
    assert order == [row["corpus_id"] for row in model.rank(QUERY, DOCUMENTS, activation_fn="sigmoid")]
    assert all(0 < row["score"] < 1 for row in model.rank(QUERY, DOCUMENTS, activation_fn="sigmoid"))


def test_a_prompt_is_the_instruction(tiny_model):
    from tamis import Document, Query

    folder, told = tiny_model("qwen3"), "Find code"
    expected = load_scorer(folder, engine="torch").score(
        [(Query(q, instruction=told), Document("", d)) for q, d in PAIRS]
    )
    found = CrossEncoder(folder, engine="torch").predict(PAIRS, prompt=told, activation_fn="identity")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(InputError, match="no prompt 'nope': the model's folder lists none"):
        CrossEncoder(folder, engine="torch").predict(PAIRS, prompt_name="nope")


@pytest.mark.parametrize("family", ["ettin", "qwen3_sentence_transformers"])
def test_a_folders_own_prompts_are_honoured(family, tiny_model, tmp_path):
    reference = pytest.importorskip("sentence_transformers", reason="the reference is not installed")
    folder = tmp_path / family
    shutil.copytree(tiny_model(family), folder)
    path = folder / "config_sentence_transformers.json"
    prompts = {"prompts": {"web": "Find web pages: ", "code": "Find code: "}, "default_prompt_name": "web"}
    path.write_text(json.dumps(json.loads(path.read_text()) | prompts))
    ours, theirs = CrossEncoder(folder, engine="torch"), reference.CrossEncoder(str(folder), device="cpu")
    quiet = {"show_progress_bar": False}
    np.testing.assert_allclose(ours.predict(PAIRS), theirs.predict(PAIRS, **quiet), atol=1e-5)
    if family == "ettin":
        with pytest.raises(InputError, match="'Find web pages: ', cannot be left out or replaced"):
            ours.predict(PAIRS, prompt_name="code")
    else:
        expected = theirs.predict(PAIRS, prompt_name="code", **quiet)
        np.testing.assert_allclose(ours.predict(PAIRS, prompt_name="code"), expected, atol=1e-5)
    with pytest.raises(InputError, match="'Find web pages: ', cannot be left out"):
        ours.predict(PAIRS, prompt="")


def test_a_prompt_stands_before_the_query_where_none_is_read(both):
    ours, theirs = both("bert")
    expected = theirs.predict(PAIRS, prompt="Find: ", show_progress_bar=False)
    np.testing.assert_allclose(ours.predict(PAIRS, prompt="Find: "), expected, atol=1e-5)


def test_tensors_arrays_and_the_bar(capsys, tiny_model):
    import torch

    model = CrossEncoder(tiny_model("bert"), engine="torch")
    expected = model.predict(PAIRS)
    tensor = model.predict(PAIRS, convert_to_tensor=True)
    assert isinstance(tensor, torch.Tensor) and tensor.dtype == torch.float32
    np.testing.assert_array_equal(tensor.numpy(), expected)
    assert [t.item() for t in model.predict(PAIRS, convert_to_numpy=False)] == expected.tolist()
    np.testing.assert_array_equal(model.predict(np.array(PAIRS)), expected)
    np.testing.assert_array_equal(model.predict(PAIRS, show_progress_bar=True, batch_size=1), expected)
    assert capsys.readouterr().out == ""


def test_max_length_is_what_is_read(tiny_model):
    folder = tiny_model("bert")
    short = CrossEncoder(folder, engine="torch", max_length=24)
    assert short.max_length == 24
    assert CrossEncoder(folder, engine="torch").max_length == 512
    assert abs(short.predict(PAIRS[4]) - CrossEncoder(folder, engine="torch").predict(PAIRS[4])) > 1e-4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"trust_remote_code": True}, "trust_remote_code=True cannot be honoured: code that a model's repository"),
        ({"revision": "main"}, "revision='main' cannot be honoured"),
        ({"model_kwargs": {"torch_dtype": "auto"}}, "use dtype="),
        ({"backend": "openvino"}, "backend='openvino': expected 'torch' or 'onnx'"),
        ({"backend": "onnx", "engine": "torch"}, "say two things"),
        ({"num_labels": 2}, "the model has 1; another head would be random"),
        ({"activation_fn": "relu"}, "activation_fn is 'relu': expected 'sigmoid', 'identity'"),
        ({"activation_fn": len}, "expected 'sigmoid'"),
    ],
)
def test_what_cannot_be_honoured_is_refused(tiny_model, options, says):
    with pytest.raises(InputError, match="^.*" + says.replace("(", r"\(")):
        CrossEncoder(tiny_model("bert"), **({"engine": "torch"} | options if "backend" not in options else options))


@pytest.mark.parametrize(
    ("inputs", "options", "says"),
    [
        ("one string", {}, "inputs must be pairs of query and document, got str"),
        ([("q", "d", "x")], {}, r"pair 0: expected \(query, document\)"),
        ([("q", None)], {}, "pair 0: expected"),
        (PAIRS, {"batch_size": 0}, "batch_size must be at least 1, got 0"),
        (PAIRS, {"device": "cuda"}, "give it to the constructor"),
        (PAIRS, {"pool": {}, "chunk_size": 3}, "uses all processors"),
    ],
)
def test_calls_that_cannot_be_are_refused(inputs, options, says):
    with pytest.raises(InputError, match=says):
        CrossEncoder("tamis-mini").predict(inputs, **options)


def test_a_misspelt_argument_is_not_swallowed():
    with pytest.raises(TypeError, match="max_lenght"):
        CrossEncoder("tamis-mini", max_lenght=12)
    with pytest.raises(InputError, match="got one string"):
        CrossEncoder("tamis-mini").rank("q", "d")
    with pytest.raises(InputError, match="top_k must be at least 1"):
        CrossEncoder("tamis-mini").rank("q", ["d"], top_k=0)


def test_an_unknown_activation_of_a_folder_is_named(tiny_model, tmp_path):
    folder = tmp_path / "tanh"
    shutil.copytree(tiny_model("bert"), folder)
    config = json.loads((folder / "config.json").read_text())
    config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.activation.Tanh"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="the model's folder names 'Tanh': expected"):
        CrossEncoder(folder, engine="torch").predict(PAIRS)


def test_torch_is_not_imported():
    code = (
        "import sys; from tamis.integrations.sentence_transformers import CrossEncoder; "
        "print(CrossEncoder('tamis-mini').rank('soup', ['rain', 'soup'])[0]['corpus_id'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
