"""Impressions as columns: which document of which query stood where, and whether it was clicked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Floats, Groups
from tamis.data.impressions import Impression
from tamis.errors import InputError
from tamis.observe.clicks.clustered import coded, column, outcomes
from tamis.observe.events import Session

Numbers: TypeAlias = NDArray[np.int64]
Unit: TypeAlias = Literal["query", "session"]


@dataclass(frozen=True, slots=True, eq=False)
class ClickLog:
    """What was shown and clicked, a row an impression.

    Attributes:
        pairs: number of the query and document together, from 0, shape ``(n,)``.
        positions: place on the page, from 1.
        clicks: 0.0 or 1.0.
        units: number of the query, or session, that is drawn again in a bootstrap; rows of one unit are alike.

    >>> log = ClickLog.columns(["q", "q", "q"], ["a", "b", "a"], [1, 2, 2], [1, 0, 0])
    >>> log.pairs.tolist(), log.units.tolist(), len(log)
    ([0, 1, 0], [0, 0, 0], 3)
    """

    pairs: Numbers
    positions: Numbers
    clicks: Floats
    units: Numbers

    def __len__(self) -> int:
        return self.pairs.size

    @classmethod
    def columns(
        cls, queries: Groups, documents: Groups, positions: ArrayLike, clicks: ArrayLike, *, units: Groups | None = None
    ) -> Self:
        """A log from columns of equal length; without units, queries are the units.

        Raises:
            InputError: no rows, columns of different lengths, a place below 1, or a click other than 0 and 1.
        """
        clicked, places = outcomes(clicks), column(positions, "places")
        size = clicked.size
        if not size or places.shape != (size,) or len(queries) != size or len(documents) != size:
            raise InputError(
                f"expected a query, a document, a place and a click an impression, got {len(queries)}, "
                f"{len(documents)}, {places.size} and {size}"
            )
        if (places != np.floor(places)).any() or places.min() < 1:
            raise InputError(f"places are whole numbers from 1, got {places.min():g}")
        asked, shown = coded(queries, size), coded(documents, size)
        pairs = coded(asked * (int(shown.max()) + 1) + shown, size)
        return cls(pairs, places.astype(np.int64), clicked, asked if units is None else coded(units, size))

    @classmethod
    def of(cls, impressions: Iterable[Impression], *, unit: Unit = "query", dwell: float = 0.0) -> Self:
        """A log from a click log's rows.

        Args:
            impressions: the rows.
            unit: what is drawn again in a bootstrap: queries, or sessions where a few queries make up the log.
            dwell: seconds below which a click does not count; one without a dwell time does.
        """
        rows = [(one.query, one.document, one.position, _counts(one, dwell), one.session) for one in impressions]
        return cls._of_rows(rows, unit)

    @classmethod
    def of_sessions(cls, sessions: Iterable[Session], *, unit: Unit = "query", dwell: float = 0.0) -> Self:
        """A log from decisions and what their users did; what was left out makes no row."""
        return cls._of_rows([row for session in sessions for row in _rows(session, dwell)], unit)

    @classmethod
    def _of_rows(cls, rows: list[tuple[str, str, int, bool, str]], unit: Unit) -> Self:
        if not rows:
            raise InputError("expected a log with impressions, got none")
        queries, documents, positions, clicks, sessions = zip(*rows, strict=True)
        return cls.columns(queries, documents, positions, clicks, units=sessions if unit == "session" else None)

    def upto(self, places: int) -> Self:
        """The first places only.

        Raises:
            InputError: nothing was shown there.
        """
        kept = self.positions <= places
        if not kept.any():
            raise InputError(f"expected impressions at the first {places} places, got none")
        columns = {name: getattr(self, name)[kept] for name in self.__slots__}
        size = int(kept.sum())
        return replace(self, **columns | {name: coded(columns[name], size) for name in ("pairs", "units")})


def _counts(one: Impression, dwell: float) -> bool:
    return one.clicked and (one.dwell is None or one.dwell >= dwell)


def _rows(session: Session, dwell: float) -> Iterator[tuple[str, str, int, bool, str]]:
    good, decided = session.satisfied(dwell), session.decided
    for item in decided.items:
        if item.shown:
            yield decided.query, item.document, item.position, item.document in good, decided.request
