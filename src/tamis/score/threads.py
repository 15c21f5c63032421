"""How many threads a model may use, and how work is spread over them."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from tamis.errors import InputError

VARIABLE = "TAMIS_THREADS"
_pools: dict[int, ThreadPoolExecutor] = {}  # by the number of threads
_here = threading.local()
Item = TypeVar("Item")
Done = TypeVar("Done")


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


def ahead(work: Callable[[Item], Done], items: Sequence[Item], *, workers: int | None = None) -> Iterator[Done]:
    """The work's results in the items' order, while the next ones are under way in other threads.

    However many callers there are, a process works on ``threads()`` items at a time; a caller is given no more than two
    results a thread before it has asked for them, so that memory stays bounded.

    Args:
        work: what is done with each item.
        items: what it is done with.
        workers: threads to use; None is ``threads()``.

    >>> list(ahead(len, ["a", "tamis", "is"]))
    [1, 5, 2]
    """
    workers = workers or threads()
    if (workers == 1 or len(items) < 2) and not steady():  # the same kind of thread, then, whatever their number
        yield from map(work, items)
        return
    # setdefault: of two callers that come first at once, both get the same pool (an unused one has no threads).
    pool = _pools.get(workers) or _pools.setdefault(workers, ThreadPoolExecutor(workers, "tamis", _mark))
    rest = iter(items)
    running: deque[Future[Done]] = deque(pool.submit(work, item) for item in islice(rest, 2 * workers))
    try:
        while running:
            done = running.popleft().result()
            running.extend(pool.submit(work, item) for item in islice(rest, 1))
            yield done
    finally:
        for future in running:
            future.cancel()


def _mark() -> None:
    _here.beside_others = True


def beside_others() -> bool:
    """Whether this thread is one of those that work side by side, and should start none of its own.

    >>> beside_others(), list(ahead(lambda _: beside_others(), [0, 1], workers=2))
    (False, [True, True])
    """
    return getattr(_here, "beside_others", False)


@contextmanager
def kept_steady() -> Iterator[None]:
    """Within, this thread's scores have the same bits whatever the number of threads: no batch is planned by it.

    >>> with kept_steady():
    ...     steady()
    True
    >>> steady()
    False
    """
    before, _here.steady = steady(), True
    try:
        yield
    finally:
        _here.steady = before


def steady() -> bool:
    """Whether this thread's scores shall not depend, not even in their last bits, on the number of threads."""
    return getattr(_here, "steady", False)


if hasattr(os, "register_at_fork"):
    # A forked child has none of its parent's threads: it starts its own.
    os.register_at_fork(after_in_child=_pools.clear)
