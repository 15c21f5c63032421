"""Sequences of token ids packed into one row, and the attention that keeps them apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from tamis.score.nets.attention import Attention, Packed, Padded, Sequences
from tamis.score.nets.lib import torch


def packed(
    ids: Sequence[list[int]], second: Sequence[int], device: torch.device, *, behind: int = 0
) -> tuple[Packed, Attention]:
    """What a network reads of a batch, and its attention: each sequence by itself on a CPU, padded elsewhere.

    Args:
        ids: token ids of each sequence.
        second: where each sequence's second token type begins.
        device: where the tensors go.
        behind: tokens of a shared prefix that stand before every sequence.
    """
    lengths = [len(sequence) for sequence in ids]
    starts = np.array([0, *accumulate(lengths)], dtype=np.int64)
    places = np.concatenate([np.arange(length) for length in lengths])
    types = np.concatenate([np.arange(n) >= s for n, s in zip(lengths, second, strict=True)]).astype(np.int64)
    arrays = (
        np.fromiter((i for sequence in ids for i in sequence), np.int64, int(starts[-1])),
        places + behind,
        types,
        starts[:-1],
        starts[1:] - 1,
    )
    found = Packed(*(torch.from_numpy(a).to(device) for a in arrays))
    return found, attending(lengths, device)


def attending(lengths: Sequence[int], device: torch.device) -> Attention:
    """The attention within packed sequences of these lengths: each by itself on a CPU, padded elsewhere."""
    return Sequences(lengths) if device.type == "cpu" else _padded(lengths, device)


def _padded(lengths: Sequence[int], device: torch.device) -> Padded:
    starts = np.array([0, *accumulate(lengths)], dtype=np.int64)
    places = np.concatenate([np.arange(length) for length in lengths])
    width = max(lengths)
    there = np.arange(width)[None, :] < np.array(lengths)[:, None]
    slots = np.where(there, starts[:-1, None] + np.arange(width)[None, :], 0)
    flat = np.repeat(np.arange(len(lengths)) * width, lengths) + places
    return Padded(*(torch.from_numpy(a).to(device) for a in (slots, there, flat)))
