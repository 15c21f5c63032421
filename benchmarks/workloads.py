"""What the cross-encoders are timed on: texts of chosen lengths, and models of true shapes with random weights.

Texts are running words of the demo's abstracts, cut by the model's own tokenizer. Tokenizers have their true
vocabularies, out of packages (``tests/score/vocabularies.py``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from e5source import ROOT, documents
from timing import Shape

import tamis

sys.path.insert(0, str(ROOT / "tests"))

if TYPE_CHECKING:
    from tokenizers import Tokenizer

QUERY_TOKENS = 13
LONGEST = 495  # with the query and the special tokens: at most 512
XLMR_ROWS = 30_000
SPREAD = 0.6  # random weights are drawn with 0.6 / sqrt(hidden), so that every width spreads its scores alike
HEADS = {"classifier.weight", "classifier.out_proj.weight"}


@dataclass(frozen=True, slots=True)
class Workload:
    """One query and its documents."""

    name: str
    query: str
    documents: tuple[str, ...]

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(self.query, text) for text in self.documents]

    @property
    def pairs(self) -> list[tuple[tamis.Query, tamis.Document]]:
        query = tamis.Query(self.query)
        return [(query, tamis.Document(str(at), text)) for at, text in enumerate(self.documents)]


def mixed(rng: np.random.Generator, count: int) -> list[int]:
    """Heavy-tailed lengths: lognormal, median 120 tokens, sigma .8, 10 to 495."""
    return np.clip(np.exp(rng.normal(np.log(120), 0.8, count)), 10, LONGEST).astype(int).tolist()


def faq(rng: np.random.Generator, count: int) -> list[int]:
    """Short answers: 20 to 60 tokens."""
    return rng.integers(20, 61, count).tolist()


def full(rng: np.random.Generator, count: int) -> list[int]:
    """Documents of up to 512 tokens: a third are at the limit."""
    return np.minimum(rng.integers(100, 700, count), LONGEST).tolist()


def prompted(rng: np.random.Generator, count: int) -> list[int]:
    """What stands beside a prompt of about a hundred tokens: lognormal, median 110, sigma .7, 30 to 400."""
    return np.clip(np.exp(rng.normal(np.log(110), 0.7, count)), 30, 400).astype(int).tolist()


LENGTHS: dict[str, Callable[[np.random.Generator, int], list[int]]] = {
    "mixed": mixed,
    "FAQ": faq,
    "full": full,
    "prompted": prompted,
}


def workload(name: str, tokenizer: Tokenizer, count: int = 100, seed: int = 0) -> Workload:
    """A query of 13 tokens and documents of the lengths that ``LENGTHS[name]`` draws."""
    rng = np.random.default_rng(seed)
    words = " ".join(documents("abstracts", 600)).split()

    def text(tokens: int) -> str:
        start = int(rng.integers(0, len(words) - 2 * tokens - 20))
        running = " ".join(words[start : start + 2 * tokens + 10])
        offsets = tokenizer.encode(running, add_special_tokens=False).offsets
        return running[: offsets[tokens - 1][1]]

    query = text(QUERY_TOKENS)
    return Workload(name, query, tuple(text(n) for n in LENGTHS[name](rng, count)))


def tokenizer_of(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def bert(folder: Path, layers: int, hidden: int, heads: int) -> Shape:
    """A BERT classifier of one label with bert-base-uncased's vocabulary; MiniLM-L6 is 6, 384, 12."""
    from transformers import BertConfig, BertForSequenceClassification

    from score.vocabularies import bert as vocabulary

    config = BertConfig(
        vocab_size=30522,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        num_labels=1,
        initializer_range=SPREAD / hidden**0.5,
    )
    _save(BertForSequenceClassification, config, folder)
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    _save_tokenizer(vocabulary(), names | {"mask_token": "[MASK]"}, "BertTokenizer", folder)
    return Shape(layers, hidden, 4 * hidden)


def xlm_roberta(folder: Path) -> Shape:
    """XLM-R base with one label; of its vocabulary the first 30,000 pieces: word vectors cost memory, not time."""
    from tokenizers import Tokenizer
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    from score.vocabularies import xlm_roberta as vocabulary

    whole = json.loads(vocabulary().to_str())
    # As xlm-roberta-base's own file splits, and transformers whatever the file says; the package's file keeps a space
    # at a text's end.
    whole["normalizer"] = whole["normalizer"]["normalizers"][0]
    whole["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [{"type": "WhitespaceSplit"}, whole["pre_tokenizer"]],
    }
    whole["model"]["vocab"] = whole["model"]["vocab"][:XLMR_ROWS]
    whole["added_tokens"] = [token for token in whole["added_tokens"] if token["id"] < XLMR_ROWS]
    config = XLMRobertaConfig(
        vocab_size=XLMR_ROWS,
        max_position_embeddings=514,
        type_vocab_size=1,
        num_labels=1,
        initializer_range=SPREAD / 768**0.5,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    _save(XLMRobertaForSequenceClassification, config, folder)
    names = {"pad_token": "<pad>", "cls_token": "<s>", "bos_token": "<s>", "sep_token": "</s>", "eos_token": "</s>"}
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    _save_tokenizer(tokenizer, names | {"unk_token": "<unk>"}, "XLMRobertaTokenizer", folder)
    return Shape(12, 768, 3072)


def qwen3(folder: Path, layers: int) -> Shape:
    """Qwen3-Reranker-0.6B's width and vocabulary with fewer layers."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from score.vocabularies import qwen3 as vocabulary

    config = Qwen3Config(
        vocab_size=151_669,
        hidden_size=1024,
        num_hidden_layers=layers,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        intermediate_size=3072,
        max_position_embeddings=40960,
        rope_theta=1_000_000,
        tie_word_embeddings=True,
        eos_token_id=151_645,
        bos_token_id=151_643,
    )
    _save(Qwen3ForCausalLM, config, folder)
    names = {"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>"}
    _save_tokenizer(vocabulary(), names, "Qwen2Tokenizer", folder, limit=131_072)
    return Shape(layers, 1024, 3072)


def _save(kind: Any, config: Any, folder: Path) -> None:
    import torch

    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():
        for name in HEADS & dict(model.named_parameters()).keys():
            model.get_parameter(name).mul_(10)  # scores then differ as much as those of trained models do
    model.save_pretrained(folder)


def _save_tokenizer(tokenizer: Tokenizer, names: dict[str, str], kind: str, folder: Path, limit: int = 512) -> None:
    """The tokenizer's files as a published folder has them (FlashRank reads all three)."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": kind, "model_max_length": limit, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "special_tokens_map.json").write_text(json.dumps(names))
