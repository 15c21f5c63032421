"""Small things that a visitor saves under names, such as instructions: a file a visitor."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from tamis.data import atomic_write
from tamis.errors import InputError, NotFoundError
from tamis.workbench.visitors import Visitor

MOST, LONGEST_NAME, LONGEST = 200, 60, 20_000


class Kept:
    """Texts by name, each visitor's own.

    Args:
        folder: made when something is saved.

    >>> import tempfile
    >>> place = tempfile.TemporaryDirectory()
    >>> kept, me, you = Kept(Path(place.name)), Visitor("visitor-1"), Visitor("visitor-2")
    >>> kept.save(me, "law", "Find the provision that decides the case")
    >>> kept.of(me), kept.of(you)
    ({'law': 'Find the provision that decides the case'}, {})
    >>> place.cleanup()
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()

    def of(self, visitor: Visitor) -> dict[str, str]:
        """What a visitor has saved, by name."""
        try:
            found = json.loads(self._path(visitor).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def save(self, visitor: Visitor, name: str, text: str) -> None:
        """Keep a text under a name, in the place of what had it.

        Raises:
            InputError: the name or the text is blank or too long, or there are too many.
        """
        name = name.strip()
        if not 0 < len(name) <= LONGEST_NAME:
            raise InputError(f"a name has 1 to {LONGEST_NAME} characters, got {len(name)}")
        if not text.strip() or len(text) > LONGEST:
            raise InputError(f"expected a text of 1 to {LONGEST:,} characters, got {len(text.strip()):,}")
        with self._lock:
            found = {**self.of(visitor), name: text}
            if len(found) > MOST:
                raise InputError(f"{MOST} names are kept: forget one first")
            self._write(visitor, found)

    def forget(self, visitor: Visitor, name: str) -> None:
        """Keep a name no more.

        Raises:
            NotFoundError: the visitor has saved nothing under it.
        """
        with self._lock:
            found = self.of(visitor)
            if name not in found:
                raise NotFoundError(f"nothing is saved as {name!r:.80}")
            self._write(visitor, {key: text for key, text in found.items() if key != name})

    def _write(self, visitor: Visitor, found: dict[str, str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path(visitor)) as out:
            json.dump(found, out, ensure_ascii=False)

    def _path(self, visitor: Visitor) -> Path:
        return self._folder / f"{visitor.name}.json"  # a name is made by Visitors, never by a visitor
