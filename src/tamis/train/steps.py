"""A step's lists as a network reads them, and what kinds of models have in common: parts, scores, targets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from tamis.data import Example
from tamis.errors import InputError
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.losses.base import Loss, Targets
from tamis.train.processes.base import Processes

CPU_TOKENS = 2048  # tokens of a part on a CPU, where larger ones fall out of its cache
ACCELERATOR_TOKENS = 32768


@dataclass(frozen=True, slots=True)
class Done:
    """What a step was, in this process.

    Attributes:
        loss: the sum of the loss over the step's units, of all processes.
        units: how many there were, of all processes.
        pairs: pairs of query and document seen here.
        tokens: tokens that went through the network here, none of them padding.
    """

    loss: float
    units: float
    pairs: int
    tokens: int


# All positive documents of a list's query, also those that the step does not show.
Positives: TypeAlias = Callable[[Example], Collection[str]]


class Task(Protocol):
    """One kind of model in training: how its lists are tokenised, and how a step adds gradients."""

    def read(self, lists: Sequence[Example]) -> Any:
        """The lists as token ids; called ahead of time, in another thread."""
        ...

    def step(self, network: nn.Module, read: Any, loss: Loss, processes: Processes) -> Done:
        """Add the gradients of a step's mean loss to the parameters."""
        ...


def tokens_at_once(asked: int | None, device: torch.device) -> int:
    """Tokens of a part: what was asked, or what suits the device."""
    return asked or (CPU_TOKENS if device.type == "cpu" else ACCELERATOR_TOKENS)


def targets(lists: Sequence[Example], device: torch.device) -> Targets:
    """What the lists' scores are held against, padded to the longest list."""
    shape = (len(lists), max(len(one.documents) for one in lists))
    labels, weights = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    teacher, real = np.full(shape, np.nan, np.float32), np.zeros(shape, bool)
    for row, one in enumerate(lists):
        count = len(one.documents)
        real[row, :count] = True
        for column, values in ((labels, one.labels), (weights, one.weights), (teacher, one.scores)):
            if values:
                column[row, :count] = values
    said = torch.from_numpy(teacher).to(device) if any(one.scores for one in lists) else None
    counted = torch.from_numpy(weights).to(device) if any(one.weights for one in lists) else None
    return Targets(torch.from_numpy(labels).to(device), torch.from_numpy(real).to(device), said, counted)


def check_teaching(loss: Loss, steps: Iterable[Sequence[Example]]) -> None:
    """See that a loss learns anything from the lists of some steps.

    Raises:
        InputError: it does not.
    """
    if not any(float(loss.units(targets(lists, torch.device("cpu")))) > 0 for lists in steps):
        raise InputError(
            f"the loss {loss.name!r} learns nothing from these data: no query has documents of different labels, nor "
            "are there other queries whose documents could be its negatives: add some (tamis mine)"
        )


def laid(values: Tensor, real: Tensor) -> Tensor:
    """One value a document, list by list, as (Q, L) with 0 where no document stands."""
    return torch.zeros(real.shape, dtype=values.dtype, device=values.device).masked_scatter(real, values)
