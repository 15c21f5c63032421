"""The log of a run: append-only rows, one a step and one a measurement, which survive whatever ends the process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tamis.data import atomic_write
from tamis.errors import StorageError

END = 4096  # bytes, in which some rows stand


class Log:
    """``log.jsonl``; each row is on the disk's side of the program before the next step begins."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row.

        Raises:
            StorageError: the disk refused it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StorageError(f"{self.path}: a row was not written: {error.strerror or error}") from error

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, without one that was torn."""
        if not self.path.is_file():
            return
        for line in self.path.read_text("utf-8", "replace").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row

    def last(self) -> tuple[int, int]:
        """The last step that was done and how many there are in all; zeros before the first. Reads the end only."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - END))
                lines = file.read().splitlines()
        except OSError:
            return 0, 0
        for line in reversed(lines):
            try:
                row = json.loads(line)
                return int(row["step"]), int(row["steps"])
            except (ValueError, TypeError, KeyError):  # torn, or a measurement
                continue
        return 0, 0

    def cut(self, step: int) -> None:
        """Drop what was done after so many steps: it is about to be done again."""
        kept = [row for row in self.rows() if row.get("step", 0) <= step]
        with atomic_write(self.path) as out:
            for row in kept:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
