"""Trainings and exports as work of a server: a process each, in the job's folder; stopped ones can be gone on with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.data.archive import archive
from tamis.errors import StoppedError
from tamis.jobs import Program, Task
from tamis.train.log import Log
from tamis.train.order import Order

RESULT, LOG = "training/result.json", "training/log.jsonl"
UNCHANGED = "pytorch"  # the format of a folder that is packed as it is
FORMATS = (UNCHANGED, "onnx", "onnx-int8", "onnx-int4")
GOING_ON = ("checkpoints", "base")  # what a training keeps beside a model until it has ended


def trained(folder: Path) -> bool:
    """Whether a training has come to its end in a folder."""
    return (folder / RESULT).is_file()


@dataclass(frozen=True, slots=True)
class Training:
    """A training as work.

    Attributes:
        order: what is trained.
        resume: go on from the last checkpoint, where there is one.
    """

    order: Order
    resume: bool = False

    def __call__(self, task: Task) -> Mapping[str, Any]:
        """Train to the end.

        Raises:
            StoppedError: it was told to stop; the checkpoint is kept.
            TamisError: the command failed.
        """
        home = task.folder / self.order.folder
        try:
            Program(self.order.arguments(resume=self.resume), self._looked)(task)
        except StoppedError:
            if not trained(home):  # else it had come to its end before it heard
                raise StoppedError(_kept(home)) from None
        return {"folder": self.order.folder}

    def _looked(self, task: Task) -> None:
        done, steps = Log(task.folder / self.order.folder / LOG).last()
        if steps:
            task.progress(done, steps)


@dataclass(frozen=True, slots=True)
class Packing:
    """A trained model in a format, as one file to be fetched.

    Attributes:
        model: its folder.
        format: one of ``FORMATS``.
    """

    model: Path
    format: str = UNCHANGED

    def __call__(self, task: Task) -> Mapping[str, Any]:
        """Export and pack.

        Raises:
            StoppedError: it was told to stop.
            TamisError: the command failed, such as for a format that does not suit the model.
        """
        name = f"{self.model.name}-{self.format}"
        found: Mapping[str, Any] = {}
        made = self.model
        if self.format != UNCHANGED:
            made = task.folder / name
            shutil.rmtree(made, ignore_errors=True)
            found = Program(["export", str(self.model), "--format", self.format, "-o", name, "--json"])(task)
        task.check()
        packed = archive(made, task.folder / f"{name}.zip", without=GOING_ON)
        if made != self.model:
            shutil.rmtree(made, ignore_errors=True)
        graphs = [
            {"megabytes": row["megabytes"], **{key: row["parity"][key] for key in ("pairs", "rank_correlation")}}
            for row in found.get("graphs", [])
        ]
        return {"file": packed.name, "bytes": packed.stat().st_size, "graphs": graphs}


def _kept(home: Path) -> str:
    done, steps = Log(home / LOG).last()
    return f"stopped after step {done:,} of {steps:,}: it can be resumed" if done else ""
