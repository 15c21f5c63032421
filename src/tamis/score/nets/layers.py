"""Parts that several networks share: activations, rotary positions, norms, pooling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from tamis.errors import ModelError
from tamis.score.nets.attention import Attention, Packed
from tamis.score.nets.lib import F, Tensor, nn, torch

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": partial(F.gelu, approximate="tanh"),
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
    "relu": F.relu,
    "silu": F.silu,
    "tanh": torch.tanh,
}


def activation(name: str) -> Callable[[Tensor], Tensor]:
    """The activation a config names.

    Raises:
        ModelError: no network here uses it.
    """
    if name not in ACTIVATIONS:
        raise ModelError(f"activation {name!r} is not known; known are {', '.join(map(repr, ACTIVATIONS))}")
    return ACTIVATIONS[name]


class Body(Protocol):
    """A network that reads packed tokens and gives one vector a sequence, shape (B, hidden)."""

    def __call__(self, packed: Packed, attention: Attention) -> Tensor: ...


class RMSNorm(nn.Module):
    """x / rms(x) * (weight + offset), computed in fp32 (Zhang & Sennrich 2019, equation 4)."""

    def __init__(self, size: int, eps: float, offset: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size))
        self.eps, self.offset = eps, offset

    def forward(self, x: Tensor) -> Tensor:
        if self.offset:  # Gemma multiplies before it rounds
            wide = F.rms_norm(x.float(), self.weight.shape, None, self.eps)
            return (wide * (self.offset + self.weight.float())).to(x.dtype)
        return self.weight * F.rms_norm(x.float(), self.weight.shape, None, self.eps).to(x.dtype)


class Rotary:
    """Rotary positions: cosines and sines by which queries and keys are turned (Su et al. 2021, equation 34)."""

    def __init__(self, size: int, theta: float) -> None:
        self.size, self.theta = size, theta

    def at(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Cosines and sines of places, each (T, 1, size)."""
        powers = torch.arange(0, self.size, 2, device=positions.device, dtype=torch.float32) / self.size
        angles = positions[:, None].float() * (1.0 / self.theta**powers)
        both = torch.cat([angles, angles], dim=-1)[:, None]
        return both.cos().to(dtype), both.sin().to(dtype)


def turned(x: Tensor, by: tuple[Tensor, Tensor]) -> Tensor:
    """Vectors (T, heads, d) turned by their places; halves are paired, as Hugging Face checkpoints have it."""
    left, right = x.chunk(2, dim=-1)
    return x * by[0] + torch.cat([-right, left], dim=-1) * by[1]


def rope_theta(config: Mapping[str, Any], kind: str = "", default: float = 10000.0) -> float:
    """The base of the rotary angles, from the old or the new form of a config.

    Raises:
        ModelError: the config stretches positions in a way that is not implemented.
    """
    stated = config.get("rope_parameters") or config.get("rope_scaling") or {}
    stated = stated.get(kind) or stated
    form = stated.get("rope_type", stated.get("type", "default"))
    if form != "default":
        raise ModelError(f"rotary positions of type {form!r} are not implemented; 'default' is")
    return float(stated.get("rope_theta") or config.get("rope_theta") or default)
