"""Writing a file so that a crash or a full disk leaves the old one whole."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tamis.errors import InputError, StorageError

# What a disk says that takes no more; any other OSError inside the block is not about the file written.
REFUSED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[str]]:
    r"""A text stream (UTF-8, ``\n``) whose content becomes the file when the block ends without an error.

    It is written beside the file, synced, and renamed over it: a reader sees the old content or the new, never a part.

    Raises:
        InputError: the path is a directory, or its folder does not exist.
        StorageError: the disk is full, read-only or broken, or the folder may not be written; the old file is whole.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with atomic_write(Path(folder.name) / "note.txt") as out:
    ...     _ = out.write("sieved")
    >>> (Path(folder.name) / "note.txt").read_text()
    'sieved'
    >>> folder.cleanup()
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        yield out


@contextmanager
def atomic_write_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    """As ``atomic_write``, for bytes."""
    with atomic_path(path) as temporary, temporary.open("wb") as out:
        yield out


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """As ``atomic_write``, for writers that want a path: a file beside the target, renamed over it at the end."""
    path = Path(path).resolve()  # a link stays a link: what it points to is replaced
    if path.is_dir():
        raise InputError(f"{path} is a directory: give the name of a file to write")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a device or pipe, which cannot be replaced: give the name of a file to write")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: the folder {path.parent} does not exist")
    temporary = _beside(path)
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        raise StorageError(
            f"{path} was not written: {error.strerror or error}. What was there before is unchanged"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    with suppress(OSError):
        _sync(path.parent)  # the rename itself; not every system lets a folder be synced


def _beside(path: Path) -> Path:
    """A new empty file in the same folder, with the permissions that the target has or would get."""
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        temporary.touch(exist_ok=False)
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    return temporary


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
