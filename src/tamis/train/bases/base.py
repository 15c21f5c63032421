"""What training begins with: a network with its weights, and how it reads, scores and is written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from tamis.core import Scorer
from tamis.score.folder import ModelFolder
from tamis.score.nets.lib import Tensor, nn, torch

if TYPE_CHECKING:
    from tamis.train.options import Batches, Kind
    from tamis.train.steps import Positives, Task


class Start(Protocol):
    """A model about to be trained.

    Attributes:
        kind: what it is.
        folder: the base.
        network: its weights, in float32 on the CPU.
        new: parameters that begin as random numbers, because the base has none such.
    """

    kind: ClassVar[Kind]

    @property
    def folder(self) -> ModelFolder: ...
    @property
    def network(self) -> nn.Module: ...
    @property
    def new(self) -> tuple[str, ...]: ...

    def shortened(self, max_length: int) -> Self:
        """The same, reading at most so many tokens."""
        ...

    def task(self, batches: Batches, device: torch.device, positives: Positives | None = None) -> Task:
        """How its steps are computed; ``positives`` keeps a query's own from being taken for negatives."""
        ...

    def scorer(self, network: nn.Module, device: str) -> Scorer:
        """The network as it is now as a scorer; good until the next step."""
        ...

    def write(self, tensors: Mapping[str, Tensor], folder: Path) -> None:
        """Write the model's folder; weights first, ``config.json`` last.

        Args:
            tensors: every parameter of the network under its name.
            folder: where to; it may hold other files.

        Raises:
            StorageError: the disk refused a file; files of before are whole.
        """
        ...


def live() -> str:
    """In a fingerprint, what stands for the digest of weights that are being trained."""
    return "in-training"


Config = Mapping[str, Any]
