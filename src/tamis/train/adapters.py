"""What LoRA added to a network, written into its weights."""

from __future__ import annotations

from typing import Any

from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.tune import ADAPTER

INSIDE = ".base_layer"  # where peft keeps a product that it added to


def adapted(network: nn.Module) -> dict[str, Any]:
    """The products that LoRA added to, by name; empty in other networks."""
    return {name: module for name, module in network.named_modules() if hasattr(module, "get_delta_weight")}


def merged(network: nn.Module) -> dict[str, Tensor]:
    """Every parameter under the name it has without LoRA, with what LoRA learnt added; the network stays as it is."""
    found = {
        name.replace(INSIDE, ""): parameter.detach()
        for name, parameter in network.named_parameters()
        if ".lora_" not in name
    }
    with torch.no_grad():
        for name, module in adapted(network).items():
            weight = found[f"{name}.weight"]
            found[f"{name}.weight"] = weight + module.get_delta_weight(ADAPTER).to(weight.dtype)
    return found
