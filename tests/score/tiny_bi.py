"""Tiny bi-encoders with random weights: every body, pooling and module, as Hugging Face and sentence-transformers write
them, today and before version 6."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers as hf
from tokenizers import Tokenizer, processors
from torch import nn

from . import vocabularies
from .tiny import BERT, BERT_TOKENS, MODERN, QWEN, QWEN3_ROPE, QWEN_TOKENS, ROBERTA_TOKENS
from .tiny_files import dense_settings, edit, randomise, write, write_json, write_module

HOME = "sentence_transformers.sentence_transformer.modules"
CLASSES = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": f"{HOME}.pooling.Pooling",
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "LayerNorm": f"{HOME}.layer_norm.LayerNorm",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
}
OLD = {name: f"sentence_transformers.models.{name}" for name in CLASSES}
LAST = "<|endoftext|>"


def modules(folder: Path, *kinds: str, classes: dict[str, str] = CLASSES, **settings: Any) -> Path:
    """modules.json of a transformer and ``kinds``, and what the folder says of itself."""
    paths = ["", *(f"{at}_{kind}" for at, kind in enumerate(kinds, 1))]
    rows = [
        {"idx": at, "name": str(at), "path": path, "type": classes[kind]}
        for at, (path, kind) in enumerate(zip(paths, ("Transformer", *kinds), strict=True))
    ]
    write_json(folder / "modules.json", rows)
    words = {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine", "default_prompt_name": None}
    write_json(folder / "config_sentence_transformers.json", words | settings)
    return folder


def pool(folder: Path, mode: str, size: int = 32) -> None:
    settings = {"embedding_dimension": size, "pooling_mode": mode, "include_prompt": True}
    write_json(folder / "1_Pooling" / "config.json", settings)


def bert_body(folder: Path, kind: Any = hf.BertModel) -> Path:
    config = hf.BertConfig(**BERT, vocab_size=30522, max_position_embeddings=512)
    return write(folder, kind(config), vocabularies.bert(), BERT_TOKENS, 31)


def bi_bert_plain(folder: Path) -> Path:
    """No modules at all: tokens are averaged."""
    return bert_body(folder)


def bi_bert_words(folder: Path) -> Path:
    """A masked language model, as bases are published."""
    return bert_body(folder, hf.BertForMaskedLM)


def bi_bert(folder: Path) -> Path:
    """The form of before version 6, with prompts, a window of its own and a Dense module."""
    bert_body(folder)
    dense = nn.Linear(32, 24)
    randomise(dense, 32)
    write_module(folder / "2_Dense", dense, "linear", dense_settings(32, 24, "torch.nn.modules.activation.Tanh"))
    flags = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **flags})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": False})
    (folder / "3_Normalize").mkdir()
    prompts = {"query": "query: ", "passage": "passage: "}
    return modules(folder, "Pooling", "Dense", "Normalize", classes=OLD, prompts=prompts)


def bi_xlm_roberta(folder: Path) -> Path:
    """BGE-M3's form: the first token."""
    config = hf.XLMRobertaConfig(**BERT, vocab_size=250002, max_position_embeddings=514, type_vocab_size=1)
    names = ["input_ids", "attention_mask"]
    model = hf.XLMRobertaModel(config)
    write(folder, model, vocabularies.xlm_roberta(), ROBERTA_TOKENS, 33, model_input_names=names)
    pool(folder, "cls")
    (folder / "2_Normalize").mkdir()
    return modules(folder, "Pooling", "Normalize", prompts={"query": "", "document": ""})


def bi_roberta(folder: Path) -> Path:
    """The last token of an encoder that looks both ways, a norm, and a residual Dense module without bias."""
    config = hf.RobertaConfig(**BERT, vocab_size=1200, max_position_embeddings=514, type_vocab_size=1)
    names = ["input_ids", "attention_mask"]
    write(folder, hf.RobertaModel(config), vocabularies.roberta(), ROBERTA_TOKENS, 34, model_input_names=names)
    norm, dense = nn.LayerNorm(32), nn.Linear(32, 32, bias=False)
    for seed, module in enumerate((norm, dense), 35):
        randomise(module, seed)
    pool(folder, "lasttoken")
    write_module(folder / "2_LayerNorm", norm, "norm", {"dimension": 32})
    settings = dense_settings(32, 32, "torch.nn.modules.activation.GELU") | {"bias": False, "use_residual": True}
    write_module(folder / "3_Dense", dense, "linear", settings)
    return modules(folder, "Pooling", "LayerNorm", "Dense", prompts={"query": "to find: "})


def bi_electra(folder: Path) -> Path:
    config = hf.ElectraConfig(**BERT, vocab_size=30522, embedding_size=16)
    return write(folder, hf.ElectraModel(config), vocabularies.bert(), BERT_TOKENS, 37)


def bi_modernbert(folder: Path, pooling: str = "mean") -> Path:
    """Every third layer looks everywhere, the others 8 tokens to either side."""
    tokenizer, sizes = vocabularies.modernbert(), MODERN | {"num_hidden_layers": 4}
    config = hf.ModernBertConfig(**sizes, vocab_size=tokenizer.get_vocab_size(), local_attention=16)
    names = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 8192}
    write(folder, hf.ModernBertModel(config), tokenizer, BERT_TOKENS, 38, **names)
    pool(folder, pooling)
    prompts = {"query": "search_query: ", "document": "search_document: "}
    return modules(folder, "Pooling", prompts=prompts)


def bi_modernbert_cls(folder: Path) -> Path:
    return bi_modernbert(folder, "cls")


def bi_modernbert_last(folder: Path) -> Path:
    return bi_modernbert(folder, "lasttoken")


def bi_qwen3(folder: Path, pooling: str = "lasttoken") -> Path:
    """Qwen3-Embedding's form: a causal model's config, the last token, which the tokenizer adds, and an instruction."""
    tokenizer = Tokenizer.from_str(vocabularies.qwen3().to_str())
    added = (LAST, tokenizer.token_to_id(LAST))
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {LAST}", special_tokens=[added])
    config = hf.Qwen3Config(**QWEN, head_dim=16, vocab_size=151669, rope_parameters=QWEN3_ROPE)
    names = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072}
    write(folder, hf.Qwen3Model(config), tokenizer, QWEN_TOKENS, 39, **names)
    edit(folder / "config.json", architectures=["Qwen3ForCausalLM"])
    pool(folder, pooling)
    (folder / "2_Normalize").mkdir()
    told = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
    return modules(folder, "Pooling", "Normalize", prompts={"query": told, "document": ""})


def bi_qwen3_mean(folder: Path) -> Path:
    return bi_qwen3(folder, "mean")


BI: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        *(bi_bert_plain, bi_bert_words, bi_bert, bi_xlm_roberta, bi_roberta, bi_electra),
        *(bi_modernbert, bi_modernbert_cls, bi_modernbert_last, bi_qwen3, bi_qwen3_mean),
    )
}
