"""Processes that use a store at once: forked after the imports, so that they meet.

Run as a program: what they do, where the store is, how many of them, and what else that takes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from tamis.observe.events import Decided, Event
from tamis.observe.store import Store, Writer


def opens(where: str, number: int) -> None:
    """Opens the store, which may not be there yet, and adds one event."""
    with Store.open(where) as store:
        store.add(events=[Event("click", f"e{number}", request="r")])


def appends(where: str, number: int) -> None:
    """Adds rows to the ledger."""
    with Store.open(where) as store:
        for turn in range(5):
            store.append("turn", actor=str(number), subject=str(turn))


def writes(where: str, number: int) -> None:
    """Adds events one by one, and some that all the others add too."""
    with Store.open(where) as store, Writer(store) as writer:
        waiting = [writer.add(Event("click", f"e{number}-{turn}", request=f"r{turn}")) for turn in range(200)]
        waiting += [writer.add(Event("skip", f"all-{turn}"), Decided(f"r{turn}")) for turn in range(100)]
        for one in waiting:
            one.result(30)


def streams(where: str, number: int) -> None:
    """Adds events for ever, and says the name of each when it is on the disk."""
    with Store.open(where) as store, Writer(store) as writer:
        for turn in range(10**9):
            name = f"e{number}-{turn}"
            added = writer.add(Event("click", name, request="r"))
            added.add_done_callback(lambda done, name=name: done.exception() or os.write(1, f"{name}\n".encode()))
            time.sleep(0.0005)


WORK: dict[str, Callable[[str, int], None]] = {
    "opens": opens, "appends": appends, "writes": writes, "streams": streams
}  # fmt: skip


def main() -> int:
    what, where, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    begin = time.monotonic() + 0.1
    children = []
    for number in range(count):
        if not (child := os.fork()):
            time.sleep(max(0.0, begin - time.monotonic()))
            code = 1
            try:
                WORK[what](where, number)
                code = 0
            finally:
                sys.stdout.flush()
                if code:
                    import traceback

                    traceback.print_exc()
                os._exit(code)
        children.append(child)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
