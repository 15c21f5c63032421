"""4-bit weights in an ONNX graph: blocks of 32 along the inputs, one scale a block (ONNX Runtime's MatMulNBits).

Activations stay in fp32, so nothing depends on a batch's companions, and no sum overflows on any processor. Embeddings
are kept in bytes as in int8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.score.export.channels import Reached
from tamis.score.export.int8 import MICROSOFT, Rewriter, rewritten

BLOCK = 32  # weights that share a scale: 4.5 to 5 bits a weight in all
MIDDLE = 8  # unsigned nibbles are stored around this
# A block's scale is the one of these, in units of the usual one (its largest weight by -8), that errs least.
SHRINKS = np.linspace(0.7, 1.05, 15, dtype=np.float32)
ROWS = 4096  # output channels that are searched at once, for memory's sake


def int4(model: Any, reached: Reached | None = None) -> Any:
    """A copy of an fp32 graph whose products of activations (tokens, inputs) with constant weights are in 4 bits.

    Args:
        model: an ``onnx.ModelProto``; products inside attention and narrow heads stay as they are, large embeddings
            are kept in bytes.
        reached: not used: activations are not rounded.
    """
    return rewritten(model, Int4, {})


class Int4(Rewriter):
    """Turns products into MatMulNBits."""

    def constants(self) -> list[Any]:
        """None: each product brings its own numbers."""
        return []

    def _multiplied(self, x: str, weights: NDArray[np.float32], out: str, product: str) -> list[Any]:
        packed, scales = blocks(weights)
        inputs = [x, self._tensor(f"{out}.int4", packed), self._tensor(f"{out}.scale", scales)]
        settings = {"N": weights.shape[0], "K": weights.shape[1], "bits": 4, "block_size": BLOCK, "accuracy_level": 1}
        return [self._onnx.helper.make_node("MatMulNBits", inputs, [product], domain=MICROSOFT, **settings)]


def blocks(weights: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Weights (outputs, inputs) as nibbles, shape (outputs, blocks, 16), and one scale a block, (outputs, blocks).

    A weight is ``scale * (nibble - 8)``; the even inputs of a block are the low halves of its bytes.

    >>> packed, scales = blocks(np.arange(-8, 24, dtype=np.float32)[None] / 3)
    >>> packed.shape, scales.shape
    ((1, 1, 16), (1, 1))
    """
    outputs, inputs = weights.shape
    whole = np.zeros((outputs, -(-inputs // BLOCK) * BLOCK), np.float32)
    whole[:, :inputs] = weights
    parts = [_searched(whole[at : at + ROWS].reshape(-1, BLOCK)) for at in range(0, outputs, ROWS)]
    nibbles = np.concatenate([n for n, _ in parts])
    packed = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)
    return packed.reshape(outputs, -1, BLOCK // 2), np.concatenate([s for _, s in parts]).reshape(outputs, -1)


def _searched(rows: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Nibbles and scale of each block: of a few scales, the one with the least squared error."""
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    usual = np.where(largest == 0, np.float32(1), largest / -MIDDLE)  # its sign gives the largest weight all 8 steps
    best = np.full(len(rows), np.inf, np.float32)
    scale = usual[:, 0].copy()
    for shrink in SHRINKS:
        tried = usual * shrink
        error = ((_steps(rows, tried) * tried - rows) ** 2).sum(axis=1)
        better = error < best
        best[better], scale[better] = error[better], tried[better, 0]
    return (_steps(rows, scale[:, None]) + MIDDLE).astype(np.uint8), scale


def _steps(rows: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.clip(np.rint(rows / scale), -MIDDLE, MIDDLE - 1)
    return found
