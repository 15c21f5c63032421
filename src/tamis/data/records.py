"""A frozen record in a file of its own, as plain JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tamis.data.write import atomic_write
from tamis.errors import DataError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Made = TypeVar("Made")


def write_record(path: Path, record: DataclassInstance) -> None:
    """Write a dataclass of JSON values down, whole or not at all.

    Raises:
        StorageError: the disk refused it.
    """
    with atomic_write(path) as out:
        json.dump(asdict(record), out, ensure_ascii=False)


def read_record(path: Path, kind: type[Made], what: str) -> Made:
    """The dataclass that a file holds.

    Args:
        path: the file.
        kind: the dataclass.
        what: what people call it, such as ``"a job"``.

    Raises:
        DataError: there is none that can be read.
    """
    try:
        return kind(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"expected {what}: {error}", path=path) from error
