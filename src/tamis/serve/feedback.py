"""What users did with what they were shown: a file that only grows, whose lines are on the disk when acknowledged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tamis.data.append import append_lines
from tamis.errors import InputError
from tamis.serve.queue import Limits, Queue

LINES = Limits(waiting=100_000, together=2_000, beside=1)


class FeedbackLog:
    """A file of events, a JSON object a line.

    Events of many requests are written by one call and synced once, and only then acknowledged: a crash or ``kill -9``
    loses none of those. A line that a crash cut in two stays as it is, alone on its line; readers pass over it.

    Args:
        path: the file; made where there is none.
        limits: in events.

    Raises:
        InputError: the path is a folder, or its folder does not exist.
    """

    def __init__(self, path: str | Path, limits: Limits = LINES) -> None:
        self.path = Path(path)
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise InputError(f"{self.path} cannot be written: expected a file in a folder that exists")
        self.queue = Queue[Mapping[str, Any], None](self._write, lambda _: 1, limits)

    async def add(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Write events down; they are on the disk when this returns.

        Raises:
            StorageError: the disk refused them.
            UnavailableError: too many are waiting, or the server is stopping.
        """
        await self.queue.submit(events)

    def _write(self, events: Sequence[Mapping[str, Any]]) -> list[None]:
        lines = "".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)
        append_lines(self.path, lines.encode())
        return [None] * len(events)


def counted(path: str | Path) -> dict[str, int]:
    """How many events of each kind a file holds; none where it was not written yet."""
    if not Path(path).exists():
        return {}
    return dict(Counter(str(event.get("kind", "")) for event in read_feedback(path)))


def read_feedback(path: str | Path) -> Iterator[dict[str, Any]]:
    """The events of a file, in the order of their arrival, each once by its ``event`` name.

    Lines that a crash cut in two were never acknowledged and are passed over.
    """
    seen: set[str] = set()
    with Path(path).open("rb") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and (name := str(event.get("event"))) not in seen:
                seen.add(name)
                yield event
