"""Tiny models whose layers are wide enough for products in int8, which narrow ones are spared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import transformers as hf
from safetensors.torch import load_file, save_file

from . import vocabularies
from .tiny import BERT_TOKENS, EPSILON, QWEN, QWEN3_ROPE, QWEN_CHAT, QWEN_TOKENS
from .tiny_bi import modules, pool
from .tiny_files import write

OUTLIER = 1e4
LARGE = 64.0  # powers of two cancel out exactly


def wide_bert(folder: Path) -> Path:
    config = hf.BertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        layer_norm_eps=EPSILON,
        vocab_size=30522,
        max_position_embeddings=512,
        num_labels=1,
    )
    return write(folder, hf.BertForSequenceClassification(config), vocabularies.bert(), BERT_TOKENS, 31)


def spiky_bert(folder: Path) -> Path:
    """One value of attention and one of the perceptron are huge for every token and count for nothing afterwards.

    In fp32 they change no score; bytes whose scale they set hold nothing else.
    """
    file = wide_bert(folder) / "model.safetensors"
    tensors = load_file(file)
    for layer in ("bert.encoder.layer.0", "bert.encoder.layer.1"):
        for bias, weight in (
            ("attention.self.value", "attention.output.dense"),
            ("intermediate.dense", "output.dense"),
        ):
            tensors[f"{layer}.{bias}.bias"][0] = OUTLIER
            tensors[f"{layer}.{weight}.weight"][:, 0] = torch.zeros(64)
    save_file(tensors, file, {"format": "pt"})
    return folder


def cancelling_bert(folder: Path) -> Path:
    """Two values of the perceptron are large for every token, and what they say cancels out through large weights.

    In fp32 they change no score; in bytes neither what is read nor the weights leave room for anything else.
    """
    file = wide_bert(folder) / "model.safetensors"
    tensors = load_file(file)
    for layer in ("bert.encoder.layer.0", "bert.encoder.layer.1"):
        tensors[f"{layer}.intermediate.dense.weight"][:2] = 0
        tensors[f"{layer}.intermediate.dense.bias"][:2] = LARGE
        tensors[f"{layer}.output.dense.weight"][:, 0] = LARGE
        tensors[f"{layer}.output.dense.weight"][:, 1] = -LARGE
    save_file(tensors, file, {"format": "pt"})
    return folder


def wide_qwen3(folder: Path) -> Path:
    """Qwen3-Reranker's form, its sides multiples of the 128 weights that share a scale in GPTQ.

    Its layers add little to what they are given, as those of trained models do: else 4 bits would be too few.
    """
    sizes = {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "head_dim": 32}
    config = hf.Qwen3Config(**(QWEN | sizes), vocab_size=151669, rope_parameters=QWEN3_ROPE, tie_word_embeddings=True)
    settings = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072}
    tokenizer = vocabularies.qwen3()
    write(folder, hf.Qwen3ForCausalLM(config), tokenizer, QWEN_TOKENS, 41, chat_template=QWEN_CHAT, **settings)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    for name, tensor in tensors.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            tensor.mul_(0.3)
    save_file(tensors, file, {"format": "pt"})
    return folder


def wide_bi_bert(folder: Path) -> Path:
    """A bi-encoder of sentence-transformers: the mean, and prompts."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    config = hf.BertConfig(**sizes, layer_norm_eps=EPSILON, vocab_size=30522, max_position_embeddings=512)
    write(folder, hf.BertModel(config), vocabularies.bert(), BERT_TOKENS, 42)
    pool(folder, "mean", 64)
    return modules(folder, "Pooling", prompts={"query": "query: ", "document": "passage: "})


WIDE: dict[str, Callable[[Path], Path]] = {
    make.__name__: make for make in (wide_bert, spiky_bert, cancelling_bert, wide_qwen3, wide_bi_bert)
}
