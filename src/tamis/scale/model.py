"""The model that scores, as something that can be sent to other processes, and what a process says that loaded it."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from tamis import __version__
from tamis.core import Scorer
from tamis.score import Passages, load_scorer
from tamis.score.load import Engine, lasting

# What computes scores: another version of one of these may round otherwise. PyTorch is another where it computes.
COMPUTING = ("numpy", "onnxruntime", "tokenizers")
SPREAD = ("auto", "cuda")  # devices of which every worker is given one of its own
TORCH = "torch:"  # stands in the fingerprints of what the PyTorch engine runs


class Loading(Protocol):
    """What a worker gets its scorer from; it is pickled, so its class must stand in a module that workers can import.

    ``device`` is as ``load_scorer`` takes it: ``"auto"`` and ``"cuda"`` let every worker have a device of its own, with
    which ``load`` is then called, once a worker; else with nothing. ``as_json`` is what the manifest says of it.
    """

    @property
    def device(self) -> str: ...
    def load(self, device: str = "") -> Scorer: ...
    def as_json(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Model:
    """A spec and its options, those of ``load_scorer``.

    Attributes:
        spec: a name, a folder, a hub id or a URL.
        engine, device, dtype, max_length, template: see ``load_scorer``. ``device="cuda"`` gives every worker a device
            of its own.
        passages: score long documents by their best passage of so many tokens.

    >>> Model("tamis-mini").load("").name
    'tamis-mini'
    """

    spec: str = "tamis-mini"
    engine: Engine = "auto"
    device: str = "auto"
    dtype: str = "auto"
    max_length: int | None = None
    template: str = "auto"
    passages: int | None = None

    def load(self, device: str = "") -> Scorer:
        """The scorer.

        Raises:
            ModelError: the spec names no scorer, or its folder cannot be used.
            InputError: an option has a value the model cannot honour.
            MissingExtraError: the engine needs a package that is not installed.
        """
        scorer = load_scorer(
            self.spec,
            engine=self.engine,
            device=device if device and self.device in SPREAD else self.device,
            dtype=self.dtype,
            max_length=self.max_length,
            template=self.template,
        )
        return scorer if self.passages is None else Passages(scorer, tokens=self.passages)

    def as_json(self) -> dict[str, Any]:
        """The options by name, a folder by its full path; what tells models apart is the scorer's fingerprint."""
        return {**asdict(self), "spec": lasting(self.spec)}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process says of the scorer that it loaded.

    Attributes:
        name, fingerprint: the scorer's.
        versions: of the packages that computed with it here.
        cards: CUDA devices that the process sees, where the scorer runs on one; else 0.
    """

    name: str
    fingerprint: str
    versions: Mapping[str, str] = field(default_factory=dict)
    cards: int = 0

    @classmethod
    def of(cls, scorer: Scorer) -> Loaded:
        """What this process says of its scorer."""
        packages = [*COMPUTING, *(["torch"] if TORCH in scorer.fingerprint else [])]
        versions = {"tamis": __version__, **{name: importlib.metadata.version(name) for name in packages}}
        return cls(scorer.name, scorer.fingerprint, versions, _cards())

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for scores to be: the fingerprint and the versions."""
        return {"fingerprint": self.fingerprint, "versions": dict(self.versions)}


def _cards() -> int:
    """CUDA devices, where loading a scorer has begun to use one; PyTorch is never imported for it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return 0
    return int(torch.cuda.device_count())
