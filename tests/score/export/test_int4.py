"""4-bit weights: blocks as ONNX Runtime packs them, searched scales, and scores that no companion changes."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from tamis import load_scorer
from tamis.errors import ModelError
from tamis.score.export import export
from tamis.score.export import int4 as module
from tamis.score.export.int4 import BLOCK, blocks, int4

onnx = pytest.importorskip("onnx")


@pytest.fixture
def drawn():
    return np.random.default_rng(5).normal


def read(packed, scales, inputs):
    """The weights that the kernel computes with."""
    nibbles = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:2], BLOCK).astype(np.float32)
    return ((nibbles - 8) * scales[:, :, None]).reshape(len(packed), -1)[:, :inputs]


def test_blocks_are_those_of_onnxruntime(drawn, monkeypatch):
    """Its own quantiser takes each block's usual scale; that is one of those tried."""
    monkeypatch.setattr(module, "SHRINKS", np.ones(1, np.float32))
    from onnxruntime.capi._pybind_state import quantize_matmul_4bits

    weights = drawn(size=(96, 128)).astype(np.float32)
    packed, scales, zeros = np.zeros((96, 4, 16), np.uint8), np.zeros(96 * 4, np.float32), np.zeros(96 * 2, np.uint8)
    quantize_matmul_4bits(packed, np.ascontiguousarray(weights.T), scales, zeros, BLOCK, 96, 128, True)
    ours, our_scales = blocks(weights)
    np.testing.assert_allclose(our_scales.ravel(), scales, rtol=1e-6)
    assert np.mean(ours == packed) > 0.999  # ties are rounded either way


def test_searched_scales_err_less_than_the_usual_ones(drawn, monkeypatch):
    weights = drawn(size=(64, 320)).astype(np.float32)
    searched = np.square(read(*blocks(weights), 320) - weights).mean()
    monkeypatch.setattr(module, "SHRINKS", np.ones(1, np.float32))
    usual = np.square(read(*blocks(weights), 320) - weights).mean()
    assert searched < 0.92 * usual


@pytest.mark.parametrize("inputs", [64, 80, 96])
def test_a_last_block_may_be_short_and_a_block_of_zeros_stays_zero(inputs, drawn):
    weights = drawn(size=(64, inputs)).astype(np.float32)
    weights[3, :32] = 0
    packed, scales = blocks(weights)
    assert packed.shape == (64, -(-inputs // BLOCK), 16)
    found = read(packed, scales, inputs)
    assert not found[3, :32].any()
    assert np.abs(found - weights).max() < 0.5


def test_weights_on_the_grid_are_kept_exactly(drawn):
    nibbles = np.random.default_rng(2).integers(-8, 8, size=(64, 64))
    nibbles[:, ::32] = -8
    weights = (nibbles * 0.25).astype(np.float32)
    np.testing.assert_array_equal(read(*blocks(weights), 64), weights)


@pytest.mark.parametrize(("kind", "settings"), [("MatMul", {}), ("Gemm", {}), ("Gemm", {"transB": 1})])
def test_each_form_of_a_product(kind, settings, drawn):
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    weights = drawn(size=(96, 80)).astype(np.float32)
    across = settings.get("transB", 0)
    bias = drawn(size=96 if across else 80).astype(np.float32) if kind == "Gemm" else None
    held = [array(weights, "w"), *([array(bias, "b")] if bias is not None else [])]
    node = helper.make_node(kind, ["x", *(t.name for t in held)], ["y"], **settings)
    rows = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", None]) for name in "xy"]
    graph = helper.make_graph([node], "one", rows[:1], rows[1:], held)
    small = int4(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10))
    assert [n.op_type for n in small.graph.node] == ["MatMulNBits", *(["Add"] if kind == "Gemm" else [])]
    session = onnxruntime.InferenceSession(small.SerializeToString(), providers=["CPUExecutionProvider"])
    x = drawn(size=(7, 80 if across else 96)).astype(np.float32)
    plain = weights if across else weights.T
    expected = x @ read(*blocks(plain), plain.shape[1]).T + (0 if bias is None else bias)
    np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, atol=1e-4)


def test_a_model_that_four_bits_do_not_suit_is_refused(tiny_model, exported, tmp_path, monkeypatch):
    """Random weights, each of which counts; the message says what to use instead."""
    before = exported("wide_bert") / "model.onnx"
    monkeypatch.setattr("tamis.score.export.graph.traced", lambda network, vocabulary, output: onnx.load(before))
    with pytest.raises(ModelError, match=r"int4 ranks 160 pairs unlike fp32.*at least 0\.97.*--format onnx-int8"):
        export(tiny_model("wide_bert"), tmp_path / "out", ("onnx", "onnx-int4"))
    assert not list(tmp_path.iterdir())


def test_a_scorer_in_four_bits(exported, tmp_path, pairs_in_many_languages):
    before = exported("wide_bert")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((before / name).read_bytes())
    onnx.save(int4(onnx.load(before / "model.onnx")), tmp_path / "model_int4.onnx")
    few, pairs = load_scorer(tmp_path, dtype="int4"), pairs_in_many_languages[:60]
    assert few.fingerprint.endswith("onnx:cpu:int4")
    alone = np.array([few.score([pair])[0] for pair in pairs])
    np.testing.assert_allclose(few.score(pairs), alone, atol=1e-5)
    expected = load_scorer(before).score(pairs)
    assert np.corrcoef(expected, alone)[0, 1] > 0.8
    assert (tmp_path / "model_int4.onnx").stat().st_size < 0.4 * (before / "model.onnx").stat().st_size
