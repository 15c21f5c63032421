"""Heads that sentence-transformers modules make: what stands behind the pooling, in modules.json's order."""

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


class Normalize(nn.Module):
    """The vector scaled to length 1."""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x.float(), dim=-1).to(x.dtype)


MODULES: dict[str, Callable[[Mapping[str, Any]], nn.Module]] = {
    "Dense": Dense,
    "LayerNorm": LayerNorm,
    "Normalize": lambda settings: Normalize(),
    "Dropout": lambda settings: nn.Dropout(settings.get("dropout", 0.2)),
}
# What sentence-transformers calls a pooling, today and before version 6, and what it is called here.
MODES = {"cls": "cls", "mean": "mean", "lasttoken": "last"}
OLD_MODES = {"pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean", "pooling_mode_lasttoken": "lasttoken"}


class ModulesHead(nn.Module):
    """The modules behind the pooled vector, each under its number in modules.json.

    Raises:
        ModelError: a module is not known, or a pooling stands where none can.
    """

    def __init__(self, folder: ModelFolder) -> None:
        super().__init__()
        self.order: list[str] = []
        for at, module in enumerate(folder.modules[1:], 1):
            if at == 1 and module.kind == "Pooling":
                continue
            if module.kind not in MODULES:
                raise ModelError(
                    f"{folder.path}: module {module.kind!r} is not implemented at place {at}; known are Pooling (at "
                    f"place 1), {', '.join(MODULES)}"
                )
            self.add_module(str(at), MODULES[module.kind](folder.module_settings(at)))
            self.order.append(str(at))

    def forward(self, x: Tensor) -> Tensor:
        for name in self.order:
            x = self.get_submodule(name)(x)
        return x


def pooling_of(folder: ModelFolder) -> str:
    """The pooling that a folder's modules.json asks for: a row of ``nets.pooling.POOLINGS``, empty where it has none.

    Raises:
        ModelError: it is another, several at once, or leaves a prompt's tokens out.
    """
    at = next((at for at, module in enumerate(folder.modules) if module.kind == "Pooling"), None)
    if at is None:
        return ""
    settings = folder.module_settings(at)
    old = [OLD_MODES.get(n, n) for n, on in settings.items() if n.startswith("pooling_mode_") and on is True]
    mode = settings.get("pooling_mode") or old or "mean"
    mode = mode[0] if isinstance(mode, list) and len(mode) == 1 else mode
    if not isinstance(mode, str) or mode not in MODES:
        raise ModelError(f"{folder.path}: expected pooling {', '.join(map(repr, MODES))}, got {mode!r}")
    if settings.get("include_prompt") is False and any((folder.settings.get("prompts") or {}).values()):
        raise ModelError(f"{folder.path}: a pooling that leaves the prompt's tokens out is not implemented")
    return MODES[mode]
