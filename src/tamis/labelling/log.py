"""What annotators said: a file that only grows, a line an act; and where that leaves each pair."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tamis.data.append import append_lines
from tamis.errors import InputError, StorageError

Act: TypeAlias = Literal["label", "skip", "undo"]
LONGEST_NAME = 100  # characters of an annotator's
ACTS: tuple[Act, ...] = ("label", "skip", "undo")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of one annotator: a label, a pair passed over, or the last of these taken back.

    Attributes:
        item, annotator: which pair, and who.
        label: the grade's name; empty unless the act is a label.
        time: seconds since 1970.
        seconds: how long it took; None where nobody measured it.
    """

    item: str
    annotator: str
    act: Act = "label"
    label: str = ""
    time: float = 0.0
    seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The entry as a line of the file holds it."""
        when = datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds")
        label = self.label if self.act == "label" else None
        return {"item": self.item, "annotator": self.annotator, "act": self.act, "label": label, "time": when,
                "seconds": self.seconds}  # fmt: skip


def read_entry(line: bytes) -> Entry | None:
    """The entry of a line; None where a crash cut it, or something else wrote it."""
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or value["act"] not in ACTS:
            return None
        time = datetime.fromisoformat(value["time"]).timestamp()
        taken = None if value.get("seconds") is None else float(value["seconds"])
        return Entry(str(value["item"]), str(value["annotator"]), value["act"], value["label"] or "", time, taken)
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class Said:
    """What stands after all acts.

    Attributes:
        by_item: what annotators last said of each pair, labels and skips, in the order in which they first said it.
        by_annotator: the same by annotator, the last act last.
    """

    by_item: dict[str, dict[str, Entry]] = field(default_factory=dict)
    by_annotator: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Take the next act: it replaces what the annotator said of the pair before, or takes it back."""
        mine = self.by_annotator.setdefault(entry.annotator, {})
        mine.pop(entry.item, None)
        if entry.act == "undo":
            self.by_item.get(entry.item, {}).pop(entry.annotator, None)
            return
        mine[entry.item] = entry
        self.by_item.setdefault(entry.item, {})[entry.annotator] = entry

    def labels(self, item: str) -> list[Entry]:
        """The labels of a pair, the earliest annotator's first."""
        return [entry for entry in self.by_item.get(item, {}).values() if entry.act == "label"]

    def last(self, annotator: str) -> Entry | None:
        """What an annotator did last and has not taken back."""
        mine = self.by_annotator.get(annotator)
        return next(reversed(mine.values())) if mine else None

    def touched(self, item: str) -> bool:
        """Whether anybody said anything of a pair."""
        return bool(self.by_item.get(item))


class LabelLog:
    """A file of entries. Whoever reads or writes holds the folder's lock.

    A line is on the disk when ``add`` returns. A line that a crash cut in two was never acknowledged: it stays where
    it is, alone on its line, is passed over, and counted in ``torn``.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.said, self.torn = path, Said(), 0
        self._read = 0  # bytes that are in ``said``

    def refresh(self) -> None:
        """Take what others have written since.

        Raises:
            StorageError: the file became shorter, so that it is another one now.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size < self._read:
                raise StorageError(f"{self.path} lost lines that were read before: take back the file that it was")
            file.seek(self._read)
            fresh = file.read()
        for line in _lines(fresh):
            self._take(line)
        self._read += len(fresh)

    def add(self, entry: Entry) -> None:
        """Write one entry down; it is on the disk when this returns.

        Raises:
            StorageError: the disk refused it.
        """
        line = (json.dumps(entry.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        append_lines(self.path, line)
        self.refresh()

    def _take(self, line: bytes) -> None:
        if (entry := read_entry(line)) is None:
            self.torn += 1
        else:
            self.said.take(entry)


def _lines(fresh: bytes) -> Iterator[bytes]:
    return (line for line in fresh.split(b"\n") if line.strip())


def checked_name(annotator: str) -> str:
    """An annotator's name.

    Raises:
        InputError: it is blank, too long, or has characters that no line shows.
    """
    name = annotator.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"an annotator has a name, of 1 to {LONGEST_NAME} characters, got {annotator!r:.60}")
    return name
