"""The formulas of the model cards, written plainly: one pair at a time, whole forward pass, fp32.

Sources: Qwen's README ("Transformers Usage") and its evaluation script, FlagEmbedding 1.4.2 (``FlagLLMReranker``),
mxbai-rerank 0.1.6 (``MxbaiRerankV2``), sentence-transformers 6.2 (``CrossEncoder``).
Each gives the raw score: no sigmoid.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

QWEN_INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
QWEN_EVAL_INSTRUCTION = "Given the user query, retrieval the relevant passages"
QWEN_SYSTEM = (
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".'
)
QWEN_PREFIX = f"<|im_start|>system\n{QWEN_SYSTEM}<|im_end|>\n<|im_start|>user\n"
QWEN_SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
GEMMA_PROMPT = (
    "Given a query A and a passage B, determine whether the passage contains an answer to the query "
    "by providing a prediction of either 'Yes' or 'No'."
)
MXBAI_PREFIX = (
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\n"
)
MXBAI_SUFFIX = "<|im_end|>\n<|im_start|>assistant\n"
MXBAI_TASK = (
    "You are a search relevance expert who evaluates how well documents match search queries. "
    "For each query-document pair, carefully analyze the semantic relationship between them, "
    "then provide your binary relevance judgment (0 for not relevant, 1 for relevant).\nRelevance:"
)


@cache
def _tokenizer(folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(folder)


@cache
def _model(kind: Any, folder: Path) -> Any:
    return kind.from_pretrained(folder, dtype=torch.float32).eval()


def _ids(folder: Path, text: str, **cut: Any) -> list[int]:
    ids: list[int] = _tokenizer(folder)(text, add_special_tokens=False, **cut)["input_ids"]
    return ids


@torch.inference_mode()
def _last_logits(folder: Path, ids: list[int]) -> torch.Tensor:
    """The language model's logits behind the last token, over the whole vocabulary; other places are left out."""
    model = _model(AutoModelForCausalLM, folder)
    logits: torch.Tensor = model(input_ids=torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
    return logits


@torch.inference_mode()
def all_logits(folder: Path, ids: list[int]) -> torch.Tensor:
    """Logits behind every token, as the README's code computes them."""
    logits: torch.Tensor = _model(AutoModelForCausalLM, folder)(input_ids=torch.tensor([ids])).logits[0]
    return logits


def official_pair_logits(folder: Path, query: str, document: str) -> list[float]:
    """What a stock sequence classifier answers for a pair, one number a label."""
    with torch.inference_mode():
        read = _tokenizer(folder)([query], [document], truncation=True, return_tensors="pt")
        logits: list[float] = _model(AutoModelForSequenceClassification, folder)(**read).logits[0].tolist()
    return logits


def official_pair_logit(folder: Path, query: str, document: str) -> float:
    """One label: its logit. Two: the second less the first, whose sigmoid is softmax[:, 1]."""
    *others, last = official_pair_logits(folder, query, document)
    return last - others[0] if others else last


def qwen3_ids(
    folder: Path, query: str, document: str, instruction: str = QWEN_INSTRUCTION, max_length: int = 8192
) -> list[int]:
    """Qwen's README: prefix, body and suffix tokenised apart; only the body is cut."""
    prefix, suffix = _ids(folder, QWEN_PREFIX), _ids(folder, QWEN_SUFFIX)
    body = f"<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}"
    return prefix + _ids(folder, body)[: max_length - len(prefix) - len(suffix)] + suffix


def _yes_less_no(folder: Path, ids: list[int]) -> float:
    logits, tokens = _last_logits(folder, ids), _tokenizer(folder)
    yes, no = tokens.convert_tokens_to_ids("yes"), tokens.convert_tokens_to_ids("no")
    return float(logits[yes] - logits[no])


def official_qwen3(
    folder: Path, query: str, document: str, instruction: str = QWEN_INSTRUCTION, max_length: int = 8192
) -> float:
    """Qwen3-Reranker by its README: logit of "yes" less that of "no"; its sigmoid is the published probability."""
    return _yes_less_no(folder, qwen3_ids(folder, query, document, instruction, max_length))


@torch.inference_mode()
def _classified(folder: Path, ids: list[int]) -> float:
    model = _model(AutoModelForSequenceClassification, folder)
    *others, last = model(input_ids=torch.tensor([ids])).logits[0].tolist()
    return float(last - others[0] if others else last)


def official_qwen3_classifier(folder: Path, query: str, document: str, instruction: str = QWEN_INSTRUCTION) -> float:
    """A classifier converted from Qwen3-Reranker, which is given the README's prompt."""
    return _classified(folder, qwen3_ids(folder, query, document, instruction))


def official_qwen3_eval(
    folder: Path, query: str, document: str, instruction: str = QWEN_EVAL_INSTRUCTION, max_length: int = 8192
) -> float:
    """The form behind the published evaluation: blank lines between fields, ``<|im_end|>`` twice, the tail cut."""
    messages = [
        {"role": "system", "content": QWEN_SYSTEM},
        {"role": "user", "content": f"<Instruct>: {instruction}\n\n<Query>: {query}\n\n<Document>: {document}"},
    ]
    text = _tokenizer(folder).apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
    return _yes_less_no(folder, _ids(folder, text)[:max_length] + _ids(folder, QWEN_SUFFIX))


def official_bge_gemma(folder: Path, query: str, document: str, max_length: int = 512) -> float:
    """bge-reranker-v2-gemma by FlagEmbedding: the logit of "Yes" behind the prompt."""
    separator, prompt = _ids(folder, "\n"), _ids(folder, GEMMA_PROMPT)
    asked = _ids(folder, f"A: {query}", truncation=True, max_length=max_length * 3 // 4)
    passage = _ids(folder, f"B: {document}", truncation=True, max_length=max_length)
    head, longest = [_tokenizer(folder).bos_token_id, *asked], max_length + len(separator) + len(prompt)
    ids = (head + separator + passage)[: max(longest, len(head))] + separator + prompt
    return float(_last_logits(folder, ids)[_ids(folder, "Yes")[0]])


def mxbai_ids(folder: Path, query: str, document: str, instruction: str = "", max_length: int = 2048) -> list[int]:
    """mxbai-rerank v2: every piece tokenised by itself; the document is cut, the task and the suffix are not."""
    separator = _ids(folder, "\n")
    told = f"instruction: {instruction}\nquery: {query}" if instruction else f"query: {query}"
    asked = _ids(folder, told, truncation=True, max_length=max_length * 3 // 4)
    passage = _ids(folder, f"document: {document}", truncation=True, max_length=max_length)
    pair = (asked + separator + passage)[:max_length] + separator
    return _ids(folder, MXBAI_PREFIX) + pair + _ids(folder, MXBAI_TASK) + _ids(folder, MXBAI_SUFFIX)


def official_mxbai_v2(folder: Path, query: str, document: str, instruction: str = "") -> float:
    """mxbai-rerank v2: logit of "1" less that of "0"."""
    logits = _last_logits(folder, mxbai_ids(folder, query, document, instruction))
    return float(logits[_ids(folder, "1")[0]] - logits[_ids(folder, "0")[0]])


def official_mxbai_classifier(folder: Path, query: str, document: str) -> float:
    """A Qwen2 classifier, which is given the prompt of mxbai-rerank v2."""
    return _classified(folder, mxbai_ids(folder, query, document))


def official_chat_template(folder: Path, query: str, document: str) -> float:
    """A sentence-transformers folder of a language model: its own chat template, "yes" less "no"."""
    messages = [{"role": "query", "content": query}, {"role": "document", "content": document}]
    text = _tokenizer(folder).apply_chat_template(messages, tokenize=False)
    return _yes_less_no(folder, _ids(folder, text))


def official_modules(folder: Path, query: str, document: str) -> float:
    """ettin-reranker's modules: ModernBERT, [CLS], Dense with GELU, LayerNorm, Dense."""
    dense, norm, last = (load_file(folder / at / "model.safetensors") for at in ("2_Dense", "3_LayerNorm", "4_Dense"))
    assert json.loads((folder / "1_Pooling" / "config.json").read_text())["pooling_mode"] == "cls"
    with torch.inference_mode():
        read = _tokenizer(folder)([query], [document], truncation=True, return_tensors="pt")
        x = _model(AutoModel, folder)(**read).last_hidden_state[0, 0]
        x = F.gelu(F.linear(x, dense["linear.weight"], dense["linear.bias"]))
        x = F.layer_norm(x, x.shape, norm["norm.weight"], norm["norm.bias"])
        return float(F.linear(x, last["linear.weight"], last["linear.bias"]))


OFFICIAL = {
    "qwen3": official_qwen3,
    "qwen3_untied": official_qwen3,
    "qwen3_converted": official_qwen3_classifier,
    "qwen3_classifier": official_qwen3_classifier,
    "qwen3_two_labels": official_qwen3_classifier,
    "qwen2_classifier": official_mxbai_classifier,
    "mxbai_v2": official_mxbai_v2,
    "gemma": official_bge_gemma,
    "qwen3_sentence_transformers": official_chat_template,
    "ettin": official_modules,
}


def official(family: str) -> Any:
    """The official formula of a family of ``tiny``; a stock pair classifier's unless it has its own."""
    return OFFICIAL.get(family, official_pair_logit)
