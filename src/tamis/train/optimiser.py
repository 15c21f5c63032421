"""AdamW over what learns, and how its rates rise and fall."""

from __future__ import annotations

import math
from collections.abc import Collection

from tamis.errors import InputError
from tamis.score.nets.lib import nn, torch
from tamis.train.options import Falling, Learning
from tamis.train.rows import AdamW

NEW_RATE = 5.0  # of parameters that begin as random numbers, times the others' rate
FIRST_RATE = 4.0  # of all others where such parameters are there: an encoder has yet to learn what pairs are


def optimiser(network: nn.Module, new: Collection[str], learning: Learning, rate: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) with a group for each rate and decay; each knows its highest rate, ``"most"``.

    Args:
        network: whose parameters learn, where they are marked so.
        new: names of parameters that begin as random numbers.
        learning: rates and decay.
        rate: the rate of all other parameters, where ``learning`` names none.

    Raises:
        InputError: no parameter learns.
    """
    body = rate * (FIRST_RATE if new else 1.0) if learning.rate is None else learning.rate
    head = NEW_RATE * body if learning.head_rate is None else learning.head_rate
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (head if name in new else body, learning.decay if parameter.ndim > 1 else 0.0)
            found.setdefault(key, []).append(parameter)
    if not found:
        raise InputError("nothing is left to learn: every parameter of the model is frozen")
    groups = [
        {"params": params, "lr": most, "most": most, "weight_decay": decay} for (most, decay), params in found.items()
    ]
    return AdamW(groups)


def share_of_rate(step: int, steps: int, warmup: float, falling: Falling) -> float:
    """What share of its highest rate a step has, in [0, 1]; steps are counted from 0.

    >>> [round(share_of_rate(step, 10, 0.2, "linear"), 3) for step in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.125]
    """
    rising = math.ceil(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    left = (steps - step) / max(1, steps - rising)
    return {"linear": left, "cosine": 0.5 * (1 - math.cos(math.pi * left)), "constant": 1.0}[falling]
