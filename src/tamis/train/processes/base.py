"""What training asks of the processes it runs in, and the answers where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tamis.data import Example
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.rows import clipped

if TYPE_CHECKING:
    from tamis.train.options import Options

Item = TypeVar("Item")
ELSEWHERE = "the first process could not go on"  # what the others end with where it fails
STEP = "step"  # what optimisers call the count of their steps: the one moment that has not its parameter's shape


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

    def device(self, wanted: str) -> torch.device:
        """The device of this process, among those of the wanted kind."""
        ...

    def settings(self, options: Options) -> Mapping[str, Any]:
        """What other launchers are configured with to do the same, as JSON by file name."""
        ...

    def ready(self, network: nn.Module, options: Options) -> None:
        """Called once, before the optimiser is made: networks may be cut up between the processes.

        Args:
            network: what is trained, on its device, with nothing around its forwards yet.
            options: how it is trained.
        """
        ...

    def wrapped(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> nn.Module:
        """The network as it is called while training; called once, before a checkpoint is restored."""
        ...

    def share(self, lists: Sequence[Example]) -> list[Example]:
        """This process's part of a step's lists: at least one, if need be one that counts nothing."""
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

    def gathered(self, parameter: Tensor) -> Tensor:
        """A parameter, whole."""
        ...

    def put(self, parameter: Tensor, whole: Tensor) -> None:
        """Give a parameter the numbers of a whole tensor."""
        ...

    def moments(self, parameter: Tensor, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
        """What the optimiser remembers of a parameter, whole, by its word; empty before the first step."""
        ...

    def remember(self, parameter: Tensor, optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
        """Have the optimiser remember that."""
        ...

    def plain(self, network: nn.Module) -> nn.Module:
        """The network with whole parameters, for measuring and saving in the first process; all processes call it."""
        ...

    def first(self, work: Callable[[], Item]) -> Item:
        """What comes of work that the first process does alone, in all of them; all fail where it does."""
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

    def device(self, wanted: str) -> torch.device:
        """The wanted device."""
        return torch.device(wanted)

    def settings(self, options: Options) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def ready(self, network: nn.Module, options: Options) -> None:
        """Choose how gradients are scaled: those of float16 are too small to be told from 0."""
        device = next(network.parameters()).device.type
        self.scaler = torch.amp.GradScaler(device, enabled=options.precision == "float16")

    def wrapped(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> nn.Module:
        """The network itself."""
        return network

    def share(self, lists: Sequence[Example]) -> list[Example]:
        """All of them."""
        return list(lists)

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
        return clipped(learning(network), longest)

    def update(self, optimiser: torch.optim.Optimizer) -> None:
        """Take the optimiser's step, unless scaled gradients overflowed."""
        self.scaler.step(optimiser)
        self.scaler.update()

    def gathered(self, parameter: Tensor) -> Tensor:
        """The parameter itself."""
        return parameter

    def put(self, parameter: Tensor, whole: Tensor) -> None:
        """Copy the numbers."""
        with torch.no_grad():
            parameter.copy_(whole)

    def moments(self, parameter: Tensor, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
        """The optimiser's state."""
        return dict(optimiser.state.get(parameter, {}))

    def remember(self, parameter: Tensor, optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
        """Put it there; the count of steps stays on the CPU."""
        optimiser.state[parameter] = {
            word: whole if word == STEP else whole.to(parameter.device) for word, whole in moments.items()
        }

    def plain(self, network: nn.Module) -> nn.Module:
        """The network itself."""
        return network

    def first(self, work: Callable[[], Item]) -> Item:
        """Do the work."""
        return work()

    def wait(self) -> None:
        """There is nobody to wait for."""

    def end(self) -> None:
        """Nothing to be done."""


def learning(network: nn.Module) -> list[Any]:
    """The parameters that learn."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]
