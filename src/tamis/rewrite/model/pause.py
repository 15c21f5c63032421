"""A pause after failures in a row, so that a server that is down does not hold up everybody who asks."""

from __future__ import annotations

import threading
import time

from tamis.errors import InputError


class Pause:
    """Counts failures in a row; after so many, nothing is asked for some seconds, and then by one at a time.

    Args:
        failures: in a row.
        seconds: how long the pause is.

    Raises:
        InputError: ``failures`` is below 1, or ``seconds`` below 0.

    >>> pause = Pause(failures=2, seconds=30)
    >>> pause.failed(), pause.failed(), pause.left() > 29
    (None, None, True)
    """

    def __init__(self, failures: int = 3, seconds: float = 30.0) -> None:
        if failures < 1 or not seconds >= 0:
            raise InputError(f"a pause needs failures >= 1 and seconds >= 0, got {failures} and {seconds}")
        self.failures, self.seconds = failures, seconds
        self._in_a_row, self._until = 0, 0.0
        self._lock = threading.Lock()

    def left(self) -> float:
        """Seconds until something may be asked; 0 where the caller may ask now.

        At the end of a pause one caller may ask, and for all others it goes on until that one has succeeded.
        """
        with self._lock:
            now = time.monotonic()
            if self._in_a_row < self.failures:
                return 0.0
            if now < self._until:
                return self._until - now
            self._until = now + self.seconds
            return 0.0

    def failed(self) -> None:
        """Count a failure."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self.failures:
                self._until = time.monotonic() + self.seconds

    def succeeded(self) -> None:
        """Forget the failures."""
        with self._lock:
            self._in_a_row = 0
