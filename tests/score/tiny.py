"""Tiny models of every family with random weights, written as Hugging Face and sentence-transformers write them.

Weights are drawn wide, biases and norms included, so that a wrong place, token type or mask moves a score far more than
1e-5. Some folders state their config in the older form of published checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers as hf
from tokenizers import Tokenizer
from torch import nn

from . import vocabularies
from .tiny_files import (
    EMBEDDING,
    SCORES,
    dense_settings,
    edit,
    list_modules,
    randomise,
    write,
    write_json,
    write_module,
    write_settings,
)

BERT_TOKENS = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}
ROBERTA_TOKENS = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
QWEN_TOKENS = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
GEMMA_TOKENS = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
QWEN_CHAT = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
)
RERANK_CHAT = (
    "<|im_start|>system\n"
    "{{ messages | selectattr('role', 'eq', 'system') | map(attribute='content') | first | default('Judge.') }}"
    "<|im_end|>\n<|im_start|>user\n<Query>: {{ messages | selectattr('role', 'eq', 'query')"
    " | map(attribute='content') | first }}\n<Document>: {{ messages | selectattr('role', 'eq', 'document')"
    " | map(attribute='content') | first }}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>{{ '\\n\\n' }}"
)

# An epsilon of norms so large that one who overlooks it is found out.
EPSILON = 1e-3
BASE = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
BERT = BASE | {"layer_norm_eps": EPSILON}
QWEN = BASE | {
    "rms_norm_eps": EPSILON,
    "num_key_value_heads": 2,
    "pad_token_id": 151643,
    "eos_token_id": 151645,
    "max_position_embeddings": 4096,
}
QWEN2 = hf.Qwen2Config(**QWEN, vocab_size=151665, rope_parameters={"rope_type": "default", "rope_theta": 1e6})
QWEN3_ROPE = {"rope_type": "default", "rope_theta": 1e6}
MODERN = BASE | {
    "norm_eps": EPSILON,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "cls_token_id": 1,
    "sep_token_id": 2,
}


def bert(folder: Path, labels: int = 1) -> Path:
    config = hf.BertConfig(**BERT, vocab_size=30522, max_position_embeddings=512, num_labels=labels)
    return write(folder, hf.BertForSequenceClassification(config), vocabularies.bert(), BERT_TOKENS, 1)


def bert_two_labels(folder: Path) -> Path:
    return bert(folder, 2)


def bert_sentence_transformers(folder: Path, activation: str = "torch.nn.modules.linear.Identity") -> Path:
    """A CrossEncoder folder as of sentence-transformers 4 and 5: one word about it in config.json, nothing else."""
    bert(folder)
    return edit(folder / "config.json", sentence_transformers={"activation_fn": activation, "version": "4.1.0"})


def electra(folder: Path) -> Path:
    """ms-marco-electra's form: embeddings narrower than the layers."""
    config = hf.ElectraConfig(**BERT, vocab_size=30522, embedding_size=16, num_labels=1)
    return write(folder, hf.ElectraForSequenceClassification(config), vocabularies.bert(), BERT_TOKENS, 2)


def xlm_roberta(folder: Path) -> Path:
    """BGE's form."""
    config = hf.XLMRobertaConfig(
        **BERT, vocab_size=250002, max_position_embeddings=514, type_vocab_size=1, num_labels=1
    )
    model = hf.XLMRobertaForSequenceClassification(config)
    names = ["input_ids", "attention_mask"]
    return write(folder, model, vocabularies.xlm_roberta(), ROBERTA_TOKENS, 3, model_input_names=names)


def roberta(folder: Path) -> Path:
    config = hf.RobertaConfig(**BERT, vocab_size=1200, max_position_embeddings=514, type_vocab_size=1, num_labels=1)
    model = hf.RobertaForSequenceClassification(config)
    names = ["input_ids", "attention_mask"]
    return write(folder, model, vocabularies.roberta(), ROBERTA_TOKENS, 21, model_input_names=names)


def modernbert(folder: Path, pooling: str = "mean") -> Path:
    """gte's form, with biases: every third layer looks everywhere, the others 8 tokens to either side."""
    biases = dict.fromkeys(("norm_bias", "attention_bias", "mlp_bias", "classifier_bias"), True)
    config = _modern(classifier_pooling=pooling, num_labels=1, **biases)
    return _write_modern(folder, hf.ModernBertForSequenceClassification(config), 5)


def modernbert_cls(folder: Path) -> Path:
    """Without biases, and its config in the form of published checkpoints."""
    config = _modern(classifier_pooling="cls", num_labels=1)
    _write_modern(folder, hf.ModernBertForSequenceClassification(config), 6)
    older = {"global_rope_theta": 160000.0, "local_rope_theta": 10000.0, "global_attn_every_n_layers": 3}
    return edit(folder / "config.json", drop=("rope_parameters", "layer_types"), **older)


def _modern(**settings: Any) -> Any:
    size = vocabularies.modernbert().get_vocab_size()
    return hf.ModernBertConfig(**(MODERN | {"num_hidden_layers": 4}), vocab_size=size, local_attention=16, **settings)


def _write_modern(folder: Path, model: Any, seed: int) -> Path:
    names = ["input_ids", "attention_mask"]
    settings = {"model_input_names": names, "model_max_length": 8192}
    return write(folder, model, vocabularies.modernbert(), BERT_TOKENS, seed, **settings)


def deberta(folder: Path) -> Path:
    """mxbai-rerank v1's form, with buckets narrow enough that distances beyond them come up."""
    tokenizer = vocabularies.deberta()
    config = hf.DebertaV2Config(
        **BERT,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=512,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=32,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type="p2c|c2p",
        position_biased_input=False,
        max_relative_positions=-1,
        pooler_hidden_size=32,
        pooler_hidden_act="gelu",
        num_labels=1,
    )
    tokens = BERT_TOKENS | {"bos_token": "[CLS]", "eos_token": "[SEP]"}
    return write(folder, hf.DebertaV2ForSequenceClassification(config), tokenizer, tokens, 7)


def qwen2_classifier(folder: Path) -> Path:
    config = hf.Qwen2Config.from_dict(QWEN2.to_dict() | {"num_labels": 1})
    return _write_qwen(folder, hf.Qwen2ForSequenceClassification(config), vocabularies.qwen2(), 8)


def qwen3_classifier(folder: Path, labels: int = 1) -> Path:
    return _write_qwen(folder, hf.Qwen3ForSequenceClassification(_qwen3(num_labels=labels)), vocabularies.qwen3(), 9)


def qwen3_two_labels(folder: Path) -> Path:
    return qwen3_classifier(folder, 2)


def qwen3(folder: Path) -> Path:
    """Qwen3-Reranker-0.6B's form, tied, its config as published."""
    _write_qwen(folder, hf.Qwen3ForCausalLM(_qwen3(tie_word_embeddings=True)), vocabularies.qwen3(), 10)
    older = {"rope_theta": 1000000, "rope_scaling": None, "torch_dtype": "bfloat16"}
    return edit(folder / "config.json", drop=("rope_parameters", "layer_types", "dtype"), **older)


def qwen3_untied(folder: Path) -> Path:
    """Qwen3-Reranker-8B's form."""
    return _write_qwen(folder, hf.Qwen3ForCausalLM(_qwen3(tie_word_embeddings=False)), vocabularies.qwen3(), 11)


def qwen3_converted(folder: Path) -> Path:
    """The classifier that answers as ``qwen3`` does: its head is the row of "yes" less the row of "no"."""
    causal = hf.Qwen3ForCausalLM(_qwen3(tie_word_embeddings=True))
    randomise(causal, 10)
    _write_qwen(folder, hf.Qwen3ForSequenceClassification(_qwen3(num_labels=1)), vocabularies.qwen3(), 10)
    model = hf.Qwen3ForSequenceClassification.from_pretrained(folder)
    model.model.load_state_dict(causal.model.state_dict())
    rows = causal.lm_head.weight.detach()
    model.score.weight = nn.Parameter((rows[9693] - rows[2152])[None])
    model.save_pretrained(folder)
    return folder


def mxbai_v2(folder: Path) -> Path:
    config = hf.Qwen2Config.from_dict(QWEN2.to_dict() | {"tie_word_embeddings": True})
    return _write_qwen(folder, hf.Qwen2ForCausalLM(config), vocabularies.qwen2(), 12)


def _qwen3(**settings: Any) -> Any:
    return hf.Qwen3Config(**QWEN, head_dim=16, vocab_size=151669, rope_parameters=QWEN3_ROPE, **settings)


def _write_qwen(folder: Path, model: Any, tokenizer: Tokenizer, seed: int) -> Path:
    settings = {"model_input_names": ["input_ids", "attention_mask"], "model_max_length": 131072}
    return write(folder, model, tokenizer, QWEN_TOKENS, seed, chat_template=QWEN_CHAT, **settings)


def gemma(folder: Path) -> Path:
    """bge-reranker-v2-gemma's form: one key head for all."""
    config = hf.GemmaConfig(
        **BASE,
        rms_norm_eps=EPSILON,
        num_key_value_heads=1,
        head_dim=16,
        vocab_size=vocabularies.gemma().get_vocab_size(),
    )
    names = ["input_ids", "attention_mask"]
    return write(folder, hf.GemmaForCausalLM(config), vocabularies.gemma(), GEMMA_TOKENS, 13, model_input_names=names)


def ettin(folder: Path) -> Path:
    """ettin-reranker's form: ModernBERT, [CLS], and a head of three sentence-transformers modules."""
    _write_modern(folder, hf.ModernBertModel(_modern()), 14)
    dense, norm, last = nn.Linear(32, 32), nn.LayerNorm(32), nn.Linear(32, 1)
    for seed, module in enumerate((dense, norm, last), 15):
        randomise(module, seed)
    write_module(
        folder / "2_Dense", dense, "linear", dense_settings(32, 32, "torch.nn.modules.activation.GELU") | EMBEDDING
    )
    write_module(folder / "3_LayerNorm", norm, "norm", {"dimension": 32})
    write_module(folder / "4_Dense", last, "linear", dense_settings(32, 1, "torch.nn.modules.linear.Identity") | SCORES)
    pooling = {"embedding_dimension": 32, "pooling_mode": "cls", "include_prompt": True}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    list_modules(folder, "", "1_Pooling", "2_Dense", "3_LayerNorm", "4_Dense")
    text = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
    return write_settings(folder, "feature-extraction", text, "token_embeddings")


def qwen3_sentence_transformers(folder: Path) -> Path:
    """Qwen3-Reranker as sentence-transformers 6 saves it: a chat template of queries and documents, and LogitScore."""
    _write_qwen(folder, hf.Qwen3ForCausalLM(_qwen3(tie_word_embeddings=True)), vocabularies.qwen3(), 17)
    (folder / "chat_template.jinja").write_text(RERANK_CHAT, encoding="utf-8")
    score = {"true_token_id": 9693, "false_token_id": 2152, "module_input_name": "causal_logits"}
    write_json(folder / "1_LogitScore" / "config.json", score)
    list_modules(folder, "", "1_LogitScore")
    text = {"method": "forward", "method_output_name": "logits"}
    reads = {"text": text, "message": text | {"format": "flat"}}
    return write_settings(folder, "text-generation", reads, "causal_logits")


FAMILIES: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        *(bert, bert_two_labels, bert_sentence_transformers, electra, xlm_roberta, roberta),
        *(modernbert, modernbert_cls, ettin, deberta, gemma, mxbai_v2, qwen2_classifier),
        *(qwen3, qwen3_untied, qwen3_converted, qwen3_classifier, qwen3_two_labels, qwen3_sentence_transformers),
    )
}
