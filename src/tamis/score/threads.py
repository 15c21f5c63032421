"""How many threads one model may use."""

from __future__ import annotations

import os

from tamis.errors import InputError

VARIABLE = "TAMIS_THREADS"


def threads() -> int:
    """The value of ``TAMIS_THREADS``, or the number of processors this process may run on.

    Raises:
        InputError: ``TAMIS_THREADS`` is not a whole number of at least 1.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not wanted.isdecimal() or int(wanted) < 1:
        raise InputError(f"{VARIABLE} must be a whole number of at least 1, got {wanted!r}")
    return int(wanted)
