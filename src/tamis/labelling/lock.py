"""The lock of a labelling folder: one process, and one thread of it, at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tamis.data.locks import lock
from tamis.errors import StorageError

PAUSE = 0.002  # seconds between two tries
PATIENCE = 30.0  # seconds after which whoever holds it is taken to be stuck


@contextmanager
def held(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock that this file stands for; the system releases it when its holder ends, however it ends.

    Raises:
        StorageError: it cannot be had: the folder may not be written, or another process does not let go of it.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        until = time.monotonic() + patience
        while not lock(file):
            if time.monotonic() > until:
                raise StorageError(f"{path}: another process has held it for {patience:g} seconds: wait, then repeat")
            time.sleep(PAUSE)
        yield
    finally:
        os.close(file)
