"""What runs a model: token ids in, logits out; batching, order and heads are no business of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.errors import ModelError


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences that go through a model together.

    Attributes:
        ids: token ids of each sequence behind the prefix.
        second: where each sequence's second token type begins.
        prefix: token ids that every sequence begins with; empty for engines that share none.
    """

    ids: list[list[int]]
    second: list[int]
    prefix: tuple[int, ...] = ()


class Engine(Protocol):
    """Logits of a batch, shape ``(rows, outputs)``; a row's logits do not depend on its companions.

    Attributes:
        name: engine, device and dtype, for fingerprints.
        packs: sequences of any lengths go together without padding.
        shares: a prefix is computed once and its keys and values are used for all sequences.
        threads: batches that are worth running side by side.
        budget: tokens of a batch.
    """

    @property
    def name(self) -> str: ...
    @property
    def packs(self) -> bool: ...
    @property
    def shares(self) -> bool: ...
    @property
    def threads(self) -> int: ...
    @property
    def budget(self) -> int: ...
    def logits(self, batch: Batch) -> NDArray[np.float32]: ...


def raw(logits: NDArray[np.float32]) -> Floats:
    """One raw logit a row: of one output itself, of two the second less the first (softmax is its sigmoid).

    Raises:
        ModelError: the model has another number of outputs, so none of them is "relevant".

    >>> raw(np.array([[1.0, 3.0]], dtype=np.float32))
    array([2.])
    """
    wide = logits.astype(np.float64)
    if wide.shape[1] == 1:
        return wide[:, 0]
    if wide.shape[1] == 2:
        found: Floats = wide[:, 1] - wide[:, 0]
        return found
    raise ModelError(f"expected a model with one or two labels, got {wide.shape[1]}: it is no reranker")
