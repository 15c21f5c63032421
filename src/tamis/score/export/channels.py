"""Channels evened out before 8 bits: what a network's products read is watched, and part of its size goes to weights.

A few channels of a transformer's vectors are many times as large as the rest, and would leave them a few of the 256
steps. Dividing each channel by a factor, and multiplying its weights by it, changes nothing but what rounding costs.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.extras import require

if TYPE_CHECKING:
    from torch import nn

SHARED = 0.5  # of a channel's size that its weights take over, as SmoothQuant has it
LEAST = 1e-6  # a channel that never says anything is taken to reach so far

Reached: TypeAlias = Mapping[bytes, NDArray[np.float32]]  # how far each input reaches, by the key of its weights


def even(
    reached: NDArray[np.floating[Any]], largest: NDArray[np.floating[Any]], shared: float = SHARED
) -> NDArray[np.float32]:
    """What to divide channels by; the factors' geometric mean is 1.

    Source: SmoothQuant, Xiao et al. 2023, equation 4.

    Args:
        reached: the largest magnitude of each channel, shape ``(inputs,)``.
        largest: the largest magnitude of each channel's weights, shape ``(inputs,)``.
        shared: the part of a channel's size that its weights take over, in [0, 1]: alpha.

    >>> print(even(np.array([1.0, 100.0]), np.array([1.0, 1.0])).round(2))
    [0.32 3.16]
    """
    found = np.maximum(reached, LEAST) ** shared / np.maximum(largest, LEAST) ** (1 - shared)
    divisors: NDArray[np.float32] = (found / np.exp(np.log(found).mean())).astype(np.float32)
    return divisors


def key(weights: NDArray[np.float32]) -> bytes:
    """What weights (outputs, inputs) are known by, whatever a graph calls them."""
    return hashlib.blake2b(np.ascontiguousarray(weights).tobytes(), digest_size=16).digest()


@contextmanager
def watched(network: nn.Module) -> Iterator[dict[bytes, NDArray[np.float32]]]:
    """How far the inputs of each linear layer reach while the network is run; known when the block ends."""
    torch = require("torch")
    largest: dict[Any, Any] = {}
    lock = threading.Lock()  # batches run side by side

    def watch(layer: Any, given: tuple[Any, ...]) -> None:
        here = given[0].detach().float().abs().flatten(0, -2).amax(0)
        with lock:
            largest[layer] = torch.maximum(largest.get(layer, here), here)

    layers = [module for module in network.modules() if isinstance(module, torch.nn.Linear)]
    handles = [layer.register_forward_pre_hook(watch) for layer in layers]
    found: dict[bytes, NDArray[np.float32]] = {}
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
    for layer, reached in largest.items():
        found[key(layer.weight.detach().float().cpu().numpy())] = reached.cpu().numpy()
