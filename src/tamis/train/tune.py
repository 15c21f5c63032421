"""Which parameters learn: all of them, the head alone, or small matrices added to the products (LoRA)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from tamis.errors import InputError
from tamis.extras import require

if TYPE_CHECKING:
    from torch import nn

ADAPTER = "default"  # what peft calls an adapter that has no name


@runtime_checkable
class Tune(Protocol):
    """Marks the parameters of a network that learn.

    Attributes:
        name: its word on the command line.
        rate: a learning rate that suits it.
    """

    name: ClassVar[str]
    rate: ClassVar[float]

    def __call__(self, network: nn.Module) -> None:
        """Mark them; the network may gain parameters."""
        ...


@dataclass(frozen=True, slots=True)
class Full:
    """All parameters learn, or all but the lowest.

    Attributes:
        freeze_layers: the word vectors and this many of the lowest layers stay as they are; 0 freezes the word vectors
            alone, None nothing.
    """

    name: ClassVar[str] = "full"
    rate: ClassVar[float] = 5e-5

    freeze_layers: int | None = None

    def __call__(self, network: nn.Module) -> None:
        network.requires_grad_(True)
        if self.freeze_layers is None:
            return
        stack = layers(network)
        if not 0 <= self.freeze_layers <= len(stack):
            raise InputError(f"freeze_layers={self.freeze_layers}: the model has {len(stack)} layers")
        body: Any = network.body
        below = body.embed_tokens if hasattr(body, "embed_tokens") else body.embeddings
        for part in (below, *stack[: self.freeze_layers]):
            part.requires_grad_(False)


@dataclass(frozen=True, slots=True)
class Head:
    """The head alone learns; the encoder stays as it is."""

    name: ClassVar[str] = "head"
    rate: ClassVar[float] = 1e-3

    def __call__(self, network: nn.Module) -> None:
        network.requires_grad_(False)
        head: Any = network.head
        head.requires_grad_(True)
        if not any(True for _ in head.parameters()):
            raise InputError(
                "this model has no head of its own to train alone (it answers with its word vectors, or its vectors "
                "are the answer): tune it in full or with lora"
            )


@dataclass(frozen=True, slots=True)
class Lora:
    """Every product of the layers gains a product of two thin matrices, which learn; so does the head.

    The sum is written into the weights when the model is saved, so that the trained folder needs no adapter. Source:
    Hu et al. 2021, section 4.1. Needs peft.

    Attributes:
        rank: width of the thin matrices.
        alpha: their product counts ``alpha / rank``; None is twice the rank.
        dropout: share of what goes in that is left out while training, in [0, 1).
    """

    name: ClassVar[str] = "lora"
    rate: ClassVar[float] = 3e-4

    rank: int = 8
    alpha: float | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.rank < 1 or not 0 <= self.dropout < 1:
            raise InputError(f"a rank is 1 or more and a dropout in [0, 1), got {self.rank} and {self.dropout}")

    def __call__(self, network: nn.Module) -> None:
        peft = require("peft")
        torch = require("torch")
        names = {id(module): name for name, module in network.named_modules()}
        products = [m for layer in layers(network) for m in layer.modules() if isinstance(m, torch.nn.Linear)]
        config = peft.LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha if self.alpha is not None else 2 * self.rank,
            lora_dropout=self.dropout,
            target_modules=[names[id(product)] for product in products],
        )
        peft.inject_adapter_in_model(config, network)
        head: Any = network.head
        head.requires_grad_(True)


def layers(network: nn.Module) -> Sequence[nn.Module]:
    """The network's layers, lowest first; none where it has no body, as a late-interaction model's weights."""
    body: Any = getattr(network, "body", None)
    if body is None:
        return ()
    found: Sequence[nn.Module] = body.layers if hasattr(body, "layers") else body.encoder["layer"]
    return found
