"""Which processes a run has, by what started it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tamis.train.processes.base import Alone, Processes


def started() -> bool:
    """Whether torchrun started this process as one of several."""
    return "RANK" in os.environ


def launch(nproc: int, arguments: Sequence[str]) -> int:
    """Run the same command line in so many processes; returns the exit code."""
    raise NotImplementedError


def processes(strategy: str = "ddp") -> Processes:
    """This process alone, or one of several that torchrun started (RANK and WORLD_SIZE say so)."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Alone()
    raise NotImplementedError(strategy)
