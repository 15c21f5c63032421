"""Checkpoints: folders that appear whole or not at all, from which training goes on as if it had never stopped."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.errors import InputError, StorageError
from tamis.extras import require
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.train.processes.base import STEP, Processes

TRAINED, OPTIMISER, STATE = "trained.safetensors", "optimiser.safetensors", "state.json"
PREFIX, BEST, NEW = "step-", "best-", ".new-"


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run.

    Attributes:
        folder: which holds them.
        run: what the run is: digests of data and base, and the options; a checkpoint of another run is refused.
        keep: how many are kept, beside the best.
    """

    folder: Path
    run: Mapping[str, Any]
    keep: int = 2

    def steps(self) -> list[int]:
        """The steps after which checkpoints were written, in order."""
        found = (path.name.removeprefix(PREFIX) for path in self.folder.glob(f"{PREFIX}*"))
        return sorted(int(step) for step in found if step.isdigit())

    def save(
        self,
        step: int,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        state: Mapping[str, Any],
        processes: Processes,
    ) -> None:
        """Write the checkpoint after so many steps, and drop the oldest; all processes call it.

        Raises:
            StorageError: the disk refused it; the checkpoints of before are whole.
        """
        trained, moments = trainable(network, processes), _moments(network, optimiser, processes)

        def write() -> None:
            self._write(f"{PREFIX}{step:08d}", {TRAINED: trained, OPTIMISER: moments}, {"step": step, **state})
            for old in self.steps()[: -self.keep]:
                shutil.rmtree(self.folder / f"{PREFIX}{old:08d}", ignore_errors=True)

        processes.first(write)

    def save_best(self, step: int, network: nn.Module, processes: Processes) -> None:
        """Keep the parameters as they are now as the best so far; all processes call it."""
        trained = trainable(network, processes)

        def write() -> None:
            self._write(f"{BEST}{step:08d}", {TRAINED: trained}, {"step": step})
            for old in self._best()[:-1]:
                shutil.rmtree(old, ignore_errors=True)

        processes.first(write)

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer, processes: Processes) -> dict[str, Any]:
        """Put the last checkpoint's numbers back, and return its state; an empty one where there is no checkpoint.

        Raises:
            InputError: the checkpoint is of another run: other data, another base or other options.
        """
        for torn in self.folder.glob(f"{NEW}*"):  # what a process that was killed was writing
            if processes.rank == 0:
                shutil.rmtree(torn, ignore_errors=True)
        if not (steps := self.steps()):
            return {}
        folder = self.folder / f"{PREFIX}{steps[-1]:08d}"
        state: dict[str, Any] = json.loads((folder / STATE).read_text("utf-8"))
        self._check(state["run"])
        load_trainable(network, folder / TRAINED, processes)
        moments = read_tensors(folder / OPTIMISER)
        for name, parameter in network.named_parameters():
            if parameter.requires_grad and f"{name}|{STEP}" in moments:
                kept = {word: moments[f"{name}|{word}"] for word in (STEP, "exp_avg", "exp_avg_sq")}
                processes.remember(parameter, optimiser, kept)
        return state

    @property
    def best(self) -> Path | None:
        """The best parameters so far; None where nothing was measured."""
        found = self._best()
        return found[-1] / TRAINED if found else None

    def _best(self) -> list[Path]:
        return sorted(self.folder.glob(f"{BEST}*"))

    def _check(self, before: Mapping[str, Any]) -> None:
        changed = [name for name, value in json.loads(json.dumps(self.run)).items() if before.get(name) != value]
        if changed:
            raise InputError(
                f"{self.folder}: these checkpoints are of a run with other {', '.join(changed)}: go on with the "
                "same, or train into another folder"
            )

    def _write(self, name: str, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=NEW) as made:
                folder = Path(made) / name
                folder.mkdir()
                for file, content in tensors.items():
                    require("safetensors.torch").save_file(dict(content), str(folder / file))
                (folder / STATE).write_text(json.dumps({**state, "run": self.run}) + "\n", "utf-8")
                _sync(folder)
                self._replace(folder, self.folder / name)
        except OSError as error:
            raise StorageError(f"{self.folder}: a checkpoint was not written: {error.strerror or error}") from error
        except require("safetensors").SafetensorError as error:
            raise StorageError(f"{self.folder}: a checkpoint was not written: {error}") from error

    def _replace(self, new: Path, target: Path) -> None:
        """Folders cannot be renamed over each other: the old one steps aside first."""
        if target.exists():
            target.rename(new.parent / ".old")
        new.rename(target)


def trainable(network: nn.Module, processes: Processes) -> dict[str, Tensor]:
    """What learns, whole, on the CPU; in the first process, others get nothing."""
    found = {
        name: processes.gathered(parameter) for name, parameter in network.named_parameters() if parameter.requires_grad
    }
    return {name: tensor.detach().cpu().contiguous() for name, tensor in found.items()}


def load_trainable(network: nn.Module, path: Path, processes: Processes) -> None:
    """Put saved numbers back into what learns.

    Raises:
        InputError: they are of another network.
    """
    saved = read_tensors(path)
    wanted = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    if saved.keys() != wanted.keys():
        raise InputError(f"{path}: these numbers are of another network, or of another tuning")
    for name, parameter in wanted.items():
        processes.put(parameter, saved[name])


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file."""
    found: dict[str, Tensor] = require("safetensors.torch").load_file(str(path))
    return found


def _moments(network: nn.Module, optimiser: torch.optim.Optimizer, processes: Processes) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            for word, value in processes.moments(parameter, optimiser).items():
                found[f"{name}|{word}"] = value.detach().cpu().contiguous()
    return found


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        _sync_one(path)
    with suppress(OSError):  # not every system lets a folder be synced
        _sync_one(folder)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
