"""The folder of a labelling project: its files, what they hold, and how a new one appears whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tamis.core import Scorer
from tamis.data import read_artefact, write_artefact
from tamis.decide import PrecisionAtLeast
from tamis.errors import InputError, NotFoundError, StorageError
from tamis.labelling.guide import Guide
from tamis.labelling.pool import Pool
from tamis.labelling.rounds import Round, save_rounds

KIND = "tamis-labelling"
PROJECT, POOL, PLAN, LABELS, LEASES, LOCK = (
    "project.json",
    "pool.jsonl",
    "plan.json",
    "labels.jsonl",
    "leases.json",
    ".lock",
)


@dataclass(frozen=True, slots=True)
class Charter:
    """What a project is for: ``project.json``.

    Attributes:
        target: what shall be promised.
        budget: how many pairs were to be labelled.
        guide: what annotators are given.
        stage: name of the scorer; empty where the pairs came with scores and nobody said whose.
        fingerprint: what exactly gave the scores; empty as above.
        pool: digest of the pool.
    """

    target: PrecisionAtLeast
    budget: int
    guide: Guide
    stage: str
    fingerprint: str
    pool: str

    @classmethod
    def of(cls, target: PrecisionAtLeast, budget: int, guide: Guide, scorer: Scorer | None, pool: Pool) -> Self:
        """The charter of a new project."""
        stage, fingerprint = (scorer.name, scorer.fingerprint) if scorer else ("", "")
        return cls(target, budget, guide, stage, fingerprint, pool.digest)

    def save(self, folder: Path) -> None:
        """Write it down."""
        content: dict[str, Any] = {**self.guide.as_json(), "target": self.target.as_json(), "budget": self.budget}
        scores = {"stage": self.stage, "fingerprint": self.fingerprint, "pool": self.pool}
        write_artefact(folder / PROJECT, KIND, content | scores)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The charter of a folder.

        Raises:
            NotFoundError: the folder holds no project.
            PolicyError: its file was changed by hand, or is of a newer tamis.
        """
        if not (folder / PROJECT).is_file():
            raise NotFoundError(
                f"{folder} holds no labelling project: make one with tamis label new {folder} --pairs FILE"
            )
        value = read_artefact(folder / PROJECT, KIND)
        target = PrecisionAtLeast(value["target"]["least"], value["target"]["confidence"])
        scores = (value["stage"], value["fingerprint"], value["pool"])
        return cls(target, value["budget"], Guide.from_json(value), *scores)


def checked_new(folder: Path) -> None:
    """Refuse a folder that is there and not empty, before anything is scored.

    Raises:
        InputError: it is; or its parent does not exist.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already, and not empty: give the name of a new folder")
    if not folder.absolute().parent.is_dir():
        raise InputError(f"{folder} cannot be made: the folder {folder.absolute().parent} does not exist")


def write_new(folder: Path, charter: Charter, pool: Pool, rounds: Sequence[Round]) -> None:
    """Make a project's folder; it appears whole or not at all.

    Raises:
        StorageError: the disk refused it.
    """
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.absolute().parent))
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror or error}") from error
    try:
        pool.save(made / POOL)
        save_rounds(made / PLAN, rounds)
        charter.save(made)
        (made / LABELS).touch()  # now, so that the first label has no folder to be entered into
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder} was not made: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
