"""What training asks of the processes it runs in, and the answers where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeVar

from tamis.score.nets.lib import Tensor, nn, torch

Item = TypeVar("Item")


class Processes(Protocol):
    """The processes of one training run.

    Attributes:
        name: the strategy's word.
        rank: this process's number, from 0; the first writes files and talks.
        world: how many there are.
    """

    name: str
    rank: int
    world: int

    def ready(self, network: nn.Module, *, half: bool = False) -> None:
        """Called once, before the optimiser is made: networks may be cut up between the processes.

        Args:
            network: what is trained, on its device.
            half: products are in float16, whose small gradients are scaled up lest they vanish.
        """
        ...

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network as it is called while training."""
        ...

    def share(self, items: Sequence[Item]) -> list[Item]:
        """This process's part of a step's lists."""
        ...

    def total(self, value: Tensor) -> Tensor:
        """The sum of a number over all processes."""
        ...

    def most(self, count: int) -> int:
        """The largest of a number over all processes."""
        ...

    def rounds(self, parts: Sequence[Item]) -> Iterator[tuple[int, Item, float]]:
        """The parts to take, as (number, part, 1), in step with the others: spare rounds count 0."""
        ...

    def part(self, network: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        """Around one part of a step; gradients are exchanged in the last."""
        ...

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a part."""
        ...

    def clip(self, network: nn.Module, optimiser: torch.optim.Optimizer, longest: float) -> float:
        """Shorten the gradient to ``longest``; returns how long it was."""
        ...

    def update(self, optimiser: torch.optim.Optimizer) -> None:
        """Take the optimiser's step."""
        ...

    def gathered(self, tensor: Tensor) -> Tensor:
        """A parameter or its moments, whole."""
        ...

    def like(self, parameter: Tensor, whole: Tensor) -> Tensor:
        """A whole tensor as this process keeps the parameter's."""
        ...

    def plain(self, network: nn.Module) -> nn.Module:
        """The network with whole parameters, for measuring and saving in the first process; all processes call it."""
        ...

    def agreed(self, value: float) -> float:
        """The first process's number, in all of them."""
        ...

    def wait(self) -> None:
        """Until all have come here."""
        ...

    def end(self) -> None:
        """Called once, at the end."""
        ...


class Alone:
    """One process."""

    name = "alone"
    rank = 0
    world = 1
    scaler: torch.amp.GradScaler

    def ready(self, network: nn.Module, *, half: bool = False) -> None:
        """Choose how gradients are scaled."""
        device = next(network.parameters()).device.type
        self.scaler = torch.amp.GradScaler(device, enabled=half)

    def wrapped(self, network: nn.Module) -> nn.Module:
        """The network itself."""
        return network

    def share(self, items: Sequence[Item]) -> list[Item]:
        """All of them."""
        return list(items)

    def total(self, value: Tensor) -> Tensor:
        """The number itself."""
        return value

    def most(self, count: int) -> int:
        """The number itself."""
        return count

    def rounds(self, parts: Sequence[Item]) -> Iterator[tuple[int, Item, float]]:
        """Each part once."""
        for at, part in enumerate(parts):
            yield at, part, 1.0

    def part(self, network: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        """Nothing to be done."""
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a part."""
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def clip(self, network: nn.Module, optimiser: torch.optim.Optimizer, longest: float) -> float:
        """Shorten the gradient to ``longest``; returns how long it was."""
        self.scaler.unscale_(optimiser)
        return float(torch.nn.utils.clip_grad_norm_(learning(network), longest))

    def update(self, optimiser: torch.optim.Optimizer) -> None:
        """Take the optimiser's step, unless scaled gradients overflowed."""
        self.scaler.step(optimiser)
        self.scaler.update()

    def gathered(self, tensor: Tensor) -> Tensor:
        """The tensor itself."""
        return tensor

    def like(self, parameter: Tensor, whole: Tensor) -> Tensor:
        """The tensor, where the parameter is."""
        return whole.to(parameter.device)

    def plain(self, network: nn.Module) -> nn.Module:
        """The network itself."""
        return network

    def agreed(self, value: float) -> float:
        """The number itself."""
        return value

    def wait(self) -> None:
        """There is nobody to wait for."""

    def end(self) -> None:
        """Nothing to be done."""


def learning(network: nn.Module) -> list[Any]:
    """The parameters that learn."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]
