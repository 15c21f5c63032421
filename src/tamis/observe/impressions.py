"""What sessions showed and what was clicked, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.observe.events import Placed, Session

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Impressions:
    """The documents that sessions showed, one an element of each column, and the candidates they were chosen from.

    Attributes:
        sessions: how many there are.
        session: which session, from 0.
        scores: raw.
        positions: places on the page, from 1.
        clicked: 1.0 where it was clicked and the click satisfied, else 0.0.
        propensities: chance that it was shown, in (0, 1].
        pool_session: of every candidate, shown or not, which session.
        pool_scores: their raw scores.
        pool_places: their places by score within their session, from 1.
    """

    sessions: int
    session: Codes
    scores: Floats
    positions: Codes
    clicked: Floats
    propensities: Floats
    pool_session: Codes
    pool_scores: Floats
    pool_places: Codes

    @classmethod
    def of(cls, sessions: Iterable[Session], *, dwell: float = 0.0) -> Self:
        """The columns of some sessions, in their order.

        Args:
            sessions: each counts, also one without a click: nothing was worth one.
            dwell: seconds below which a click did not satisfy; a click whose dwell is not known does.

        >>> from tamis.observe.events import Decided, Event
        >>> items = (Placed("a", 2.0, position=1), Placed("b", 1.0, position=2), Placed("c", 0.0))
        >>> shown = Impressions.of([Session(Decided("r1", items=items), (Event("click", "e1", document="b"),))])
        >>> shown.clicked.tolist(), shown.pool_scores.tolist()
        ([0.0, 1.0], [2.0, 1.0, 0.0])
        """
        shown: list[tuple[int, float, int, float, float]] = []
        pool: list[tuple[int, float, int]] = []
        at = -1
        for at, session in enumerate(sessions):
            good = session.satisfied(dwell)
            for item in session.decided.items:
                if item.shown:
                    shown.append((at, item.score, item.position, float(item.document in good), item.propensity))
            pool += [(at, score, place) for place, score in enumerate(_scores(session.decided.items), 1)]
        rows, every = np.array(shown, np.float64).reshape(-1, 5), np.array(pool, np.float64).reshape(-1, 3)
        return cls(
            at + 1, rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2].astype(np.int64), rows[:, 3], rows[:, 4],
            every[:, 0].astype(np.int64), every[:, 1], every[:, 2].astype(np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        return self.scores.size


def _scores(items: Sequence[Placed]) -> list[float]:
    return sorted((item.score for item in items), reverse=True)
