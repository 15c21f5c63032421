"""Whole copies of the network in all processes; gradients are averaged (PyTorch's DistributedDataParallel)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tamis.score.nets.lib import nn, torch
from tamis.train.processes.group import Group


class Ddp(Group):
    """Each process holds the whole network and learns from its share of a step's lists.

    Gradients are averaged while the backward pass still runs, once a step. Source: Li et al. 2020, "PyTorch
    distributed: experiences on accelerating data parallel training", section 3.
    """

    name = "ddp"

    def wrapped(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> nn.Module:
        """The network inside the wrapper that exchanges gradients."""
        return nn.parallel.DistributedDataParallel(network, gradient_as_bucket_view=True)

    def part(self, network: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        """Gradients stay here until the step's last part."""
        wrapper: Any = network
        found: AbstractContextManager[None] = nullcontext() if last else wrapper.no_sync()
        return found
