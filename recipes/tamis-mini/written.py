"""Learnt heads as the files that ship: a graph of them all, and the terms' vectors in 8 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from tamis.data import atomic_write_bytes
from tamis.score.heads import GRAPH, TABLE

if TYPE_CHECKING:
    from heads import Head, Learnt


def graph(terms: Mapping[str, torch.Tensor], wholes: Mapping[str, Mapping[str, torch.Tensor]]) -> onnx.ModelProto:
    """Token vectors (tokens, hidden) to states (tokens, dimension) and unit vectors, of the heads' layers.

    Weights are kept in 16 bits and computed with in fp32.
    """
    nodes = [
        *_layers("terms", terms, "vectors", "states"),
        helper.make_node("ReduceMean", ["vectors", "tokens"], ["mean"]),
    ]
    shapes: dict[str, list[str | int]] = {
        "vectors": ["tokens", terms["terms.up"].shape[0]],
        "states": ["tokens", terms["terms.down"].shape[1]],
    }
    constants = dict(terms)
    for name, layers in wholes.items():
        nodes += [
            *_layers(name, layers, "mean", f"{name}.whole"),
            helper.make_node("LpNormalization", [f"{name}.whole"], [f"{name}.unit"], axis=1),
            helper.make_node("Squeeze", [f"{name}.unit", "tokens"], [name]),
        ]
        shapes[name] = [layers[f"{name}.down"].shape[1]]
        constants |= layers
    stored = []
    for name, value in constants.items():
        kept, half = np.ascontiguousarray(value.numpy()), f"{name}.half"
        if kept.ndim == 2:
            stored.append(numpy_helper.from_array(kept.astype(np.float16), half))
            nodes.insert(0, helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
        else:
            stored.append(numpy_helper.from_array(kept, name))
    given, *found = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    made = helper.make_graph(
        nodes, "heads", [given], found, [*stored, numpy_helper.from_array(np.array([0]), "tokens")]
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _layers(name: str, layers: Mapping[str, torch.Tensor], given: str, out: str) -> list[onnx.NodeProto]:
    found = f"{name}.found" if f"{name}.straight" in layers else out
    nodes = [
        helper.make_node("Gemm", [given, f"{name}.up", f"{name}.up_bias"], [f"{name}.wide"]),
        helper.make_node("Gelu", [f"{name}.wide"], [f"{name}.bent"]),
        helper.make_node("Gemm", [f"{name}.bent", f"{name}.down", f"{name}.down_bias"], [found]),
    ]
    return nodes if found == out else [*nodes, helper.make_node("Gemm", [given, f"{name}.straight", found], [out])]


def joined(name: str, heads: Sequence[Head]) -> dict[str, torch.Tensor]:
    """The layers of one head that gives the mean of what several give; it is as wide as all of them."""
    parts, found = [head.layers(name) for head in heads], {}
    for layer in parts[0]:
        several = [part[layer] for part in parts]
        if layer.startswith(f"{name}.up"):
            found[layer] = torch.cat(several, dim=-1)
        elif layer == f"{name}.down":
            found[layer] = torch.cat(several) / len(several)
        else:
            found[layer] = torch.stack(several).mean(dim=0)
    return found


def write(learnt: Sequence[Learnt], folder: Path) -> None:
    """The graph, and in 8 bits the vectors of the terms that are used."""
    folder.mkdir(parents=True, exist_ok=True)
    terms, used = [one.terms for one in learnt], learnt[0].used
    wholes = {name: joined(name, [one.wholes[name] for one in learnt]) for name in learnt[0].wholes}
    with atomic_write_bytes(folder / GRAPH) as out:
        out.write(graph(joined("terms", terms), wholes).SerializeToString())
    rows = terms[0].table.numpy()[used]
    biases = torch.stack([head.biases for head in terms]).mean(dim=0).detach().numpy()[used]
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127
    with atomic_write_bytes(folder / TABLE) as out:
        np.savez(out, vectors=np.rint(rows / scales[:, None]).astype(np.int8), scales=scales, biases=biases)
