"""Heads that sentence-transformers modules make: Dense and LayerNorm behind the pooling, in modules.json's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tamis.errors import ModelError
from tamis.score.folder import ModelFolder
from tamis.score.nets.lib import F, Tensor, nn, torch

# The classes a folder may name; a folder's own code is never imported.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Identity": lambda x: x,
    "GELU": F.gelu,
    "ReLU": F.relu,
    "SiLU": F.silu,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
}


class Dense(nn.Module):
    """activation(W x + b), plus x where the module is residual."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        inner, outer = settings["in_features"], settings["out_features"]
        self.linear = nn.Linear(inner, outer, bias=settings.get("bias", True))
        name = settings.get("activation_function", "torch.nn.modules.activation.Tanh").rsplit(".", 1)[-1]
        if name not in ACTIVATIONS:
            raise ModelError(f"a Dense module with activation {name!r}; known are {', '.join(ACTIVATIONS)}")
        self.activation = ACTIVATIONS[name]
        self.residual = settings.get("use_residual", False)
        if self.residual and inner != outer:
            raise ModelError("a residual Dense module of unequal sides is not implemented")

    def forward(self, x: Tensor) -> Tensor:
        out = self.activation(self.linear(x))
        return out + x if self.residual else out


class LayerNorm(nn.Module):
    """A norm over the vector."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(settings["dimension"])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(x)
        return out


MODULES: dict[str, Callable[[Mapping[str, Any]], nn.Module]] = {"Dense": Dense, "LayerNorm": LayerNorm}


class ModulesHead(nn.Module):
    """The modules behind the pooled vector, each under its number in modules.json.

    Raises:
        ModelError: a module is not known, or the pooling is not that of the first token.
    """

    def __init__(self, folder: ModelFolder) -> None:
        super().__init__()
        self.order: list[str] = []
        for at, module in enumerate(folder.modules[1:], 1):
            settings = folder.module_settings(at)
            if module.kind == "Pooling":
                _first_token(settings, folder)
                continue
            if module.kind not in MODULES:
                raise ModelError(
                    f"{folder.path}: module {module.kind!r} is not implemented; known are Pooling, {', '.join(MODULES)}"
                )
            self.add_module(str(at), MODULES[module.kind](settings))
            self.order.append(str(at))

    def forward(self, x: Tensor) -> Tensor:
        for name in self.order:
            x = self.get_submodule(name)(x)
        return x


def _first_token(settings: Mapping[str, Any], folder: ModelFolder) -> None:
    mode = settings.get("pooling_mode") or [
        n for n, on in settings.items() if n.startswith("pooling_mode_") and on is True
    ]
    if mode not in ("cls", ["cls"], ["pooling_mode_cls_token"]):
        raise ModelError(f"{folder.path}: expected pooling of the first token ('cls'), got {mode!r}")
