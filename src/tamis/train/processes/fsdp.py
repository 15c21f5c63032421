"""Networks cut up between processes: each holds its share of parameters, gradients and moments (PyTorch's FSDP2)."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tamis.errors import InputError
from tamis.extras import require
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.processes.base import STEP, learning
from tamis.train.processes.group import Group
from tamis.train.tune import layers

if TYPE_CHECKING:
    from tamis.train.options import Options


class Fsdp2(Group):
    """Each process keeps a share of every parameter, and gathers a layer when it is that layer's turn.

    The first process also holds a whole copy of the weights, to measure and save it. Source: Zhao et al. 2023, "PyTorch
    FSDP", section 3; PyTorch's ``fully_shard``, whose parameters are ``DTensor``. Needs PyTorch 2.6 or newer.
    """

    name = "fsdp"
    _whole: nn.Module

    def ready(self, network: nn.Module, options: Options) -> None:
        """Cut every layer up, then what stands around the layers.

        Raises:
            InputError: products are in float16, or this PyTorch is older.
        """
        not_in_half(self.name, options)
        super().ready(network, options)
        shard = getattr(require("torch.distributed.fsdp"), "fully_shard", None)
        if shard is None:
            raise InputError(f"--strategy {self.name} needs PyTorch 2.6 or newer, got {torch.__version__}")
        self._whole = copy.deepcopy(network) if self.rank == 0 else network
        # It warns of layers whose output is a view, which must not be changed in place; ours change their own products.
        warnings.filterwarnings("ignore", "FSDP2-wrapped module .* returned a view tensor", UserWarning)
        device = next(network.parameters()).device.type
        mesh = require("torch.distributed.device_mesh").init_device_mesh(device, (self.world,))
        for layer in layers(network):
            shard(layer, mesh=mesh)
        shard(network, mesh=mesh)

    def clip(self, network: nn.Module, optimiser: torch.optim.Optimizer, longest: float) -> float:
        """Shorten the gradient to ``longest``; returns how long it was, over all processes."""
        length: Any = torch.nn.utils.clip_grad_norm_(learning(network), longest)
        return float(length.full_tensor())

    def gathered(self, parameter: Tensor) -> Tensor:
        """The shares of all processes, one behind the other."""
        cut: Any = parameter
        whole: Tensor = cut.full_tensor()
        return whole

    def put(self, parameter: Tensor, whole: Tensor) -> None:
        """Keep this process's share."""
        super().put(parameter, self._cut(parameter, whole))

    def moments(self, parameter: Tensor, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
        """The optimiser's state, gathered."""
        kept = super().moments(parameter, optimiser)
        return {word: value if word == STEP else self.gathered(value) for word, value in kept.items()}

    def remember(self, parameter: Tensor, optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
        """Keep this process's share."""
        own = {word: whole if word == STEP else self._cut(parameter, whole) for word, whole in moments.items()}
        super().remember(parameter, optimiser, own)

    def plain(self, network: nn.Module) -> nn.Module:
        """The first process's whole copy, with what the network has learnt since."""
        targets = dict(self._whole.named_parameters())
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                whole = self.gathered(parameter.detach())
                if self.rank == 0:
                    super().put(targets[name], whole)
        return self._whole

    def _cut(self, parameter: Tensor, whole: Tensor) -> Tensor:
        like: Any = parameter
        here = whole.to(parameter.device)
        found: Tensor = require("torch.distributed.tensor").distribute_tensor(here, like.device_mesh, like.placements)
        return found


def not_in_half(strategy: str, options: Options) -> None:
    """Refuse float16.

    Raises:
        InputError: it is asked for.
    """
    if options.precision == "float16":
        raise InputError(f"--strategy {strategy} cannot train in float16: take --precision bfloat16, or --strategy ddp")
