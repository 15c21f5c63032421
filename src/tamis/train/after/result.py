"""The outcome of a training run: what was done with what, and how good it is; ``training/result.json``."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from tamis import __version__
from tamis.data import read_artefact, write_artefact
from tamis.errors import PolicyError

KIND = "tamis-training"
PACKAGES = ("numpy", "torch", "safetensors", "tokenizers", "transformers", "sentence-transformers", "peft")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training run did and found; JSON values throughout.

    Attributes:
        base: what was trained, as it is shown to others: a hub id, a name, or a folder's name.
        family: "cross-encoder", "causal" or "bi-encoder".
        options: the run's options.
        data: digest of the training examples.
        dev: digest of the dev examples.
        counts: how many, such as ``{"queries": 120, "pairs": 2400, "dev_queries": 30}``.
        steps: optimiser steps done.
        best_step: the step whose weights were kept.
        stopped: why it ended, such as "all steps done" or "no better dev nDCG@10 for 3 evaluations".
        figures: ``Figures.as_json()``; None where there was no dev data.
        refit: ``Refit.as_json()``; None where none was made.
        distilled: the teacher, what of it was learnt, and how it compares; None of what learnt from labels.
        fingerprint: of the trained model.
        seconds: how long it took.
        pairs_per_second: mean speed of training.
        command: the command that made it.
        versions: of the packages in use.
        created: the day, ``YYYY-MM-DD``.
    """

    base: str
    family: str
    options: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    dev: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    steps: int = 0
    best_step: int = 0
    stopped: str = ""
    figures: Mapping[str, Any] | None = None
    refit: Mapping[str, Any] | None = None
    distilled: Mapping[str, Any] | None = None
    fingerprint: str = ""
    seconds: float = 0.0
    pairs_per_second: float = 0.0
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""

    def as_json(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return asdict(self)

    def save(self, path: str | Path) -> None:
        """Write it as a file; the file appears whole or not at all.

        Raises:
            InputError: the path's folder does not exist.
            StorageError: the disk refused it.
        """
        write_artefact(path, KIND, self.as_json())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote.

        Raises:
            PolicyError: no such file, no training result, changed since it was written, or of a newer tamis.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Outcome("tiny", "cross-encoder", steps=3).save(Path(folder) / "result.json")
        ...     Outcome.load(Path(folder) / "result.json").steps
        3
        """
        content = read_artefact(path, KIND)
        if unknown := sorted(set(content) - {one.name for one in fields(cls)}):
            raise PolicyError(f"{path}: unknown field {unknown[0]!r}: written by another tamis")
        try:
            return cls(**content)
        except TypeError as error:
            raise PolicyError(f"{path}: not a training result: {error}") from error


def versions() -> dict[str, str]:
    """The versions of Python, tamis and the packages that training may use, without importing any of them.

    >>> versions()["tamis"] == __version__
    True
    """
    found = {"python": platform.python_version(), "tamis": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
