"""The ONNX engine: graphs of several makers, and one clear error for those it cannot run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError, ModelError
from tamis.score.engine import Batch
from tamis.score.folder import ModelFolder
from tamis.score.onnx_engine import graph, load_onnx

onnx = pytest.importorskip("onnx")

PAIRS = [(Query("capital of France?"), Document("d", text)) for text in ("Paris.", "", "The drum sieve " * 9)]
INT64, FLOAT = 7, 1  # onnx.TensorProto's numbers


@pytest.fixture
def folder(tiny_model, tmp_path) -> Path:
    """config and tokenizer of a BERT, without weights."""
    (tmp_path / "model").mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_model("bert") / name, tmp_path / "model" / name)
    return tmp_path / "model"


@pytest.fixture
def both(exported, folder) -> Path:
    for name in ("model.onnx", "model_int8.onnx"):
        shutil.copyfile(exported("wide_bert") / name, folder / name)
    return folder


def sums(*inputs: str, outputs: int = 1, columns: int = 1) -> bytes:
    """A graph that adds up what it reads, row by row: its logits say what it was given.

    ``outputs`` are of shape (rows,) where there are several, else one of shape (rows, columns).
    """
    make, shaped = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    reads = [shaped(name, INT64, ["rows", "length"]) for name in inputs]
    nodes = [make("Sum", [f"{name}.float" for name in inputs], ["all"])]
    nodes = [make("Cast", [name], [f"{name}.float"], to=FLOAT) for name in inputs] + nodes
    axes = onnx.numpy_helper.from_array(np.array([1]), "axes")
    nodes.append(make("ReduceSum", ["all", "axes"], ["sum"], keepdims=int(outputs == 1)))
    if outputs == 1:
        nodes.append(make("Concat", ["sum"] * columns, ["out0"], axis=1))
    else:
        nodes += [make("Identity", ["sum"], ["out0"]), make("Add", ["sum", "sum"], ["out1"])]
    gives = [shaped(f"out{at}", FLOAT, None) for at in range(outputs)]
    made = onnx.helper.make_graph(nodes, "sums", reads, gives, [axes])
    return onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10
    ).SerializeToString()


def engine(folder: Path, content: bytes):
    (folder / "model.onnx").write_bytes(content)
    return load_onnx(ModelFolder(folder), "auto")


BATCH = Batch([[5, 6, 7, 8], [9]], [2, 1])


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (("input_ids",), [26, 9]),
        (("attention_mask",), [4, 1]),
        (("token_type_ids",), [2, 0]),  # ones from the second text on, and none on padding
        (("position_ids",), [6, 6]),
        (("input_ids", "attention_mask", "token_type_ids", "position_ids"), [38, 16]),
    ],
)
def test_a_graph_is_given_the_inputs_it_names(inputs, expected, folder):
    found = engine(folder, sums(*inputs)).logits(BATCH)
    assert found.dtype == np.float32
    assert found.tolist() == [[value] for value in expected]


def test_two_outputs_are_no_and_yes(folder):
    """The yes/no form of causal models: one output an answer, each one number a row."""
    assert engine(folder, sums("attention_mask", outputs=2)).logits(BATCH).tolist() == [[4, 8], [1, 2]]
    scores = load_scorer(folder).score(PAIRS)
    lengths = [len(encoded.ids) for encoded in load_scorer(folder).template.encode(PAIRS)]
    assert scores.tolist() == lengths, "yes less no"


def test_two_columns_are_two_labels(folder):
    assert engine(folder, sums("attention_mask", columns=2)).logits(BATCH).tolist() == [[4, 4], [1, 1]]
    assert load_scorer(folder).score(PAIRS).tolist() == [0, 0, 0]


def test_a_graph_of_a_vocabulary_is_no_reranker(folder):
    engine(folder, sums("attention_mask", columns=5))
    with pytest.raises(ModelError, match="expected a model with one or two labels, got 5"):
        load_scorer(folder).score(PAIRS)


def test_inputs_that_nobody_fills_are_named(folder):
    past = [f"past_key_values.{at}.{side}" for at in range(3) for side in ("key", "value")]
    with pytest.raises(
        ModelError, match=r"this one wants past_key_values\.0\.key, past_key_values\.0\.value"
    ) as caught:
        engine(folder, sums("input_ids", "attention_mask", *past))
    assert "expected a graph that reads attention_mask, input_ids, position_ids, token_type_ids" in str(caught.value)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"no graph", lambda data: data[: len(data) // 2]])
def test_a_damaged_graph_is_one_clear_error(damage, folder, both):
    path = both / "model.onnx"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=r"model\.onnx: not a graph this version of onnxruntime can run"):
        load_scorer(both, engine="onnx")


def test_a_graph_whose_data_is_gone_is_one_clear_error(folder, exported):
    model = onnx.load(exported("wide_bert") / "model.onnx")
    onnx.save(model, str(folder / "model.onnx"), save_as_external_data=True, location="model.onnx.data")
    (folder / "model.onnx.data").unlink()
    with pytest.raises(ModelError, match=r"model\.onnx: not a graph this version of onnxruntime can run"):
        load_scorer(folder)


@pytest.mark.parametrize(("dtype", "what"), [("auto", "an ONNX graph"), ("float32", "a graph in float32")])
def test_a_folder_without_a_graph_says_how_to_make_one(dtype, what, tiny_model):
    folder = tiny_model("bert")
    with pytest.raises(ModelError, match=rf"expected {what} for engine='onnx', found none; .*: tamis export {folder}"):
        load_scorer(folder, engine="onnx", dtype=dtype)


def test_int8_alone_asks_for_the_onnx_engine(both, tiny_model):
    assert load_scorer(both, dtype="int8").fingerprint.endswith("onnx:cpu:int8")
    with pytest.raises(ModelError, match="expected a graph in int8"):
        load_scorer(tiny_model("bert"), dtype="int8")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "int2"])
def test_a_dtype_that_graphs_do_not_come_in_is_refused(dtype, both):
    with pytest.raises(InputError, match=f"dtype='{dtype}'"):
        load_scorer(both, engine="onnx", dtype=dtype)


def test_a_device_that_the_engine_does_not_use_is_refused(both):
    with pytest.raises(InputError, match="device='cuda': an ONNX graph can only take 'auto', 'cpu'"):
        load_scorer(both, engine="onnx", device="cuda")


@pytest.mark.parametrize(
    ("place", "dtype"),
    [
        *(("model.onnx", "float32"), ("onnx/model.onnx", "float32"), ("model_int8.onnx", "int8")),
        *(("onnx/model_quantized.onnx", "int8"), ("onnx/model_qint8_avx2.onnx", "int8")),
    ],
)
def test_graphs_are_found_where_exporters_put_them(place, dtype, folder):
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(sums("input_ids", "attention_mask"))
    found = ModelFolder(folder)
    assert graph(found, "auto") == graph(found, dtype) == folder / place
    assert graph(found, {"float32": "int8", "int8": "float32"}[dtype]) is None
    assert load_onnx(found, "auto").name == load_onnx(found, dtype).name == f"onnx:cpu:{dtype}"


def test_fp32_goes_before_int8_where_nothing_is_asked(both):
    assert load_scorer(both).fingerprint.endswith("onnx:cpu:float32")


def test_no_score_depends_on_the_id_of_padding(exported, tiny_model, pairs_in_many_languages):
    scorer = load_scorer(exported("wide_bert"), engine="onnx")
    expected = scorer.score(pairs_in_many_languages)
    scorer.engine._pad_id = 4321
    try:
        np.testing.assert_array_equal(scorer.score(pairs_in_many_languages), expected)
    finally:
        scorer.engine._pad_id = 0


def test_our_graphs_pack_and_others_do_not(exported, folder):
    assert load_onnx(ModelFolder(exported("wide_bert")), "float32").packs
    assert load_onnx(ModelFolder(exported("wide_bert")), "int8").packs
    assert not engine(folder, sums("input_ids")).packs
