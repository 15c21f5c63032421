"""A file of which one process at a time can say that it is its own."""

from __future__ import annotations

import os
import sys


def lock(file: int, *, wait: bool = False) -> bool:
    """Take the lock of an open file, unless another process (or another open of the file) holds it.

    The system gives it back when the file is closed, also where the process is killed.

    Args:
        file: its descriptor.
        wait: until whoever holds it gives it back; the system wakes us, nobody asks again and again.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as one:
    ...     lock(one.fileno())
    True
    """
    while not _taken(file, wait):
        if not wait:
            return False
    return True


def unlock(file: int) -> None:
    """Give the lock of an open file back."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, 1 << 30, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)


def _taken(file: int, wait: bool) -> bool:
    """Whether one try took the lock; where waiting fails for another reason than time, so does this."""
    if sys.platform == "win32":
        import msvcrt

        # A byte far behind the content, which thus stays readable.
        os.lseek(file, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # LK_LOCK gives up after 10 seconds
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        if wait:  # a file system without locks would be asked for ever
            raise
        return False
    return True
