"""Optimiser and gradients cut up between processes, weights whole in each: DeepSpeed's ZeRO, stage 2."""

from __future__ import annotations

import logging
import math
import os
import sys
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from tamis.extras import require
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.processes.base import STEP
from tamis.train.processes.fsdp import not_in_half
from tamis.train.processes.group import Group

if TYPE_CHECKING:
    from tamis.train.options import Options

FILE = "deepspeed.json"
MOMENTS = ("exp_avg", "exp_avg_sq")


def zero2_config(options: Options, world: int = 1) -> dict[str, Any]:
    """DeepSpeed's configuration for a training: ZeRO stage 2 with its AdamW, as it is passed to any launcher.

    Args:
        options: how it is trained.
        world: over how many processes a step's queries are shared out.

    >>> from tamis.train.options import Options
    >>> zero2_config(Options(), 2)["train_micro_batch_size_per_gpu"]
    8
    """
    learning = options.learning
    rate = options.tune.rate if learning.rate is None else learning.rate
    return {
        "train_micro_batch_size_per_gpu": math.ceil(options.batches.queries / world),
        "gradient_accumulation_steps": 1,  # parts of a step add up before it, as many as its tokens need
        "gradient_clipping": learning.clip,
        "zero_allow_untested_optimizer": True,  # ours is PyTorch's AdamW where gradients are dense, as they are here
        "zero_optimization": {"stage": 2, "overlap_comm": False, "contiguous_gradients": True},
        "optimizer": {"type": "AdamW", "params": {"lr": rate, "weight_decay": learning.decay, "torch_adam": True}},
    }


class Zero2(Group):
    """Each process keeps a share of gradients and moments; the weights are whole everywhere.

    Source: Rajbhandari et al. 2020, "ZeRO: memory optimizations toward training trillion parameter models", section 5.
    Needs deepspeed.
    """

    name = "zero2"
    _engine: Any
    _config: dict[str, Any]

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            os.environ.setdefault("DS_ACCELERATOR", "cpu")  # it would look for a driver
        require("deepspeed")
        # It tells every step of its own on standard output, and PyTorch 2.13 warns of a function it calls.
        logging.getLogger("DeepSpeed").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", "`torch.distributed.all_gather_into_tensor`", FutureWarning)
        super().__init__()

    def settings(self, options: Options) -> Mapping[str, Any]:
        """DeepSpeed's own configuration."""
        return {FILE: zero2_config(options, self.world)}

    def ready(self, network: nn.Module, options: Options) -> None:
        """Note the configuration.

        Raises:
            InputError: products are in float16.
        """
        not_in_half(self.name, options)
        super().ready(network, options)
        self._config = zero2_config(options, self.world)

    def wrapped(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> nn.Module:
        """DeepSpeed's engine."""
        with redirect_stdout(sys.stderr):  # it says there what it compiles
            found = require("deepspeed").initialize(
                model=network, optimizer=optimiser, config=self._config, dist_init_required=False
            )
        self._engine = found[0]
        # Moments are linked to the parameters they belong to when the first group has taken its first step, and those
        # of groups that have none by then stay unlinked: all begin with zeros here.
        for flat in self._flat:
            optimiser.state[flat] = {STEP: torch.zeros(())} | {word: torch.zeros_like(flat) for word in MOMENTS}
        link = require("deepspeed.utils").lazy_init_hp_params_optimizer_state
        for parameters, flat in zip(self._engine.optimizer.bit16_groups, self._flat, strict=True):
            link(parameters, flat, optimiser.state)
        engine: nn.Module = self._engine
        return engine

    def part(self, network: nn.Module, *, last: bool) -> Any:
        """Tell the engine whether more gradients come before the step."""
        self._engine.set_gradient_accumulation_boundary(last)
        return super().part(network, last=last)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a part, and keep this process's share."""
        self._engine.backward(loss)

    def clip(self, network: nn.Module, optimiser: torch.optim.Optimizer, longest: float) -> float:
        """Take the step too: the engine shortens gradients within it."""
        self._engine.step()
        return float(self._engine.get_global_grad_norm())

    def update(self, optimiser: torch.optim.Optimizer) -> None:
        """It has been taken."""

    def put(self, parameter: Tensor, whole: Tensor) -> None:
        """Copy the numbers, also to the share that the optimiser works on."""
        super().put(parameter, whole)
        require("deepspeed.utils").safe_set_full_fp32_param(parameter, whole.to(parameter.device))

    def moments(self, parameter: Tensor, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
        """The shares of all processes, put together."""
        gather = require("deepspeed.utils").safe_get_full_optimizer_state
        kept: dict[str, Tensor] = {word: gather(parameter, word) for word in MOMENTS}
        return {STEP: optimiser.state[self._flat[0]][STEP].clone(), **kept}  # a file holds no tensor twice

    def remember(self, parameter: Tensor, optimiser: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
        """Keep this process's share."""
        for word in MOMENTS:
            whole = moments[word].to(parameter.device)
            require("deepspeed.utils").safe_set_full_optimizer_state(parameter, whole, word)
        for flat in self._flat:
            optimiser.state[flat][STEP] = moments[STEP].clone()

    @property
    def _flat(self) -> list[Tensor]:
        """This process's share of each group of parameters, as one row of numbers."""
        found: list[Tensor] = self._engine.optimizer.single_partition_of_fp32_groups
        return found
