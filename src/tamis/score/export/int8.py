"""int8 products in an ONNX graph, with one scale a token: safe on any processor, and blind to a batch's companions.

ONNX Runtime's own dynamic quantisation scales a batch's activations by its one largest value: a score then depends on
what else is in the batch, and one outlier token costs all others precision. Here each token (row) has its own scale and
each output channel its own weight scale; within a token, channels are evened out (``channels.py``). Processors without
VNNI (AVX2) add the products of two neighbouring inputs in 16 bits: weights use all their 8 bits, as long as two
neighbours of one sign do not add up to more than 128.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.extras import require
from tamis.score.export.channels import Reached, even, key

MICROSOFT = "com.microsoft"
WEIGHT_LIMIT = 127
PAIR_LIMIT = 128  # of two neighbouring inputs' weights of one sign: 255 * 128 < 2**15
WIDER = 1.09  # times a step: small multiples of one are then no longer near those of the other
UNMOVED, NEAR = 1e-3, 0.2  # mean distance from a step, in steps; of numbers that know nothing of them it is 0.25
ZERO = 128  # activations are stored as unsigned bytes around this
ROWS = 1024  # of a table below which embeddings stay in fp32: positions and token types are small
HEAD = "network.head."  # its products have a row a text, not a token: in fp32 they cost nothing, and decide the score
LEAST = 64  # rows and columns below which a product stays in fp32: a head of one label gains nothing


def int8(model: Any, reached: Reached | None = None) -> Any:
    """A copy of an fp32 graph whose products of activations (tokens, inputs) with constant weights are in int8.

    Args:
        model: an ``onnx.ModelProto``; products inside attention, embeddings and narrow heads stay as they are.
        reached: how far the inputs of each product reach; those of products that are not in it are not evened out.
    """
    return rewritten(model, Rewriter, reached or {})


def rewritten(model: Any, kind: type[Rewriter], reached: Reached) -> Any:
    """A copy of a graph, each node as a rewriter of this kind has it, without the weights that are then of no use."""
    onnx = require("onnx")
    out = onnx.ModelProto()
    out.CopyFrom(model)
    del out.graph.value_info[:]  # recorded shapes and types no longer hold
    weights = {tensor.name: tensor for tensor in out.graph.initializer}
    rewriter = kind(onnx, weights)
    rewriter.watch(out.graph.node, reached)
    nodes = [new for node in out.graph.node for new in rewriter.rewritten(node)]
    del out.graph.node[:]
    out.graph.node.extend([*rewriter.constants(), *nodes])
    used = {name for node in nodes for name in node.input}
    kept = [t for t in out.graph.initializer if t.name in used]
    del out.graph.initializer[:]
    out.graph.initializer.extend([*kept, *rewriter.tensors])
    if not any(opset.domain == MICROSOFT for opset in out.opset_import):
        out.opset_import.append(onnx.helper.make_opsetid(MICROSOFT, 1))
    return out


def finest(weights: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The finest step of each output channel's weights (outputs, inputs) at which no sum overflows when rounded.

    >>> finest(np.array([[127, 1, 0, -127], [64, 64, -100, 100], [100, 100, 0, 0]])).round(4).tolist()
    [1.0, 1.0, 1.5625]
    """
    paired = np.pad(weights.astype(np.float64), [(0, 0), (0, weights.shape[1] % 2)]).reshape(len(weights), -1, 2)
    sums = [np.maximum(sign * paired, 0).sum(axis=2).max(axis=1) for sign in (1, -1)]
    largest = np.maximum(np.abs(paired).max(axis=(1, 2)) / WEIGHT_LIMIT, np.maximum(*sums) / PAIR_LIMIT)
    # Never a hair finer than that: 63.5 and 64.5 are rounded to 64 and 64, but 63.50001 and 64.50001 to 64 and 65.
    found: NDArray[np.float32] = np.nextafter(np.maximum(largest, 1e-12).astype(np.float32), np.float32(np.inf))
    return found


def steps(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The step of each output channel's weights: the finest there is, or a little more.

    Weights of a model that came out of such an export stand on its steps. Training moves most of them by less than half
    a step, so rounding them to the same steps would undo all of it: they get wider ones, on which what was learnt
    survives as any number does. Weights that did not move keep their steps, and every digit.

    >>> on = np.array([[127.0, 1.0, -9.0, 2.0]], np.float32) / 127
    >>> [round(float(steps(moved)[0] * 127), 2) for moved in (on, on + np.float32(0.001))]
    [1.0, 1.09]
    """
    channels = finest(weights)
    places = weights / channels[:, None]
    off = np.abs(places - np.rint(places))
    if off.max() <= UNMOVED:  # no halves, so no hair is needed (see finest), and every digit is kept
        return np.nextafter(channels, np.float32(0))
    return (channels * np.float32(WIDER if UNMOVED < off.mean() < NEAR else 1)).astype(np.float32)


class Rewriter:
    """Turns one node after the other; what an input was quantised to is shared by all products that read it."""

    def __init__(self, onnx: Any, weights: dict[str, Any]) -> None:
        self._onnx, self._weights = onnx, weights
        self._quantised: dict[str, tuple[str, str]] = {}
        self._divisors: dict[str, NDArray[np.float32]] = {}
        self.tensors: list[Any] = []

    def watch(self, nodes: Iterable[Any], reached: Reached) -> None:
        """Say what the inputs of products are divided by, where it is known how far they reach."""
        if not reached:  # weights are not read for nothing
            return
        known: dict[str, NDArray[np.float32]] = {}
        largest: dict[str, NDArray[np.float32]] = {}
        for node in nodes:
            weights = self._matrix(node)
            if weights is not None and (found := reached.get(key(weights))) is not None:
                x, here = node.input[0], np.abs(weights).max(axis=0)
                known[x], largest[x] = found, np.maximum(largest.get(x, here), here)
        self._divisors = {x: even(known[x], largest[x]) for x in known}

    def constants(self) -> list[Any]:
        """The nodes of the numbers that all products share."""
        values = {
            "int8.per_127": np.float32(1 / 127),
            "int8.tiny": np.float32(1e-12),
            "int8.one": np.float32(1),
            "int8.zero": np.uint8(ZERO),
            "int8.zeros": np.array([ZERO], np.uint8),
            "int8.last": np.array([-1]),
        }
        return [
            self._onnx.helper.make_node(
                "Constant", [], [name], value=self._onnx.numpy_helper.from_array(np.asarray(value))
            )
            for name, value in values.items()
        ]

    def rewritten(self, node: Any) -> list[Any]:
        """The node itself, or the nodes that compute it in int8."""
        return self._embedding(node) if node.op_type == "Gather" else self._product(node)

    def _embedding(self, node: Any) -> list[Any]:
        """Rows of a large table, kept in bytes with one scale a row (8 bits: nothing is summed)."""
        table = self._weights.get(node.input[0])
        if table is None or table.data_type != self._onnx.TensorProto.FLOAT or len(table.dims) != 2:
            return [node]
        if table.dims[0] < ROWS or any(a.name == "axis" and a.i for a in node.attribute):
            return [node]
        rows = self._onnx.numpy_helper.to_array(table)
        scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-12) / 127
        integers = self._tensor(f"{table.name}.int8", np.rint(rows / scale).astype(np.int8))
        scales = self._tensor(f"{table.name}.scale", scale.astype(np.float32))
        make, out = self._onnx.helper.make_node, node.output[0]
        return [
            make("Gather", [integers, node.input[1]], [f"{out}.int8"]),
            make("Cast", [f"{out}.int8"], [f"{out}.float"], to=self._onnx.TensorProto.FLOAT),
            make("Gather", [scales, node.input[1]], [f"{out}.scale"]),
            make("Mul", [f"{out}.float", f"{out}.scale"], [out]),
        ]

    def _product(self, node: Any) -> list[Any]:
        weights = self._matrix(node)
        if weights is None:
            return [node]
        out = node.output[0]
        bias = node.input[2] if node.op_type == "Gemm" and len(node.input) == 3 else ""
        product = f"{out}.scaled" if bias else out
        nodes = self._multiplied(node.input[0], weights, out, product)
        return [*nodes, self._onnx.helper.make_node("Add", [product, bias], [out])] if bias else nodes

    def _multiplied(self, x: str, weights: NDArray[np.float32], out: str, product: str) -> list[Any]:
        """The nodes of ``product = x W'``; other names begin with ``out``."""
        bytes_of, scale, nodes = self._tokens(x)
        weights = weights * self._divisors.get(x, np.float32(1))
        channels = steps(weights)
        integers = self._tensor(f"{out}.int8", np.rint(weights / channels[:, None]).astype(np.int8).T)
        scales = self._tensor(f"{out}.scale", channels.astype(np.float32))
        inputs = [bytes_of, integers, "int8.one", scales, "int8.zero"]
        make = self._onnx.helper.make_node
        nodes.append(make("MatMulIntegerToFloat", inputs, [f"{out}.product"], domain=MICROSOFT))
        nodes.append(make("Mul", [f"{out}.product", scale], [product]))
        return nodes

    def _matrix(self, node: Any) -> NDArray[np.float32] | None:
        """The constant weights (outputs, inputs) of a wide product of two-dimensional activations; None for others."""
        if node.op_type not in ("Gemm", "MatMul") or node.input[1] not in self._weights:
            return None
        if node.input[1].startswith(HEAD):
            return None
        settings = {a.name: self._onnx.helper.get_attribute_value(a) for a in node.attribute}
        if settings.get("alpha", 1.0) != 1.0 or settings.get("beta", 1.0) != 1.0 or settings.get("transA", 0):
            return None
        found: NDArray[np.float32] = self._onnx.numpy_helper.to_array(self._weights[node.input[1]])
        if found.ndim != 2 or found.dtype != np.float32 or min(found.shape) < LEAST:
            return None
        return found if settings.get("transB", 0) else found.T

    def _tokens(self, x: str) -> tuple[str, str, list[Any]]:
        """Names of the bytes and the scale of ``x``'s rows, and the nodes that make them (none the second time)."""
        if x in self._quantised:
            return (*self._quantised[x], [])
        name, given = f"{x}.int8", x
        steps: list[tuple[str, list[str], str, dict[str, Any]]] = []
        if x in self._divisors:
            given = f"{name}.even"
            steps.append(("Mul", [x, self._tensor(f"{name}.factors", 1 / self._divisors[x])], "even", {}))
        steps += [
            ("Abs", [given], "abs", {}),
            ("ReduceMax", [f"{name}.abs", "int8.last"], "max", {"keepdims": 1}),
            ("Mul", [f"{name}.max", "int8.per_127"], "by_127", {}),
            ("Max", [f"{name}.by_127", "int8.tiny"], "scale", {}),
            ("Squeeze", [f"{name}.scale", "int8.last"], "scales", {}),
            ("Shape", [f"{name}.scales"], "tokens", {}),
            ("Expand", ["int8.zeros", f"{name}.tokens"], "zeros", {}),
            ("QuantizeLinear", [given, f"{name}.scales", f"{name}.zeros"], "bytes", {"axis": 0}),
        ]
        nodes = [
            self._onnx.helper.make_node(kind, inputs, [f"{name}.{out}"], **settings)
            for kind, inputs, out, settings in steps
        ]
        self._quantised[x] = (f"{name}.bytes", f"{name}.scale")
        return (*self._quantised[x], nodes)

    def _tensor(self, name: str, value: NDArray[Any]) -> str:
        self.tensors.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name
