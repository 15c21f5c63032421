"""Pooling: from the vectors of a sequence's tokens to one vector, and networks that end in it."""

from __future__ import annotations

from typing import Any

from tamis.errors import ModelError
from tamis.score.nets.attention import Packed
from tamis.score.nets.lib import F, Tensor, nn, torch

POOLINGS = ("cls", "mean", "last")  # the first token, all of them, the last token


def known(pooling: str, what: str) -> str:
    """The pooling itself.

    Raises:
        ModelError: no network here does it; ``what`` names who asked for it.
    """
    if pooling not in POOLINGS:
        raise ModelError(f"{what} with pooling {pooling!r} is not implemented; {', '.join(map(repr, POOLINGS))} are")
    return pooling


def pooled(x: Tensor, packed: Packed, pooling: str) -> Tensor:
    """One vector a sequence: (T, hidden) -> (B, hidden)."""
    if pooling == "mean":
        return means(x, packed)
    return x[packed.firsts if pooling == "cls" else packed.lasts]


def means(x: Tensor, packed: Packed) -> Tensor:
    """The mean of each sequence's rows, summed in fp32: (T, hidden) -> (B, hidden)."""
    counts = packed.lasts - packed.firsts + 1
    if torch.compiler.is_exporting():  # a product with ones: graphs have no sum by segment
        places = torch.arange(x.shape[0], device=x.device)[None]
        owned = (places >= packed.firsts[:, None]) & (places <= packed.lasts[:, None])
        sums = owned.float() @ x.float()
    else:
        owner = torch.repeat_interleave(torch.arange(len(counts), device=x.device), counts, output_size=x.shape[0])
        empty = torch.zeros(len(counts), x.shape[1], device=x.device)
        sums = empty.index_add(0, owner, x.float())
    return (sums / counts[:, None]).to(x.dtype)


class Embedder(nn.Module):
    """A body that pools, and what stands behind the pooling: packed tokens to vectors, shape (B, dimension).

    Args:
        body: packed tokens to one vector a sequence.
        head: a pooled vector to the model's own, such as a Dense module; ``nn.Identity`` where there is none.
        unit: vectors are scaled to length 1, in fp32; gradients pass through.
    """

    def __init__(self, body: nn.Module, head: nn.Module, *, unit: bool = True) -> None:
        super().__init__()
        self.body, self.head, self.unit = body, head, unit

    def forward(self, *inputs: Any) -> Tensor:
        out: Tensor = self.head(self.body(*inputs))
        return F.normalize(out.float(), dim=-1).to(out.dtype) if self.unit else out
