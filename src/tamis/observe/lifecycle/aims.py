"""What a policy's target asks of a threshold, where the chance that each candidate is relevant is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats

# From thresholds (T,), strictest first, chances (R, T) of candidates that each lets in more, and the target, to the
# place of the threshold that the target asks for, (R,); -1 where no threshold reaches it.
Aim: TypeAlias = Callable[[Floats, Floats, Mapping[str, Any]], NDArray[np.int64]]


def precision(counts: Floats, chances: Floats, target: Mapping[str, Any]) -> NDArray[np.int64]:
    """The loosest threshold above which the mean chance reaches the target's least precision.

    Args:
        counts: candidates that each threshold lets in more than the one before, shape ``(thresholds,)``.
        chances: the sum of their chances to be relevant, shape ``(draws, thresholds)``.
        target: with ``least``.

    >>> precision(np.ones(3), np.array([[0.9, 0.8, 0.1]]), {"least": 0.8}).tolist()
    [1]
    """
    reached = np.cumsum(chances, axis=1) >= float(target["least"]) * np.cumsum(counts)
    return _last(reached)


def cost(counts: Floats, chances: Floats, target: Mapping[str, Any]) -> NDArray[np.int64]:
    """The threshold with the least expected cost (Elkan, IJCAI 2001, equation 2): what it lets in, less what it misses.

    >>> costs = {"false_positive": 1.0, "false_negative": 1.0}
    >>> cost(np.ones(3), np.array([[0.9, 0.6, 0.1]]), costs).tolist()
    [1]
    """
    wrong, missed = float(target["false_positive"]), float(target["false_negative"])
    worth = np.cumsum(chances * missed - (counts - chances) * wrong, axis=1)
    return _best(worth)


def f_beta(counts: Floats, chances: Floats, target: Mapping[str, Any]) -> NDArray[np.int64]:
    """The threshold with the highest expected F-measure, taken as the ratio of expectations.

    >>> f_beta(np.ones(3), np.array([[0.9, 0.6, 0.1]]), {"beta": 1.0}).tolist()
    [1]
    """
    square = float(target["beta"]) ** 2
    hits, relevant = np.cumsum(chances, axis=1), chances.sum(axis=1, keepdims=True)
    return _best((1 + square) * hits / np.maximum(np.cumsum(counts) + square * relevant, 1e-12))


def joint(counts: Floats, chances: Floats, target: Mapping[str, Any]) -> NDArray[np.int64]:
    """The loosest threshold that reaches the target's precision."""
    return precision(counts, chances, target["precision"])


def recall(counts: Floats, chances: Floats, target: Mapping[str, Any]) -> NDArray[np.int64]:
    """The strictest threshold above which the wanted share of what is relevant stands.

    >>> recall(np.ones(3), np.array([[0.9, 0.6, 0.1]]), {"least": 0.9}).tolist()
    [1]
    """
    wanted = float(target["least"]) if "least" in target else 1.0 - float(target["most"])
    reached = np.cumsum(chances, axis=1) >= wanted * chances.sum(axis=1, keepdims=True)
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)


AIMS: Mapping[str, Aim] = {
    "precision": precision,
    "joint": joint,
    "recall": recall,
    "miss rate": recall,
    "cost": cost,
    "f-beta": f_beta,
}


def _last(reached: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The last place of each row that holds; -1 where none does."""
    size = reached.shape[1]
    return np.where(reached.any(axis=1), size - 1 - reached[:, ::-1].argmax(axis=1), -1)


def _best(worth: Floats) -> NDArray[np.int64]:
    """The place of each row's largest number; -1 where none is above 0, and letting nothing in is best."""
    return np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), -1)
