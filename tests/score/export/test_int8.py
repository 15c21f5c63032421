"""int8 graphs: sums that cannot overflow, no dependence on companions, and the order of fp32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tamis import Document, Query, load_scorer
from tamis.score.export import rank_correlation
from tamis.score.export.channels import key, watched
from tamis.score.export.check import PAIRS
from tamis.score.export.folder import loaded
from tamis.score.export.int8 import LEAST, PAIR_LIMIT, ROWS, WEIGHT_LIMIT, finest, int8, steps
from tamis.score.folder import ModelFolder
from tamis.score.load_cross import Options

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("torch")


@pytest.fixture(scope="module")
def graphs(exported):
    """The fp32 graph and the int8 graph of one export."""
    return [onnx.load(exported("wide_bert") / name) for name in ("model.onnx", "model_int8.onnx")]


def tensors(graph, suffix=""):
    return {t.name: onnx.numpy_helper.to_array(t) for t in graph.graph.initializer if t.name.endswith(suffix)}


def products(graph):
    return [node for node in graph.graph.node if node.op_type == "MatMulIntegerToFloat"]


def test_neighbouring_weights_keep_within_what_sixteen_bits_hold(graphs):
    """The worst activations there are, added up as AVX2 adds them: two byte products in 16 bits."""
    held = tensors(graphs[1])
    made = products(graphs[1])
    assert len(made) == 12, "queries, keys, values, their sum and the perceptron's two in each of two layers; no head"
    for node in made:
        weights = held[node.input[1]]
        assert weights.dtype == np.int8
        assert WEIGHT_LIMIT / 2 < np.abs(weights.astype(int)).max() <= WEIGHT_LIMIT, "all 8 bits"
        for sign in (1, -1):
            pairs = np.maximum(sign * weights.astype(int), 0).reshape(-1, 2, weights.shape[1]).sum(axis=1)
            assert 255 * pairs.max() < 2**15


@given(
    arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-1e3, 1e3, width=32)),
)
def test_no_two_neighbours_are_rounded_to_more_than_the_limit(weights):
    rounded = np.rint(weights / finest(weights)[:, None]).astype(int)
    assert np.abs(rounded).max() <= WEIGHT_LIMIT
    for sign in (1, -1):
        same = np.maximum(sign * rounded, 0)
        assert (same[:, 0:-1:2] + same[:, 1::2]).max(initial=0) <= PAIR_LIMIT
    reached = np.abs(rounded).max(axis=1) >= PAIR_LIMIT // 2
    assert (reached | (np.abs(weights).max(axis=1) < 1e-9)).all(), "and no coarser than it need be"


@pytest.mark.parametrize("drawn", range(50))
def test_halves_are_not_rounded_up_twice(drawn):
    """63.5 and 64.5 steps make 128; 64 and 65 would be too many."""
    step = np.float32(np.random.default_rng(drawn).uniform(1e-3, 1e3))
    weights = np.array([[63.5, 64.5], [64.5, 63.5]], np.float32) * step
    assert np.rint(weights / finest(weights)[:, None]).sum(axis=1).max() <= PAIR_LIMIT


@pytest.mark.slow
def test_products_are_exact_on_a_processor_without_vnni(tmp_path, without_vnni):
    """Sums of 128 are exact there, and sums of 130 are not: the limit is the limit."""
    rng = np.random.default_rng(0)
    first, sign = rng.integers(2, PAIR_LIMIT - 1, (192, 64)), rng.choice([-1, 1], (192, 64))
    found = {}
    for pair in (PAIR_LIMIT, PAIR_LIMIT + 2):
        weights = np.stack([sign * first, sign * (pair - first)], axis=1).reshape(384, 64).clip(-127, 127)
        np.save(tmp_path / "weights.npy", weights.astype(np.int8))
        onnx.save(int8_product(weights.astype(np.int8)), tmp_path / "product.onnx")
        found[pair] = without_vnni(EXACT, str(tmp_path))
    assert found == {PAIR_LIMIT: "True", PAIR_LIMIT + 2: "False"}


EXACT = """
import sys
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(f"{sys.argv[1]}/product.onnx", options, providers=["CPUExecutionProvider"])
weights = np.load(f"{sys.argv[1]}/weights.npy").astype(int)
x = np.random.default_rng(1).choice(np.array([0, 255], np.uint8), (9, len(weights)))
x[0] = 255
exact = (x.astype(int) - 128) @ weights
print(all(np.array_equal(session.run(None, {"x": rows})[0], exact[: len(rows)]) for rows in (x, x[:1])))
"""


def int8_product(weights):
    """A graph of one product of bytes."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    held = {"w": weights, "one": np.float32(1), "scale": np.ones(weights.shape[1], np.float32), "zero": np.uint8(128)}
    node = helper.make_node("MatMulIntegerToFloat", ["x", *held], ["y"], domain="com.microsoft")
    ends = [
        helper.make_tensor_value_info(name, kind, ["n", None])
        for name, kind in (("x", onnx.TensorProto.UINT8), ("y", onnx.TensorProto.FLOAT))
    ]
    tensors = [array(np.asarray(value), name) for name, value in held.items()]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:], tensors)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def test_large_tables_are_kept_in_bytes_and_small_ones_are_not(graphs):
    whole, small = (sum(t.nbytes for t in tensors(graph).values()) for graph in graphs)
    assert small < whole / 3
    floats = {t.shape for t in tensors(graphs[1]).values() if t.dtype == np.float32}
    assert (512, 64) in floats, "places"
    assert not any(len(shape) == 2 and shape[0] >= ROWS and shape[1] > 1 for shape in floats)


def test_the_source_graph_is_left_as_it_was(graphs, tiny_model):
    scorer, engine = loaded(ModelFolder(tiny_model("wide_bert")), Options("torch", "cpu", "float32"))
    with watched(engine.network) as reached:
        scorer.score(PAIRS)
    before = graphs[0].SerializeToString()
    made = int8(graphs[0], reached)
    assert graphs[0].SerializeToString() == before
    assert made.SerializeToString() == graphs[1].SerializeToString(), "and the same graph comes out every time"


def test_the_graph_is_a_valid_one(graphs):
    onnx.checker.check_model(graphs[1])


@pytest.mark.slow
@pytest.mark.parametrize("family", ["wide_bert", "qwen3", "ettin"])
def test_the_order_is_that_of_fp32(family, tiny_model, exported, pairs_in_many_languages):
    source = load_scorer(tiny_model(family), engine="torch").score(pairs_in_many_languages)
    small = load_scorer(exported(family), engine="onnx", dtype="int8").score(pairs_in_many_languages)
    assert rank_correlation(source, small) >= 0.99
    assert 0 < np.abs(source - small).max() < 0.25 * source.std(), "in bytes indeed, and near"


@pytest.mark.parametrize("family", ["wide_bert", pytest.param("ettin", marks=pytest.mark.slow)])
def test_companions_change_no_score(family, exported, pairs_in_many_languages):
    """Nor does a companion of great length or of tokens that no other pair has."""
    scorer, pairs = load_scorer(exported(family), engine="onnx", dtype="int8"), pairs_in_many_languages[:60]
    alone = np.array([scorer.score([pair])[0] for pair in pairs])
    odd = [(Query("☃ ∑ ẞ"), Document("o", "zyzzyva qoph ∰ " * 90)), (Query("?"), Document("e", ""))]
    np.testing.assert_allclose(scorer.score(pairs), alone, atol=1e-6, rtol=0)
    np.testing.assert_allclose(scorer.score([*odd, *pairs])[2:], alone, atol=1e-6, rtol=0)
    np.testing.assert_allclose(scorer.score(pairs[::-1])[::-1], alone, atol=1e-6, rtol=0)


def run(graph, **feeds):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


def product(kind, weights, bias=None, **settings):
    """A graph of one product."""
    helper, array = onnx.helper, onnx.numpy_helper.from_array
    rows, floats = helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    held = [array(weights, "w")] + ([array(bias, "b")] if bias is not None else [])
    node = helper.make_node(kind, ["x", *(t.name for t in held)], ["y"], **settings)
    shapes = [rows("x", floats, ["n", None])], [rows("y", floats, ["n", None])]
    graph = helper.make_graph([node], "one", *shapes, held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture
def drawn():
    return np.random.default_rng(5).normal


@pytest.mark.parametrize(
    ("kind", "settings", "biased"),
    [("MatMul", {}, False), ("Gemm", {}, True), ("Gemm", {"transB": 1}, True), ("Gemm", {"transB": 1}, False)],
)
def test_each_form_of_a_product_is_near_its_fp32(kind, settings, biased, drawn):
    weights = drawn(size=(96, 80)).astype(np.float32)
    bias = drawn(size=96 if settings else 80).astype(np.float32) if biased else None
    whole = product(kind, weights, bias, **settings)
    x = drawn(size=(7, 80 if settings else 96)).astype(np.float32)
    small = int8(whole)
    assert len(products(small)) == 1
    expected = run(whole, x=x)
    np.testing.assert_allclose(run(small, x=x), expected, atol=0.04 * expected.std() * 3)


def test_a_row_is_scaled_by_itself(drawn):
    """A token a thousand times as large costs the others no precision, and neither does one of nothing."""
    small = int8(product("MatMul", drawn(size=(96, 80)).astype(np.float32)))
    x = drawn(size=(5, 96)).astype(np.float32)
    alone = run(small, x=x)
    together = run(small, x=np.concatenate([x, x[:1] * 1000, np.zeros((1, 96), np.float32)]))
    np.testing.assert_array_equal(together[:5], alone)
    np.testing.assert_allclose(together[5], alone[0] * 1000, rtol=1e-5)
    np.testing.assert_array_equal(together[6], 0)


@pytest.mark.parametrize(("kind", "settings"), [("MatMul", {}), ("Gemm", {"transB": 1})])
def test_a_channel_that_drowns_the_others_does_not_when_they_are_evened_out(kind, settings, drawn):
    weights, x = drawn(size=(96, 96)).astype(np.float32), drawn(size=(50, 96)).astype(np.float32)
    x[:, 3] *= 100
    whole = product(kind, weights, **settings)
    reached = {key(weights if settings else np.ascontiguousarray(weights.T)): np.abs(x).max(axis=0)}
    expected = run(whole, x=x)
    plain, evened = (np.abs(run(int8(whole, known), x=x) - expected).mean() for known in ({}, reached))
    assert evened < plain / 4
    other = {key(weights + 1): np.abs(x).max(axis=0)}
    assert int8(whole, other).SerializeToString() == int8(whole).SerializeToString()


@pytest.mark.parametrize("settings", [{"alpha": 0.5}, {"beta": 2.0}])
def test_products_of_other_forms_stay_as_they_are(settings, drawn):
    weights, bias = drawn(size=(96, 80)).astype(np.float32), drawn(size=80).astype(np.float32)
    assert not products(int8(product("Gemm", weights, bias, **settings)))


@pytest.mark.parametrize("shape", [(LEAST - 1, 96), (96, LEAST - 1), (96, 1)])
def test_narrow_products_stay_in_fp32(shape, drawn):
    assert not products(int8(product("MatMul", drawn(size=shape).astype(np.float32))))


def test_what_training_changed_survives_where_weights_stood_on_the_steps_of_an_export():
    draw = np.random.default_rng(0)
    before = draw.integers(-60, 61, (64, 256)).astype(np.float32)
    before[:, 0] = WEIGHT_LIMIT
    before[:, 1] = 1
    learnt = draw.normal(0, 0.1, before.shape).astype(np.float32)
    after = before + learnt
    wide = steps(after)[:, None]
    kept = np.rint(after / wide) * wide - before
    assert np.abs(kept - learnt).max() <= wide.max() / 2 + 1e-5
    # Rounded to the same steps, what was learnt would be gone: a slope of 0. Now it is there, and the rest is noise.
    assert (kept * learnt).sum() / (learnt * learnt).sum() == pytest.approx(1, abs=0.15)
    np.testing.assert_array_equal(steps(before), np.ones(64, np.float32))
    assert np.abs(after / wide).max() < WEIGHT_LIMIT
