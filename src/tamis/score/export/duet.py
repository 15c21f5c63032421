"""A Duet as three ONNX graphs: the layers that read a text by itself, below and above the halving, and those above.

Texts are read once however many pairs they stand in, and halved between the graphs, in numpy. Word vectors are looked
up outside too, so that several models can share one table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Vectors
from tamis.errors import ModelError
from tamis.extras import require
from tamis.score.duet_engine import PARTS
from tamis.score.export.graph import exported
from tamis.score.nets.attention import Look, Padded
from tamis.score.nets.duet import Duet
from tamis.score.nets.heads import Classifier
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.words import words_of

BASE = "e5-small"  # whose table is taken where the word vectors are still its own


def laid_out(mask: Tensor) -> tuple[Padded, Tensor, Tensor]:
    """From a mask (B, L) to the attention over its sequences, each token's place, and the sequences' lengths."""
    valid = mask > 0
    flat = valid.flatten().nonzero()[:, 0]
    torch._check(flat.shape[0] >= 2)  # type: ignore[no-untyped-call]  # said for the exporter
    lengths = mask.sum(1)
    width = mask.shape[1]
    across = torch.arange(width)[None, :]
    slots = torch.where(across < lengths[:, None], (lengths.cumsum(0) - lengths)[:, None] + across, 0)
    places = (mask.cumsum(1) - 1).flatten().index_select(0, flat)
    return Padded(slots, valid, flat), places, lengths


class Reading(nn.Module):
    """Packed vectors (T, hidden) and the mask (B, L) of the texts they are of, padded on the right, to their states."""

    def __init__(self, body: Duet, upper: bool) -> None:
        super().__init__()
        self.body, self.upper = body, upper

    def forward(self, vectors: Tensor, attention_mask: Tensor) -> Tensor:
        attention, places, _ = laid_out(attention_mask)
        x = vectors if self.upper else self.body.entered(vectors, places)
        for layer in self.body.reading(self.upper):
            x = layer(x, attention, Look())
        return x


class Judging(nn.Module):
    """Packed states (T, hidden), the mask of their pairs and 1 for documents' tokens (both (B, L)) to logits (B, 1)."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        attention, _, lengths = laid_out(attention_mask)
        document = token_type_ids.flatten().index_select(0, (attention_mask > 0).flatten().nonzero()[:, 0])
        body: Any = self.network.body
        out: Tensor = self.network.head(body.together(vectors, document, lengths, attention))
        return out


def drawn(network: Classifier) -> dict[str, Any]:
    """The three graphs (``onnx.ModelProto``) of a Duet in fp32, by ``PARTS``."""
    body: Any = network.body
    modules = (Reading(body, False), Reading(body, True), Judging(network))
    return {name: _traced(module, body) for name, module in zip(PARTS, modules, strict=True)}


def write_words(network: Classifier, folder: Path) -> None:
    """Have a folder's config.json name its word vectors: those of the encoder that ships, or a file of its own."""
    body: Any = network.body
    table = body.embeddings.word_embeddings.weight.detach().numpy()
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if not _shipped(table):
        config["words"] = "words.bin"
        table.tofile(folder / "words.bin")
    else:
        config["words"] = BASE
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _shipped(table: Vectors) -> bool:
    """Whether a table is that of the encoder that ships."""
    try:
        words = words_of(Path(), BASE, *table.shape)
    except ModelError:
        return False
    return bool(np.array_equal(words(np.arange(len(table))), table))


def _traced(module: nn.Module, body: Duet) -> Any:
    require("onnx")
    hidden = body.embeddings.position_embeddings.weight.shape[1]
    mask = (torch.arange(17)[None, :] < torch.tensor([17, 9, 4])[:, None]).long()
    inputs = {"vectors": torch.randn(int(mask.sum()), hidden), "attention_mask": mask}
    output = "states"
    if isinstance(module, Judging):
        inputs["token_type_ids"], output = mask * (torch.arange(17)[None, :] >= 2), "logits"
    any_size = torch.export.Dim.DYNAMIC
    return exported(module, inputs, {0: any_size, 1: any_size}, output, vectors={0: any_size})
