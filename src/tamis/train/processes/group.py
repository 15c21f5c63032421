"""What all strategies of several processes have in common: one group, in which they add up, agree and wait."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tamis.data import Example
from tamis.errors import InputError, TrainingError
from tamis.score.nets.lib import Tensor, torch
from tamis.train.processes.base import ELSEWHERE, Alone

Item = TypeVar("Item")
# Others wait while the first process measures and writes; one that is gone is noticed at once whatever stands here.
PATIENCE = datetime.timedelta(days=2)


class Group(Alone):
    """Processes that torchrun started; making one joins them, over gloo on a CPU and nccl on CUDA.

    Raises:
        InputError: this PyTorch was built without what processes need to talk.

    Source: torchrun's environment, RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE.
    """

    def __init__(self) -> None:
        self.rank, self.world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        self._place, self._places = (int(os.environ.get(f"LOCAL_{w}", v)) for w, v in (("RANK", 0), ("WORLD_SIZE", 1)))
        if not torch.distributed.is_available():
            raise InputError("this build of PyTorch knows no torch.distributed: install another, or leave --nproc out")
        if not torch.distributed.is_initialized():
            torch.distributed.init_process_group(timeout=PATIENCE)

    def device(self, wanted: str) -> torch.device:
        """The CPU, or this process's own CUDA device.

        Raises:
            InputError: there are fewer devices than processes, or they are of a kind that cannot be shared out.
        """
        found = torch.device(wanted)
        if found.type == "cpu":
            return found
        many = torch.cuda.device_count() if found.type == "cuda" else 1
        if found.type != "cuda" or found.index is not None or many < self._places:
            raise InputError(
                f"{self._places} processes need {self._places} CUDA devices of their own, got device={wanted!r} where "
                f"there are {many}: choose --nproc {many}, or --device cuda or cpu"
            )
        torch.cuda.set_device(self._place)
        return torch.device("cuda", self._place)

    def share(self, lists: Sequence[Example]) -> list[Example]:
        """Every ``world``-th list; one whose documents weigh 0 where there are fewer lists than processes."""
        own = list(lists[self.rank :: self.world])
        return own or [replace(lists[0], weights=(0.0,) * len(lists[0].documents))]

    def total(self, value: Tensor) -> Tensor:
        """The sum over all processes."""
        found = value.detach().clone()
        torch.distributed.all_reduce(found)
        return found

    def most(self, count: int) -> int:
        """The largest number of all processes."""
        found = torch.tensor(count)
        torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
        return int(found)

    def rounds(self, parts: Sequence[Item]) -> Iterator[tuple[int, Item, float]]:
        """Each part once, then the first one again, counting 0, until the process with most parts is done."""
        rounds = self.most(len(parts))  # asked before the first: parts exchange numbers too
        yield from super().rounds(parts)
        for at in range(len(parts), rounds):
            yield at, parts[0], 0.0

    def first(self, work: Callable[[], Item]) -> Item:
        """What the first process made, in all of them.

        Raises:
            TrainingError: it failed; it raises its own error itself.
        """
        said: list[Any] = [None, True]
        failed: Exception | None = None
        if self.rank == 0:
            try:
                said = [work(), True]
            except Exception as error:  # the others must not wait for ever
                failed, said = error, [None, False]
        torch.distributed.broadcast_object_list(said, 0, device=torch.device("cpu"))
        if failed:
            raise failed
        if not said[1]:
            raise TrainingError(ELSEWHERE)
        found: Item = said[0]
        return found

    def wait(self) -> None:
        """Until all have come here."""
        self.most(0)

    def end(self) -> None:
        """Leave the group."""
        torch.distributed.destroy_process_group()
