"""Who has which pair before them just now, so that two people are not given one pair without need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.errors import StorageError

MINUTES = 10.0  # after which a pair that nobody labelled is given to somebody else


@dataclass(frozen=True, slots=True)
class Leases:
    """The pair that each annotator has, and until when, in seconds since 1970.

    >>> leases = Leases().with_one("ann", "7", until=100.0)
    >>> leases.of("ann", now=50.0), leases.of("ann", now=101.0), leases.others("7", "bob", now=50.0)
    ('7', None, 1)
    """

    held: tuple[tuple[str, str, float], ...] = ()

    def of(self, annotator: str, now: float) -> str | None:
        """The pair that an annotator has; None where there is none, or its time is over."""
        return next((item for who, item, until in self.held if who == annotator and until > now), None)

    def others(self, item: str, annotator: str, now: float) -> int:
        """How many other annotators have a pair before them."""
        return sum(who != annotator and what == item and until > now for who, what, until in self.held)

    def with_one(self, annotator: str, item: str, until: float) -> Leases:
        """The same with another pair for one annotator."""
        return Leases((*self.without(annotator).held, (annotator, item, until)))

    def without(self, annotator: str) -> Leases:
        """The same with no pair for one annotator."""
        return Leases(tuple(lease for lease in self.held if lease[0] != annotator))

    def save(self, path: Path) -> None:
        """Write them down. A power cut may lose them, which costs a pair seen twice and no label, so nothing is synced.

        Raises:
            StorageError: the disk refused them.
        """
        beside = path.with_name(f".{path.name}.tmp")  # one writer at a time: the folder's lock is held
        try:
            beside.write_text(json.dumps({who: [item, until] for who, item, until in self.held}), "utf-8")
            beside.replace(path)
        except OSError as error:
            raise StorageError(f"{path} was not written: {error.strerror or error}") from error

    @classmethod
    def load(cls, path: Path) -> Leases:
        """Those of a file; none where it is not there or was cut by a crash."""
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return cls(tuple((who, str(item), float(until)) for who, (item, until) in found.items()))
        except (OSError, ValueError, TypeError, AttributeError):
            return cls()
