"""Late-interaction models to be trained: how far each piece of evidence counts; encoder and heads stay as they are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from tamis.core import Floats, Scorer
from tamis.data import atomic_path
from tamis.errors import InputError
from tamis.score.blend import EVIDENCE, Blend, Blends
from tamis.score.folder import ModelFolder
from tamis.score.late import LateInteraction
from tamis.score.load import load_scorer
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.bases.base import live
from tamis.train.bases.files import write_json
from tamis.train.evidence import Evidence, Reading
from tamis.train.options import Batches, Kind, Options
from tamis.train.steps import Positives
from tamis.train.tune import Full

ARCHITECTURE = "late-interaction"
COSINE = EVIDENCE.index("cosine")
PACE = 50.0  # a step at a rate of 1e-3, usual for what is new to a base, moves the root of a factor by 5 %
UNRELATED = 0.8  # e5-small's cosine of two texts that have little to do with each other


class Weights(nn.Module):
    """Evidence to logits; what learns is how many times the base's weight each column has, by language.

    A weight can shrink to 0 and never below: more agreement must never lower a score. One that is 0 stays 0. The logit
    of two unrelated texts stays where it was, so that 0 goes on lying between relevant and others.
    """

    def __init__(self, blends: Blends) -> None:
        super().__init__()
        rows = list(blends.texts.values())
        self.base = nn.Buffer(torch.tensor([[getattr(row, name) for name in EVIDENCE] for row in rows]))
        self.bias = nn.Buffer(torch.tensor([row.bias for row in rows]))
        self.unrelated = nn.Buffer(torch.from_numpy(unrelated(blends)).float())
        self.grown = nn.Parameter(torch.zeros_like(self.base))

    def forward(self, evidence: Tensor, rows: Tensor) -> Tensor:
        """Logits of pairs; ``rows`` says whose language's weights are each one's."""
        change = self.base * (factors(self.grown) - 1)
        weighed = self.base[rows] * evidence + change[rows] * (evidence - self.unrelated)
        logits: Tensor = self.bias[rows] + weighed.sum(dim=1)
        return logits


def factors(grown: Tensor) -> Tensor:
    """How many times as large each weight is, of the same shape; squares, and the cosine's factor is part of all.

    What all columns have in common says how sure the scores are, and no order depends on it: alone, it does not hide
    how the columns count against one another.
    """
    square = (1 + PACE * grown) ** 2
    whole = square[:, COSINE : COSINE + 1]
    return torch.cat([square[:, :COSINE], torch.ones_like(whole), square[:, COSINE + 1 :]], dim=1) * whole


def unrelated(blends: Blends) -> Floats:
    """The evidence of two texts that have nothing in common, one number for each name of ``EVIDENCE``."""
    intercept, slope = blends.expected
    known = {"cosine": UNRELATED, "maxsim": intercept + slope * UNRELATED}
    return np.array([known.get(name, 0.0) for name in EVIDENCE])


def grown(blends: Blends, numbers: Floats) -> Blends:
    """The blends with each column's weight so many times as large; how the texts count against BM25 stays as it was.

    Args:
        blends: the base's.
        numbers: shape ``(languages, columns)``, in the order of ``blends.texts`` and ``EVIDENCE``.
    """
    rows, none = dict(zip(blends.texts, numbers.tolist(), strict=True)), unrelated(blends)

    def times(blend: Blend, row: list[float]) -> Blend:
        weights = {name: getattr(blend, name) * factor for name, factor in zip(EVIDENCE, row, strict=True)}
        moved = sum((weights[name] - getattr(blend, name)) * at for name, at in zip(EVIDENCE, none, strict=True))
        return replace(blend, bias=float(blend.bias - moved), **weights)

    def beside(row: list[float]) -> list[float]:
        return [
            1.0 if name == "bm25" else factor / max(row[COSINE], 1e-9)
            for name, factor in zip(EVIDENCE, row, strict=True)
        ]

    texts = {name: times(blend, rows[name]) for name, blend in blends.texts.items()}
    others = {name: times(blend, beside(rows[name])) for name, blend in blends.with_bm25.items()}
    return Blends(blends.expected, texts, others)


@dataclass(frozen=True)
class Late:
    """A late-interaction model about to be trained; see ``Start``."""

    kind: ClassVar[Kind] = "cross-encoder"

    folder: ModelFolder
    base: Reading
    network: nn.Module
    new: tuple[str, ...] = ("grown",)
    max_length: int | None = None  # None is what the base reads

    def shortened(self, max_length: int) -> Self:
        """The same, reading at most so many tokens of a text."""
        base = Reading(self.base.shortened(max_length), self.base.blends, live())
        return replace(self, base=base, max_length=max_length)

    def task(self, batches: Batches, device: torch.device, positives: Positives | None = None) -> Evidence:
        """Evidence of pairs, weighed."""
        return Evidence(self.base, tuple(self.base.blends.texts), device)

    def scorer(self, network: nn.Module, device: str) -> Scorer:
        """The base's reading, weighed as the network does now."""
        return self._scorer(dict(network.named_parameters()))

    def _scorer(self, tensors: Mapping[str, Tensor]) -> Reading:
        numbers = factors(tensors["grown"].detach().double()).cpu().numpy()
        return Reading(self.base, grown(self.base.blends, numbers), live())

    def write(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        """Write the folder: the base's files, and the weights in its ``config.json``, last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.folder.files():
            if name.suffix in (".npz", ".onnx"):
                with atomic_path(folder / name) as temporary:
                    shutil.copyfile(self.folder.path / name, temporary)
        stated = self.folder.config
        kept = {"architecture": ARCHITECTURE, "encoder": stated["encoder"]}
        if length := self.max_length or stated.get("max_length"):
            kept["max_length"] = length
        write_json(folder / "config.json", {**kept, **self._scorer(tensors).blends.config()})


def is_late(folder: ModelFolder) -> bool:
    """Whether a folder holds a late-interaction model."""
    return (folder.base / "config.json").is_file() and folder.config.get("architecture") == ARCHITECTURE


def start_late(folder: ModelFolder, kind: Kind, options: Options) -> Late:
    """A late-interaction model to be trained.

    Raises:
        InputError: an option asks for what it has not: layers that learn, or vectors.
        ModelError: the folder cannot be used.
    """
    if kind != "cross-encoder":
        raise InputError(f"{folder.path.name} gives scores, no vectors: make a bi-encoder of its encoder, e5-small")
    if options.tune != Full() or options.recompute or options.layers is not None:
        raise InputError(
            f"of {folder.path.name} only the weights of its evidence learn: leave tuning, layers, recomputing out, or "
            "begin with e5-small"
        )
    base = load_scorer(folder.path)
    assert isinstance(base, LateInteraction)
    return Late(folder, Reading(base, base.blends, live()), Weights(base.blends))
