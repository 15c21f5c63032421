"""What somebody orders to be trained: the choices of a page, which become the arguments of ``tamis train``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from tamis.errors import InputError
from tamis.extras import available

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,59}", re.ASCII)
SHIPPED = ("e5-small", "tamis-mini")  # bases that come with tamis
NEEDED = {"full": ("torch", "safetensors"), "head": ("torch", "safetensors"), "lora": ("torch", "safetensors", "peft")}
INSTALL = 'pip install "tamis[train]"'
UNSAID = (None, "")  # values of choices that were left to the library


@dataclass(frozen=True, slots=True)
class Order:
    """A training, as it was ordered.

    Attributes:
        name: of the model; names its folder.
        data: files of labels; where the command runs, if they are relative.
        dev: a file of labelled queries to measure on, or a share of the data's queries as text.
        base: where training starts: a name or a model folder.
        kind: what is made of the base.
        conflicts: what becomes of contradictory labels.
        tune: what learns: ``"full"``, ``"head"`` or ``"lora"``.
        freeze_layers: lowest layers that stay as they are, with ``"full"``; None freezes nothing.
        lora_rank: width of LoRA's matrices, with ``"lora"``.
        loss: its word; empty for what suits.
        max_steps: steps at most; None is three rounds through the data.
        rate: highest learning rate; None for what suits.
        batch_size: queries a step.
        documents: documents of a query a step.
        layers: layers of the base that are kept; None keeps all.
        scenario: the preset of a policy that is tuned, too; empty for none.
        device: ``"cpu"``, ``"cuda:1"`` and so on.

    >>> Order("faq", ("labels.csv",), max_steps=20).arguments()[:7]
    ['train', '--data', 'labels.csv', '-o', 'model/faq', '--dev', '0.1']
    """

    name: str
    data: tuple[str, ...]
    dev: str = "0.1"
    base: str = "e5-small"
    kind: str = "cross-encoder"
    conflicts: str = "refuse"
    tune: str = "full"
    freeze_layers: int | None = None
    lora_rank: int | None = None
    loss: str = ""
    max_steps: int | None = None
    rate: float | None = None
    batch_size: int = 16
    documents: int = 8
    layers: int | None = None
    scenario: str = ""
    device: str = "auto"

    def __post_init__(self) -> None:
        """Refuse a name that no folder can have, and an order without data.

        Raises:
            InputError: that is so.
        """
        if not NAME.fullmatch(self.name):
            raise InputError(
                f"{self.name!r:.80} cannot name a model: begin with a letter or digit of ASCII, then letters, digits, "
                "'.', '-' and '_', 60 at most"
            )
        if not self.data:
            raise InputError("there are no data: give a file of labels")

    @property
    def folder(self) -> str:
        """The model's folder, where the command runs."""
        return f"model/{self.name}"

    def arguments(self, *, resume: bool = False) -> list[str]:
        """The command's arguments.

        Args:
            resume: go on from the last checkpoint.
        """
        found = ["train", *(word for path in self.data for word in ("--data", path)), "-o", self.folder]
        for field in fields(self)[2:]:
            value = getattr(self, field.name)
            if value not in UNSAID:
                found += [f"--{field.name.replace('_', '-')}", f"{value:g}" if field.name == "rate" else str(value)]
        return [*found, *(["--resume"] if resume else [])]

    def as_json(self) -> dict[str, Any]:
        """The order as JSON values."""
        return {**asdict(self), "data": list(self.data)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: it is none.
        """
        try:
            return cls(**{**told, "data": tuple(told["data"])})
        except (TypeError, KeyError) as error:
            raise InputError("this job says nothing of a training that can be gone on with: begin a new one") from error


def lacking(tune: str = "full") -> list[str]:
    """Packages that training needs and that are not installed; ``INSTALL`` brings them.

    Args:
        tune: what learns; LoRA needs one more.
    """
    return [package for package in NEEDED[tune] if not available(package)]
