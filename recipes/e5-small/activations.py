"""What the products of the encoder read, seen on texts of the demo: how far each channel reaches, and their moments."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from graph import Graph, encoder, float32
from numpy.typing import NDArray
from q4file import Q4File
from tokenizers import Tokenizer
from weights import Activations, Linear

DEMO = Path(__file__).resolve().parents[2] / "demo"
TEXTS, LENGTH, SEED = 150, 256, 0  # of each language; tokens of a text
USUAL = 0.9  # so many of the texts stay below what a channel is taken to reach


def demo_texts() -> list[str]:
    """Statutes and abstracts, half of them read as queries."""
    found = []
    for room in ("statutes", "abstracts"):
        with gzip.open(DEMO / room / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        drawn = np.random.default_rng(SEED).permutation(len(rows))[:TEXTS].tolist()
        texts = [f"{rows[at]['title']}\n{rows[at]['text']}" for at in drawn]
        found += [f"{'query' if at % 2 else 'passage'}: {text}" for at, text in enumerate(texts)]
    return found


def activations(
    source: Q4File, keep: NDArray[np.int64], tokenizer: Path, texts: Sequence[str]
) -> dict[str, Activations]:
    """Of each product ("l0.qkv") what it reads in fp32."""
    names: list[str] = []

    def product(g: Graph, linear: Linear, out: str, x: str) -> str:
        names.append(out)
        g.op("ReduceMax", [g.op("Abs", [x], out + "_abs"), "at_0"], out + "_reached", keepdims=0)
        g.op("MatMul", [g.op("Transpose", [x], out + "_turned"), x], out + "_moments")
        return float32(g, linear, out, x)

    model = encoder(source, keep, product)
    wanted = [out + what for out in names for what in ("_reached", "_moments")]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    pieces = Tokenizer.from_file(str(tokenizer))
    pieces.enable_truncation(LENGTH)
    reached: dict[str, list[NDArray[np.float32]]] = {out: [] for out in names}
    moments: dict[str, NDArray[np.float64]] = {}
    for text in texts:
        ids = np.array([pieces.encode(text).ids])
        found = iter(session.run(wanted, {"input_ids": ids, "attention_mask": np.ones_like(ids)}))
        for out, largest, moment in zip(names, found, found, strict=True):
            reached[out].append(largest)
            moments[out] = moments.get(out, 0) + moment.astype(np.float64)
    return {out: Activations(np.quantile(reached[out], USUAL, axis=0), moments[out]) for out in names}
