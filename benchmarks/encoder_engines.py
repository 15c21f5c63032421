"""The e5-small encoder in fp32, in ONNX Runtime's dynamic int8, and as it ships: agreement and speed, interleaved.

    scripts/bench encoder

All three are the same graph with the same weights; they differ in how activations meet weights. Agreement is the cosine
of a text's vector to the one fp32 gives, over demo texts encoded in the batches that the scorer would make; company is
the cosine of a text's vector alone to its vector beside seven others; speed is that of one thread.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from e5source import OURS, documents, source

from tamis.score.encoder import TextEncoder

SHAPES = ((32, 32), (8, 128), (2, 500))  # texts, tokens
ROUNDS = 7
TEXTS = 60  # of each language


def engines(folder: Path) -> dict[str, Path]:
    """The model folder of each engine; fp32 is made from the weights that the recipe starts from."""
    from graph import encoder, float32
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # the quantiser does not know the types that Microsoft's operators give
    fp32, int8 = folder / "fp32", folder / "int8"
    for made in (fp32, int8):
        made.mkdir()
        for name in ("config.json", "tokenizer.json"):
            shutil.copy(OURS / name, made)
    onnx.save(encoder(*source(), float32), fp32 / "model.onnx")
    quantize_dynamic(
        fp32 / "model.onnx",
        int8 / "model.onnx",
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return {
        "fp32": fp32,
        "dynamic int8, per channel, reduced range": int8,
        "tamis: one scale a token": OURS,
    }


def company(encoder: TextEncoder, texts: Sequence[str]) -> float:
    """Least cosine of a text's vector alone to its vector beside seven others."""
    alone = np.stack([encoder.encode([text], "document")[0] for text in texts[:8]])
    return float((alone * encoder.encode(texts[:8], "document")).sum(axis=1).min())


def speeds(sessions: dict[str, TextEncoder], shape: tuple[int, int]) -> dict[str, float]:
    """Tokens a second of each engine on texts of one shape, taking turns; the best round of each."""
    ids = np.random.default_rng(0).integers(4, 30_000, size=shape)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    spent: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(ROUNDS):
        for name, encoder in sessions.items():
            start = time.perf_counter()
            encoder._session.run(None, inputs)
            spent[name].append(time.perf_counter() - start)
    return {name: ids.size / min(times) for name, times in spent.items()}


def main() -> None:
    texts = documents("statutes", TEXTS) + documents("abstracts", TEXTS)
    with tempfile.TemporaryDirectory() as folder:
        sessions = {name: TextEncoder.load(path) for name, path in engines(Path(folder)).items()}
        true = sessions["fp32"].encode(texts, "document")
        rates = [speeds(sessions, shape) for shape in SHAPES]
        print(f"one thread, ONNX Runtime {onnxruntime.__version__}; {len(texts)} demo texts")
        shapes = " | ".join(f"{count} x {length}" for count, length in SHAPES)
        print(f"| engine | cosine to fp32: mean | least | alone or in company, least | {shapes} tokens/s |")
        for name, encoder in sessions.items():
            cosines = (encoder.encode(texts, "document") * true).sum(axis=1)
            speed = " | ".join(f"{rate[name]:,.0f} ({rate[name] / rate['fp32']:.2f} x)" for rate in rates)
            agreement = f"{cosines.mean():.4f} | {cosines.min():.4f} | {company(encoder, texts):.6f}"
            print(f"| {name} | {agreement} | {speed} |")


if __name__ == "__main__":
    main()
