"""What the workbench can be told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class WorkbenchOptions:
    """How the workbench works.

    Attributes:
        on: whether there is one, where ``tamis[ui]`` is installed.
        folder: where long work, uploads and what visitors save are kept, readable by this user of the machine only;
            empty for a folder of the server's port in the user's folder for states (``XDG_STATE_HOME``).
        upload: most bytes of one file.
        rows: most rows of one file.
        days: how long ended work is kept.
        threads: long works at a time.
    """

    on: bool = True
    folder: str = ""
    upload: int = 100_000_000
    rows: int = 100_000
    days: int = 30
    threads: int = 2

    def __post_init__(self) -> None:
        """Refuse bounds within which nothing can be done."""
        for name in ("upload", "rows", "days", "threads"):
            if getattr(self, name) < 1:
                raise InputError(f"workbench.{name}: expected at least 1, got {getattr(self, name)}")

    def home(self, port: int, beside: Path = Path()) -> Path:
        """The folder.

        Args:
            port: of the server; two servers of one user do not share what they keep.
            beside: the folder in which a relative path is looked for.

        >>> WorkbenchOptions(folder="desk").home(8000, Path("srv")).as_posix()
        'srv/desk'
        """
        if self.folder:
            return beside / self.folder
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(state) / "tamis" / f"workbench-{port}"
