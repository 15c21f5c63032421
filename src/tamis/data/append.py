"""A file that only grows: lines are on the disk when they are acknowledged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from tamis.errors import StorageError


def append_lines(path: Path, lines: bytes) -> None:
    """Write whole lines at a file's end and sync it; a line that a crash cut in two stays alone on its line.

    Raises:
        StorageError: the disk refused them.

    >>> import tempfile
    >>> place = tempfile.TemporaryDirectory()
    >>> log = Path(place.name) / "log"
    >>> _ = log.write_bytes(b"whole\\ncut")
    >>> append_lines(log, b"next\\n")
    >>> log.read_bytes()
    b'whole\\ncut\\nnext\\n'
    >>> place.cleanup()
    """
    try:
        with path.open("ab+") as out:
            out.write(_separator(out) + lines)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise StorageError(f"{path} was not written: {error.strerror or error}") from error


def _separator(file: BinaryIO) -> bytes:
    """What keeps a new line apart from one that was cut in two."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"
