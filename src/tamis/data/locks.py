"""A file of which one process at a time can say that it is its own."""

from __future__ import annotations

import os
import sys


def lock(file: int) -> bool:
    """Take the lock of an open file, unless another process (or another open of the file) holds it.

    The system gives it back when the file is closed, also where the process is killed.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as one:
    ...     lock(one.fileno())
    True
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far behind the content, which thus stays readable.
            os.lseek(file, 1 << 30, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
