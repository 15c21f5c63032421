"""The encoder's weights as its graph multiplies by them: channels evened out, rounding made up for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from q4file import Q4File

from tamis.score.export.channels import even
from tamis.score.export.int8 import PAIR_LIMIT, WEIGHT_LIMIT, finest

EVENED = ("qkv", "fi")  # products whose inputs are evened out: they read the layers' vectors
SHARED = 0.65  # of a channel's size that its weights take over: more than usual, as their rounding is made up for
DAMPING = 0.01  # of the mean moment, added to each channel's


class Activations(NamedTuple):
    """What a product reads: how far each channel reaches, and sums of the products of channels."""

    reached: NDArray[np.float64]  # (inputs,)
    moments: NDArray[np.float64]  # (inputs, inputs)


class Linear(NamedTuple):
    """x / divisors W' + b, and the moments of x / divisors where they are known."""

    weights: NDArray[np.float32]  # (outputs, inputs)
    bias: NDArray[np.float32]
    divisors: NDArray[np.float32] | None
    moments: NDArray[np.float64] | None

    def rounded(self) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """Weights in 8 bits and a scale for each output; the rounding of one input is made up for by the next.

        GPTQ (Frantar et al. 2023, algorithm 1): each input in turn, those that are read the most first. Without moments
        each weight goes to its nearest number.
        """
        weights, scales = self.weights.astype(np.float64), finest(self.weights)
        if self.moments is None:
            found = np.rint(weights / scales[:, None])
        else:
            order = np.argsort(-self.moments.diagonal(), kind="stable")
            moments = self.moments[np.ix_(order, order)]
            damped = moments + DAMPING * moments.diagonal().mean() * np.eye(len(moments))
            upper = np.linalg.cholesky(np.linalg.inv(damped)).T
            left, found = weights[:, order], np.zeros_like(weights)
            for at, column in enumerate(order.tolist()):
                neighbour = found[:, column ^ 1]  # 0 until it is rounded
                least, most = (np.minimum(WEIGHT_LIMIT, PAIR_LIMIT - np.maximum(s * neighbour, 0)) for s in (-1, 1))
                found[:, column] = np.clip(np.rint(left[:, at] / scales), -least, most)
                error = (left[:, at] - found[:, column] * scales) / upper[at, at]
                left[:, at:] -= np.outer(error, upper[at, at:])
        return found.astype(np.int8), scales


class Weights:
    """Weights of each layer's products; ``read`` has what they read, by product ("l0.qkv"), where it is known.

    A few channels of token vectors are many times as large as the rest; they are evened out, as ``tamis export`` does.
    """

    def __init__(self, source: Q4File, read: Mapping[str, Activations]) -> None:
        self.source, self.read = source, read

    def of(self, layer: str, part: str) -> Linear:
        """Of one product: "qkv" (a layer's three side by side), "ao", "fi" or "fo"."""
        hidden = self.source.hidden
        names = [layer + name for name in ("qkv" if part == "qkv" else [part])]
        columns = 4 * hidden if part == "fo" else hidden
        weights = np.concatenate([self.source.dequantised(name + ".w", columns) for name in names])
        bias = np.concatenate([self.source.floats(name + ".b") for name in names])
        if part == "qkv":  # the division of q k' by sqrt(d)
            weights[:hidden] *= (hidden // self.source.heads) ** -0.5
            bias[:hidden] *= (hidden // self.source.heads) ** -0.5
        read = self.read.get(layer + part)
        if read is None or part not in EVENED:
            return Linear(weights, bias, None, read and read.moments)
        divisors = even(read.reached, np.abs(weights).max(axis=0), SHARED)
        return Linear(weights * divisors, bias, divisors, read.moments / np.outer(divisors, divisors))
