"""What long work sees of itself: a folder, whether it shall stop, and where to tell how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tamis.errors import StoppedError

Told: TypeAlias = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Task:
    """A job, seen from inside.

    Attributes:
        folder: its own folder; files that are put there can be fetched by the owner.
        stopping: whether it shall stop; asked between two steps.
        progress: told of (steps done, steps in all, or None).
        note: told of what people should know meanwhile.
    """

    folder: Path
    stopping: Callable[[], bool]
    progress: Told
    note: Callable[[str], None]

    def check(self) -> None:
        """End here if it shall stop.

        Raises:
            StoppedError: it shall.
        """
        if self.stopping():
            raise StoppedError


Work: TypeAlias = Callable[[Task], Mapping[str, Any]]  # returns what came of it, as JSON values
