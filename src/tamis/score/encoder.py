"""Encoders that run from a model folder (config.json, tokenizer.json, model.onnx): text to vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Kind, Vectors
from tamis.errors import InputError, ModelError
from tamis.score.batch import fair, pad, plan
from tamis.score.folder import ModelFolder
from tamis.score.onnx_engine import opened
from tamis.score.threads import ahead, threads
from tamis.score.tokens import CHARACTERS_A_TOKEN
from tamis.text import clean

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Read:
    """One text as a model reads it.

    Attributes:
        ids: token ids, special tokens and the prefix of its kind included.
        content: positions of the first and past the last token of the text itself.
        truncated: tokens of the text that did not fit (of a very long text, a lower bound).
    """

    ids: list[int]
    content: slice
    truncated: int


class TextEncoder:
    """A text encoder in ONNX with mean pooling; also gives the vector of every token.

    A text's vectors do not depend on its companions in a batch, threads may share one encoder, and the same call gives
    the same bits.

    >>> from tamis import load_encoder
    >>> encoder = load_encoder("e5-small")
    >>> query, near, far = *encoder.encode(["如何退货"], "query"), *encoder.encode(["退货流程", "今天下雨"], "document")
    >>> bool(query @ near > query @ far)
    True
    """

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession, config: dict[str, Any], digest: str) -> None:
        self.config = config
        self.max_length: int = config["max_length"]
        self._session = session
        self._tokenizer = tokenizer
        self._digest = digest
        self._prefix = config["prefix"]
        self._prefix_length = {
            kind: len(tokenizer.encode(prefix.strip(), add_special_tokens=False).ids)
            for kind, prefix in self._prefix.items()
        }

    @classmethod
    def load(cls, folder: Path) -> TextEncoder:
        """Read a model folder.

        Raises:
            ModelError: a file is missing or cannot be read.
        """
        from tokenizers import Tokenizer

        missing = [n for n in ("config.json", "tokenizer.json", "model.onnx") if not (folder / n).is_file()]
        if missing:
            raise ModelError(f"{folder} is not an encoder folder: {', '.join(missing)} missing")
        config = json.loads((folder / "config.json").read_text("utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(config["max_length"])
        session = opened(folder / "model.onnx")
        return cls(tokenizer, session, config, ModelFolder(folder).digest())

    def shortened(self, max_length: int) -> TextEncoder:
        """The same encoder reading at most ``max_length`` tokens of a text, the model's own window at most.

        Raises:
            InputError: the length leaves no room for text, or is more than the model's window.
        """
        least = 3 + max(self._prefix_length.values())
        if not least <= max_length <= self.config["max_length"]:
            raise InputError(f"max_length must be {least} to {self.config['max_length']}, got {max_length}")
        tokenizer = type(self._tokenizer).from_str(self._tokenizer.to_str())
        tokenizer.enable_truncation(max_length)
        config = {**self.config, "max_length": max_length}
        return TextEncoder(tokenizer, self._session, config, f"{self._digest}:{max_length}")

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.config["dimension"])

    @property
    def fingerprint(self) -> str:
        """What exactly makes the vectors: weights, tokenizer, prefixes, pooling, window."""
        return f"{self.config['architecture']}:{self._digest}"

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Unit vectors of shape ``(len(texts), dimension)``, in order; ``kind`` says which prefix the texts get."""
        pooled = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for at, _, vectors in self.token_vectors(self.tokens(texts, kind)):
            mean = vectors.mean(axis=0)
            pooled[at] = mean / np.linalg.norm(mean)
        return pooled

    def tokens(self, texts: Sequence[str], kind: Kind) -> list[Read]:
        """The texts as the model reads them, cut to its window of ``max_length`` tokens."""
        longest = self.max_length * CHARACTERS_A_TOKEN
        prefix, start = self._prefix[kind], 1 + self._prefix_length[kind]
        encodings = self._tokenizer.encode_batch_fast([prefix + clean(text[:longest]) for text in texts])
        return [
            Read(e.ids, slice(start, max(start, len(e.ids) - 1)), sum(len(o.ids) - 2 for o in e.overflowing))
            for e in encodings
        ]

    def token_vectors(self, tokens: Sequence[Read]) -> Iterator[tuple[int, Read, Vectors]]:
        """(position, tokens, vectors of shape ``(len(ids), dimension)``) of each text, longest texts first."""

        def run(batch: NDArray[np.int64]) -> Vectors:
            ids, mask = pad([tokens[i].ids for i in batch], self.config["pad_id"])
            vectors: Vectors = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            return vectors

        lengths = [len(t.ids) for t in tokens]
        batches = plan(lengths, budget=fair(lengths, threads()))
        for batch, vectors in zip(batches, ahead(run, batches), strict=True):
            for at, row in zip(batch.tolist(), vectors, strict=True):
                yield at, tokens[at], row[: len(tokens[at].ids)]
