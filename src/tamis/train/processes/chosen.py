"""Which processes a run has, by what started it."""

from __future__ import annotations

import os

from tamis.train.processes.base import Alone, Processes


def processes(strategy: str = "ddp") -> Processes:
    """This process alone, or one of several that torchrun started (RANK and WORLD_SIZE say so)."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Alone()
    raise NotImplementedError(strategy)
