"""What is applied to logits, by the names that other libraries have for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.errors import InputError

Function: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Activation: TypeAlias = str | Callable[..., Any]


def identity(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logits as they are."""
    return x


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)) without overflow.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    done: NDArray[np.float64] = np.exp(-np.logaddexp(0, -x))
    return done


ACTIVATIONS = {"identity": identity, "sigmoid": sigmoid}


def activation(given: Activation, said: str = "activation_fn is") -> Function:
    """The function that a name, a torch module, its class, or a torch function stands for; torch is not imported.

    Raises:
        InputError: it stands for another; ``said`` tells who named it.

    >>> activation("Sigmoid") is sigmoid
    True
    """
    kind = given if isinstance(given, (str, type)) or hasattr(given, "__name__") else type(given)
    name = kind if isinstance(kind, str) else kind.__name__
    home = "torch" if isinstance(kind, str) else str(getattr(kind, "__module__", None) or "torch")
    if home.split(".")[0] != "torch" or name.lower() not in ACTIVATIONS:
        raise InputError(f"{said} {given!r}: expected 'sigmoid', 'identity', torch.nn.Sigmoid() or torch.nn.Identity()")
    return ACTIVATIONS[name.lower()]
