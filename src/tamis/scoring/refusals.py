"""Rows that cannot be used: counted, told one by one, written down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tamis.data import atomic_write
from tamis.data.rows import Refused
from tamis.errors import DataError


@dataclass(slots=True)
class Refusals:
    """Hands on each row that is set aside, and keeps their number and the first."""

    tell: Refused
    first: DataError | None = None
    rows: int = 0

    def __call__(self, error: DataError) -> None:
        """One more row is set aside."""
        self.first = self.first or error
        self.rows += 1
        self.tell(error)


def write_refused(path: str | Path, errors: Iterable[DataError]) -> None:
    """Write rows that were set aside as JSONL: line, field (null where it is the whole row), message.

    Raises:
        InputError: the path cannot be written.
        StorageError: the disk refused the file.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_refused(Path(folder.name) / "errors.jsonl", [DataError("the query is blank", line=3, field="query")])
    >>> (Path(folder.name) / "errors.jsonl").read_text()
    '{"line": 3, "field": "query", "message": "the query is blank"}\\n'
    >>> folder.cleanup()
    """
    with atomic_write(path) as out:
        for error in errors:
            row = {"line": error.line, "field": error.field, "message": error.message}
            out.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
