"""What is known of one piece of long work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from tamis.data.records import read_record, write_record

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]

FILE = "job.json"
UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work, as it stands.

    Attributes:
        id: names its folder.
        owner: who began it; nobody else sees it.
        kind: what is done, such as ``"batch"``.
        title: what people call it.
        state: where it stands; ``"interrupted"`` is what a server that was ended left unfinished.
        created, started, ended: times in UTC (ISO 8601); empty while they have not come.
        done, total: how far it has come; a total of 0 is not known.
        message: why it failed, or what else there is to say.
        options: what was asked, as JSON values.
        result: what came of it, as JSON values.
    """

    id: str
    owner: str
    kind: str
    title: str
    state: State = "waiting"
    created: str = ""
    started: str = ""
    ended: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state in UNDER_WAY

    @property
    def share(self) -> float:
        """How much of it is done, in [0, 1].

        >>> Job("a", "b", "batch", "rows", done=50, total=200).share
        0.25
        """
        return 1.0 if self.state == "done" else min(1.0, self.done / self.total) if self.total else 0.0

    def save(self, folder: Path) -> None:
        """Write it into its folder, whole or not at all."""
        write_record(folder / FILE, self)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The job of a folder.

        Raises:
            DataError: there is none that can be read.
        """
        return read_record(folder / FILE, cls, "a job")
