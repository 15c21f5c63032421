"""The e5-small encoder as an ONNX graph: int8 products whose activations are scaled token by token.

ONNX Runtime's dynamic int8 scales a whole batch by its one largest activation, so a text's vector depends on its
companions and one outlier token costs everyone precision. Here each token has its own scale, so that vectors do not
depend on the batch, and its channels are evened out (``weights.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from q4file import BLOCK, Q4File
from weights import Activations, Linear, Weights

MICROSOFT = "com.microsoft"
ZERO = 128  # activations are stored as unsigned bytes around this
ZERO_GELU = 24  # and a GELU's around that,
LEAST_GELU = 0.17 / ZERO_GELU  # whose step is no finer, since it falls to -.17
INPUT = {"qkv": "x", "ao": "c", "fi": "y", "fo": "z"}  # what a product's input is called

# Adds x W' to a graph: what is multiplied by, its own name, and the name of x (tokens, inputs) give the product's.
Product: TypeAlias = Callable[["Graph", Linear, str, str], str]


class Graph:
    """Nodes and initialisers in the order they are added; every ``op`` returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def const(self, name: str, value: NDArray[np.generic]) -> str:
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, inputs: list[str], out: str, *, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out


def encoder(
    source: Q4File,
    keep: NDArray[np.int64],
    product: Product | None = None,
    read: Mapping[str, Activations] | None = None,
) -> onnx.ModelProto:
    """input_ids, attention_mask (batch, length) -> token_vectors (batch, length, hidden), for the rows to ``keep``.

    ``product`` multiplies by weights: None is int8 with one scale a token. ``read`` has what each product reads
    (``activations.py``); without it channels stay as they are, and each weight goes to its nearest number.
    """
    g, hidden, weights = Graph(), source.hidden, Weights(source, read or {})
    constants(g, source)
    x = embeddings(g, source, keep)
    for layer in range(source.layers):
        x = transformer_layer(g, weights, f"l{layer}.", x, product or int8)
    g.op("Reshape", [x, "batch_length_hidden"], "token_vectors")
    sides = ["batch", "length"]
    graph = helper.make_graph(
        g.nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info(n, TensorProto.INT64, sides) for n in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("token_vectors", TensorProto.FLOAT, [*sides, hidden])],
        g.tensors,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def constants(g: Graph, source: Q4File) -> None:
    for name, value in {
        "one": np.float32(1),
        "far": np.float32(-1e9),
        "at_0": np.array([0]),
        "at_1": np.array([1]),
        "at_2": np.array([2]),
        "at_2_3": np.array([2, 3]),
        "last": np.array([-1]),
        "tokens_hidden": np.array([-1, source.hidden]),
        "batch_length_rest": np.array([0, 0, -1]),
    }.items():
        g.const(name, np.asarray(value))
    for kind, zero, most, least in (("", ZERO, 255 - ZERO, 1e-12), ("_gelu", ZERO_GELU, 255 - ZERO_GELU, LEAST_GELU)):
        g.const("per" + kind, np.asarray(np.float32(1 / most)))
        g.const("least" + kind, np.asarray(np.float32(least)))
        g.const("zero_point" + kind, np.asarray(np.uint8(zero)))
        g.const("zero_point_1" + kind, np.array([zero], np.uint8))
    g.op("Shape", ["input_ids"], "batch_length")
    heads = g.const("heads", np.array([3 * source.heads, source.hidden // source.heads]))
    g.op("Concat", ["batch_length", heads], "batch_length_heads", axis=0)
    g.op("Concat", ["batch_length", g.const("hidden", np.array([source.hidden]))], "batch_length_hidden", axis=0)
    tokens = g.op("Unsqueeze", [g.op("ReduceProd", ["batch_length"], "tokens", keepdims=0), "at_0"], "tokens_1")
    for kind in ("", "_gelu"):
        g.op("Expand", ["zero_point_1" + kind, tokens], "zero_points" + kind)
    mask = g.op("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    padded = g.op("Mul", [g.op("Sub", ["one", mask], "padding"), "far"], "padding_far")
    g.op("Slice", ["batch_length", "at_1", "at_2"], "length_1")
    many = g.const("head_count", np.array([source.heads, 1]))
    by_head = g.op("Concat", ["batch_length", many], "batch_length_heads_1", axis=0)
    g.op("Expand", [g.op("Unsqueeze", [padded, "at_2_3"], "padding_far_4"), by_head], "attention_bias")
    g.op("Expand", [g.const("one_4", np.ones((1, 1, 1, 1), np.float32)), by_head], "attention_ones")


def embeddings(g: Graph, source: Q4File, keep: NDArray[np.int64]) -> str:
    integers, scales = source.quantised("emb.word", source.hidden)
    nibbles = (integers[keep] & 15).astype(np.uint8)
    packed = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)
    shape = (len(keep), source.hidden)
    g.tensors.append(helper.make_tensor("word", TensorProto.INT4, shape, packed.tobytes(), raw=True))
    word = g.op(
        "GatherBlockQuantized",
        ["word", "input_ids", g.const("word.scale", scales[keep])],
        "word_vectors",
        domain=MICROSOFT,
        block_size=BLOCK,
        gather_axis=0,
        quantize_axis=1,
    )
    places = source.floats("emb.pos").reshape(-1, source.hidden) + source.floats("emb.type")[: source.hidden]
    place = g.op("Slice", [g.const("position", places), "at_0", "length_1", "at_0"], "position_vectors")
    x = layer_norm(g, source, "emb.ln", g.op("Add", [word, place], "embedded"))
    return g.op("Reshape", [x, "tokens_hidden"], "embedded_tokens")


def transformer_layer(g: Graph, weights: Weights, layer: str, x: str, product: Product) -> str:
    """Post-norm BERT layer on flat tokens (batch * length, hidden)."""
    source = weights.source
    qkv = linear(g, weights, layer, "qkv", x, product)
    context = attention(g, layer, g.op("Reshape", [qkv, "batch_length_heads"], layer + "heads"), source.heads)
    attended = linear(g, weights, layer, "ao", context, product)
    x = layer_norm(g, source, layer + "aln", g.op("Add", [x, attended], layer + "attended"))
    wide = g.op("Gelu", [linear(g, weights, layer, "fi", x, product)], layer + "gelu")
    narrow = linear(g, weights, layer, "fo", wide, product)
    return layer_norm(g, source, layer + "oln", g.op("Add", [x, narrow], layer + "out"))


def attention(g: Graph, layer: str, heads: str, count: int) -> str:
    """softmax(q k' / sqrt(d) + bias) v in fp32; ``heads`` is (batch, length, 3 * heads, d): q, then k, then v.

    The padding bias rides along as one more dimension, [q, 1] [k, bias]': given as a mask it would keep the runtime
    from computing block by block. The division by sqrt(d) stands in the weights of q (``weights.py``).

    Dao et al., "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness" (2022), algorithm 1.
    """
    q, k, v = parts = [layer + part for part in ("q", "k", "v")]
    g.nodes.append(helper.make_node("Split", [heads], parts, axis=2, num_outputs=3))
    q = g.op("Concat", [q, "attention_ones"], layer + "q_1", axis=3)
    k = g.op("Concat", [k, "attention_bias"], layer + "k_1", axis=3)
    flat = [g.op("Reshape", [part, "batch_length_rest"], part + "_flat") for part in (q, k, v)]
    context = g.op("MultiHeadAttention", flat, layer + "context", domain=MICROSOFT, num_heads=count, scale=1.0)
    return g.op("Reshape", [context, "tokens_hidden"], layer + "context_tokens")


def linear(g: Graph, weights: Weights, layer: str, part: str, x: str, product: Product) -> str:
    """x W' + b with a layer's weights."""
    found, out = weights.of(layer, part), layer + part
    if found.divisors is not None:
        x = g.op("Mul", [x, g.const(out + ".even", 1 / found.divisors)], out + "_even")
    return g.op("Add", [product(g, found, out, x), g.const(out + ".b", found.bias)], out + "_linear")


def int8(g: Graph, linear: Linear, out: str, x: str) -> str:
    """x W' in 8 bits: one scale a token, one an output channel."""
    layer, part = out.rsplit(".", 1)
    name, kind = f"{layer}.{INPUT[part]}", "_gelu" if part == "fo" else ""
    largest = g.op("ReduceMax", [x if kind else g.op("Abs", [x], name + "_abs"), "last"], name + "_max", keepdims=1)
    scale = g.op("Max", [g.op("Mul", [largest, "per" + kind], name + "_per"), "least" + kind], name + "_scale")
    flat = g.op("Squeeze", [scale, "last"], name + "_scale_1")
    x = g.op("QuantizeLinear", [x, flat, "zero_points" + kind], name + "_bytes", axis=0)
    integers, scales = linear.rounded()
    inputs = [x, g.const(out + ".w", integers.T), "one", g.const(out + ".scale", scales), "zero_point" + kind]
    product = g.op("MatMulIntegerToFloat", inputs, out + "_product", domain=MICROSOFT)
    return g.op("Mul", [product, scale], out + "_scaled")


def float32(g: Graph, linear: Linear, out: str, x: str) -> str:
    """x W' as the weights are: what int8 is measured against."""
    return g.op("MatMul", [x, g.const(out + ".w", linear.weights.T)], out + "_product")


def layer_norm(g: Graph, source: Q4File, name: str, x: str) -> str:
    weights = [g.const(f"{name}.{part}", source.floats(f"{name}.{part}")) for part in "wb"]
    return g.op("LayerNormalization", [x, *weights], name + "_normed", epsilon=1e-12)
