"""Learn what tamis-mini reads off e5-small's token vectors: terms, meaning, topic. Nothing of the encoder moves.

    python recipes/tamis-mini/heads.py SINGLES -o FOLDER [--steps 3000] [--seeds 0 1] [--cache DIR]

SINGLES is what ``singles.py`` wrote; FOLDER gets ``heads.onnx``, ``terms.npz`` and ``curves.json``. Each head is learnt
once a seed, and what is written is their mean: what one seed says by luck another does not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from singles import Singles
from teachers import Sparse, Terms, splade
from torch.nn import functional
from written import write

from tamis.data import atomic_write

Curve: TypeAlias = list[dict[str, float]]
Step: TypeAlias = Callable[[list[int]], torch.Tensor]  # the loss of some texts

RATE, WARM, LEAST = {"terms": 1.5e-3, "vectors": 1e-3}, 50, 0.02  # of AdamW; it rises for so many steps, then falls
HIDDEN = 512  # of the head for terms
TEXTS, TRANSLATED = 32, 16  # of a step
TRANSLATED_COUNTS = 0.5
OTHERS = 1500  # terms of a step that no text of it has
SHARPNESS = 4.0  # of the softplus that stands in for relu, so that terms at 0 still learn
NEAR = 64  # texts that its teacher finds nearest to a text
HELD_OUT, STATISTICS = 400, 1500  # texts


@dataclass(frozen=True)
class Whole:
    """A vector of whole texts that is learnt from a teacher's.

    Attributes:
        name: the vector's, and that of the file with the teacher's.
        singles: texts that it is learnt from.
        hidden: width of its head.
        straight: whether its head also has a layer straight from what it reads.
        dropout: share of the hidden numbers that is left out while learning.
        alike: how much it counts how near texts lie to each other, beside how near each lies to its target.
        groups, group: a step draws so many texts, and so many of the ``NEAR`` nearest of each; texts that are alike are
            what a reranker has to tell apart.
    """

    name: str
    singles: str
    hidden: int
    straight: bool
    dropout: float
    alike: float
    groups: int
    group: int


WHOLES = (
    Whole("meaning", "chinese", 256, straight=False, dropout=0, alike=20, groups=256, group=1),
    Whole("topic", "english", 512, straight=True, dropout=0.1, alike=400, groups=64, group=16),
)


class Head(torch.nn.Module):
    """Vectors, standardised, through two layers with a GELU between; and straight through one, where it has that."""

    def __init__(
        self, vectors: NDArray[np.float32], hidden: int, out: int, *, straight: bool = False, dropout: float = 0
    ) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.mean = torch.nn.Buffer(torch.from_numpy(vectors.mean(axis=0)))
        self.deviation = torch.nn.Buffer(torch.from_numpy(vectors.std(axis=0) + 1e-3))
        self.up, self.down = torch.nn.Linear(vectors.shape[1], hidden), torch.nn.Linear(hidden, out)
        self.straight = torch.nn.Linear(vectors.shape[1], out, bias=False) if straight else None

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Of shape ``(vectors, out)``."""
        standard = (vectors - self.mean) / self.deviation
        found: torch.Tensor = self.down(self.dropout(functional.gelu(self.up(standard))))
        return found + self.straight(standard) if self.straight else found

    def layers(self, name: str) -> dict[str, torch.Tensor]:
        """Weights and biases of the layers; standardising is part of those that read."""
        scale, bias = self.up.weight.detach() / self.deviation, self.down.bias.detach()
        found = {
            f"{name}.up": scale.T,
            f"{name}.up_bias": self.up.bias.detach() - scale @ self.mean,
            f"{name}.down": self.down.weight.detach().T,
            f"{name}.down_bias": bias,
        }
        if self.straight:
            scale = self.straight.weight.detach() / self.deviation
            found |= {f"{name}.straight": scale.T, f"{name}.down_bias": bias - scale @ self.mean}
        return found


class TermHead(Head):
    """The head whose products with SPLADE's table of terms are the terms' logits; only their biases are learnt anew."""

    def __init__(self, vectors: NDArray[np.float32], teacher: Sparse) -> None:
        super().__init__(vectors, HIDDEN, teacher.table.shape[1])
        self.table, self.biases = torch.nn.Buffer(teacher.table), torch.nn.Parameter(teacher.biases.clone())

    def loss(self, singles: Singles, known: Terms, texts: list[int]) -> torch.Tensor:
        """Squared distance of the weights, summed over the texts' terms and some others, mean over the texts."""
        about = [known.of(at) for at in texts]
        others = torch.randint(0, len(self.biases), (OTHERS,))
        terms = torch.unique(torch.cat([*(torch.from_numpy(numbers).long() for numbers, _ in about), others]))
        wanted = torch.zeros(len(texts), len(terms))
        for row, (numbers, weights) in zip(wanted, about, strict=True):
            row[torch.searchsorted(terms, torch.from_numpy(numbers).long())] = torch.from_numpy(weights).float()
        vectors = [singles.of(at) for at in texts]
        lengths = torch.tensor([len(part) for part in vectors])
        logits = self(torch.from_numpy(np.concatenate(vectors)).float()) @ self.table[terms].T + self.biases[terms]
        best = torch.segment_reduce(logits, "max", lengths=lengths, axis=0)
        return (torch.log1p(functional.softplus(best * SHARPNESS) / SHARPNESS) - wanted).square().sum() / len(texts)


@dataclass(frozen=True)
class Learning:
    """So many steps of AdamW on what ``loss`` says of drawn texts; the first texts are held out."""

    head: Head
    rate: float
    steps: int

    def run(self, loss: Callable[[], torch.Tensor], held_out: Callable[[], dict[str, float]]) -> Curve:
        """How the loss on held-out texts fell."""
        optimizer = torch.optim.AdamW(self.head.parameters(), lr=self.rate, weight_decay=0.01, betas=(0.9, 0.98))
        curve, began = [], time.perf_counter()
        for step in range(self.steps):
            for group in optimizer.param_groups:
                group["lr"] = self.rate * min(1, (step + 1) / WARM) * max(LEAST, 1 - step / self.steps)
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
            if (step + 1) % max(1, self.steps // 10) == 0:
                self.head.eval()
                with torch.no_grad():
                    curve.append({"step": step + 1, **held_out()})
                self.head.train()
                print(f"{time.perf_counter() - began:5.0f} s {curve[-1]}", file=sys.stderr, flush=True)
        self.head.eval()
        return curve


def terms(folder: Path, teacher: Sparse, steps: int) -> tuple[TermHead, NDArray[np.int64], Curve]:
    """The head for terms, the terms that some text has, and its curve."""
    sets = [(Singles.open(folder / name), _known(folder / name)) for name in ("english", "translated")]
    head = TermHead(_some([singles for singles, _ in sets]), teacher)

    def loss() -> torch.Tensor:
        (english, own), (chinese, theirs) = sets
        first = head.loss(english, own, _drawn(len(english), TEXTS))
        return first + TRANSLATED_COUNTS * head.loss(chinese, theirs, _drawn(len(chinese), TRANSLATED))

    def held_out() -> dict[str, float]:
        return {
            name: round(head.loss(singles, known, list(range(_first(len(singles))))).item(), 3)
            for name, (singles, known) in zip(("english", "translated"), sets, strict=True)
        }

    curve = Learning(head, RATE["terms"], steps).run(loss, held_out)
    return head, np.unique(np.concatenate([known.numbers for _, known in sets])).astype(np.int64), curve


def whole(row: Whole, folder: Path, steps: int) -> tuple[Head, Curve]:
    """The head for a teacher's vectors, from the mean vectors of texts, and its curve."""
    means = Singles.open(folder / row.singles).means()
    with np.load(folder / row.singles / f"{row.name}.npz") as stored:
        wanted = functional.normalize(torch.from_numpy(stored["vectors"]).float(), dim=-1)
    given, near = torch.from_numpy(means), nearest(wanted) if row.group > 1 else None
    head = Head(means, row.hidden, wanted.shape[1], straight=row.straight, dropout=row.dropout)

    def nearness(texts: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found, target = functional.normalize(head(given[texts]), dim=-1), wanted[texts]
        return (found * target).sum(-1).mean(), found @ found.T, target @ target.T

    def loss() -> torch.Tensor:
        texts = _drawn(len(given), row.groups)
        if near is not None:
            texts = torch.unique(near[texts][:, torch.randperm(near.shape[1])[: row.group]]).tolist()
        cosine, found, target = nearness(texts)
        return 1 - cosine + row.alike * (found - target).square().mean()

    def held_out() -> dict[str, float]:
        cosine, found, target = nearness(list(range(_first(len(given)))))
        pairs = torch.stack([found, target])[:, *torch.triu_indices(*found.shape, 1)]
        return {"cosine": round(cosine.item(), 4), "alike": round(torch.corrcoef(pairs)[0, 1].item(), 4)}

    return head, Learning(head, RATE["vectors"], steps).run(loss, held_out)


@dataclass(frozen=True)
class Learnt:
    """All heads, once; the terms that some text has; the curves."""

    terms: TermHead
    used: NDArray[np.int64]
    wholes: dict[str, Head]
    curves: dict[str, Curve]


def learn(folder: Path, teacher: Sparse, steps: int, seed: int) -> Learnt:
    """Every head, with the draws of one seed."""
    torch.manual_seed(seed)
    found, used, curve = terms(folder, teacher, steps)
    wholes = {row.name: whole(row, folder, steps) for row in WHOLES}
    curves = {"terms": curve} | {name: own for name, (_, own) in wholes.items()}
    return Learnt(found, used, {name: head for name, (head, _) in wholes.items()}, curves)


def nearest(vectors: torch.Tensor) -> torch.Tensor:
    """Of each text that is learnt from, the nearest such texts (itself among them), shape ``(texts, NEAR)``."""
    first = _first(len(vectors))
    many = min(NEAR, len(vectors) - first)
    parts = [(part @ vectors[first:].T).topk(many)[1] + first for part in vectors.split(1024)]
    return torch.cat(parts)


def _known(folder: Path) -> Terms:
    with np.load(folder / "terms.npz") as stored:
        return Terms(**stored)


def _first(texts: int) -> int:
    """How many of a set's texts are held out."""
    return min(HELD_OUT, texts // 4)


def _drawn(texts: int, many: int) -> list[int]:
    found: list[int] = torch.randint(_first(texts), texts, (many,)).tolist()
    return found


def _some(sets: list[Singles]) -> NDArray[np.float32]:
    """Token vectors of some texts of each set."""
    parts = [singles.vectors[: singles.ends[min(STATISTICS, len(singles)) - 1]] for singles in sets]
    return np.concatenate(parts).astype(np.float32)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("singles", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True)
    options.add_argument("--steps", type=int, default=3000)
    options.add_argument("--seeds", type=int, nargs="+", default=(0, 1))
    options.add_argument("--cache", type=Path, required=True, help="where singles.py keeps packages")
    asked = options.parse_args()
    teacher = splade(asked.cache)
    learnt = [learn(asked.singles, teacher, asked.steps, seed) for seed in asked.seeds]
    write(learnt, asked.output)
    with atomic_write(asked.output / "curves.json") as out:
        json.dump({str(seed): one.curves for seed, one in zip(asked.seeds, learnt, strict=True)}, out, indent=1)


if __name__ == "__main__":
    main()
