"""How likely places are looked at, estimated from logs: by a model, by what moved, by what was shuffled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.errors import InputError
from tamis.observe.clicks.examination import LEAST, Measured
from tamis.observe.clicks.log import ClickLog, Numbers

STEPS = 5_000  # of the EM algorithm
SETTLED = 1e-6  # change of every place's figure, relative to the first place's, at which it ends
HIGHEST = 0.8  # of the examination to begin with: its scale is free, and a figure of 1 could not be left again
KEPT = 0.8  # share of the resamples that must say something of all places


@dataclass(frozen=True, slots=True)
class Estimated:
    """How likely each place is looked at, relative to the first, with intervals.

    Attributes:
        examination: the estimate.
        low, high: percentile bootstrap interval of each place; of the first, 1 and 1.
        raw: click rate at each place over that at the first: what one would take without any correction.
        method: ``"em"``, ``"intervention"`` or ``"random"``.
        impressions: rows of the log.
        units: queries, or sessions, that were drawn again.
        steps: of the iteration.
        unsaid: share of the resamples that said nothing of some place, and were left out.
    """

    examination: Measured
    low: tuple[float, ...]
    high: tuple[float, ...]
    raw: tuple[float, ...]
    method: str
    impressions: int
    units: int
    steps: int = 0
    unsaid: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The estimate as JSON values; its ``examination`` can be read alone."""
        lists = {name: list(getattr(self, name)) for name in ("low", "high", "raw")}
        return asdict(self) | lists | {"examination": self.examination.as_json()}


class Cells(NamedTuple):
    """Impressions put together: how often each thing was shown at each place, and clicked there."""

    things: Numbers
    places: Numbers
    shown: Floats
    clicked: Floats


class Figures(NamedTuple):
    """A figure a place, relative to the first, and how many steps it took; None where the places are not linked."""

    values: Floats | None
    steps: int = 0


class Method(Protocol):
    """From impressions, each with a weight, to figures; ``start`` is where an iteration may begin."""

    def __call__(self, log: ClickLog, weights: Floats, start: Floats | None = None) -> Figures: ...


def by_em(
    log: ClickLog, *, rounds: int = 200, confidence: float = 0.95, seed: int = 0, least: float = LEAST
) -> Estimated:
    """Examination by the position-based model, fitted by expectation maximisation.

    ``P(click) = examination(place) * attraction(query, document)``. Sources: Chuklin, Markov, de Rijke, Click Models
    for Web Search (2015), chapter 4; Wang et al., WSDM 2018, section 3. What tells of examination are clicked documents
    that stood at several places: a fixed ranker's log has none. Documents that were shown a few times each make it
    understate the bias, for a figure of their own follows the noise: where the second place has .5, measured .52 at 100
    impressions a document, .51 at 10 and .61 at 4, by interventions .52, .49 and .50.

    Args:
        log: what was shown and clicked.
        rounds: resamples of the log's units.
        confidence: wanted coverage of each place's interval.
        seed: the same seed gives the same intervals.
        least: bound below of the examination that is returned.

    Raises:
        InputError: some place shares no clicked document with the others, so that nothing can be said of it.

    >>> log = ClickLog.columns(["q", "r"] * 40, ["a", "b"] * 40, [1, 2, 2, 1] * 20, [1, 1, 1, 1, 1, 0, 0, 1] * 10)
    >>> [round(value, 2) for value in by_em(log, rounds=20).examination.by_position]
    [1.0, 0.5]
    """
    return _estimated("em", log, rounds, confidence, seed, least)


def by_intervention(
    log: ClickLog, *, rounds: int = 200, confidence: float = 0.95, seed: int = 0, least: float = LEAST
) -> Estimated:
    """Examination from documents that stood at several places of one query's list because rankers changed.

    Source: Agarwal et al., WSDM 2019 (AllPairs, section 4): for each two places, click rates of the documents that
    stood at both, and one figure for those documents' attraction. A document counts by ``n m / (n + m)`` where it was
    shown n and m times (Mantel and Haenszel's weights), not alike as in the paper, which spares variance. Unlike
    ``by_em`` it has no figure for each document, so that documents that were shown a few times only do no harm. Why a
    document moved must have nothing to do with how good the users of the day found it.

    Args and errors are those of ``by_em``.
    """
    return _estimated("intervention", log, rounds, confidence, seed, least)


def by_random_ranks(
    log: ClickLog, *, rounds: int = 200, confidence: float = 0.95, seed: int = 0, least: float = LEAST
) -> Estimated:
    """Examination from lists whose order was drawn: the click rate at each place over that at the first.

    Source: Joachims, Swaminathan, Schnabel, WSDM 2017, section 5 (swaps), and Wang et al., SIGIR 2016 (shuffles). Only
    for the part of the traffic that was randomised; elsewhere better documents stand above, and it overstates the bias.

    Args are those of ``by_em``.

    Raises:
        InputError: no document ever stood at two places, which no randomised log looks like; a place without
            impressions, or no click at the first.
    """
    return _estimated("random", log, rounds, confidence, seed, least)


def _estimated(name: str, log: ClickLog, rounds: int, confidence: float, seed: int, least: float) -> Estimated:
    if rounds < 1 or not 0 < confidence < 1:
        raise InputError(f"expected at least one round and a confidence in (0, 1), got {rounds} and {confidence}")
    count, method = int(log.positions.max()), METHODS[name]
    shown = np.bincount(log.positions - 1, minlength=count)
    if not shown.all():
        gap = int(np.flatnonzero(shown == 0)[0]) + 1
        raise InputError(f"nothing was shown at place {gap}: measure the places above it, log.upto({gap - 1})")
    if log.units.max() < 1:
        raise InputError("all impressions are of one query, of which no error can be told: make the units sessions")
    whole = method(log, np.ones(len(log)))
    if whole.values is None:
        raise InputError(_unlinked(log, count))
    drawn = _resampled(log, method, whole.values, rounds, seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    rates = np.bincount(log.positions - 1, log.clicks, count) / shown
    return Estimated(
        Measured(_tuple(whole.values), least),
        *(_tuple(low), _tuple(high), _tuple(rates / max(rates[0], 1e-300)), name),
        *(len(log), int(log.units.max()) + 1, whole.steps, 1 - len(drawn) / rounds),
    )


def _resampled(log: ClickLog, method: Method, start: Floats, rounds: int, seed: int) -> Floats:
    """The figures of resamples of the units, shape ``(rounds that said something, places)``."""
    rng, units = np.random.default_rng(seed), int(log.units.max()) + 1
    found = []
    for _ in range(rounds):
        times = np.bincount(rng.integers(0, units, units), minlength=units).astype(np.float64)
        values = method(log, times[log.units], start).values
        found += [] if values is None else [values]
    if len(found) < KEPT * rounds:
        raise InputError(
            f"only {len(found)} of {rounds} resamples say something of every place: there are too few clicks on "
            "documents that stood at several places; collect more, or measure the first places only (log.upto)"
        )
    return np.array(found)


def _by_model(log: ClickLog, weights: Floats, start: Floats | None = None) -> Figures:
    return _fitted(_cells(log, weights), int(log.positions.max()), start)


def _by_moves(log: ClickLog, weights: Floats, start: Floats | None = None) -> Figures:
    count = int(log.positions.max())
    shown, clicked = _table(log, weights, count)
    things: list[int] = []
    places: list[int] = []
    trials: list[float] = []
    clicks: list[float] = []
    for number, both in enumerate(combinations(range(count), 2)):
        n = shown[:, both]
        here = n.min(axis=1) > 0
        share = n[here].prod(axis=1) / n[here].sum(axis=1)
        for at, place in enumerate(both):
            things.append(number)
            places.append(place)
            trials.append(float(share.sum()))
            clicks.append(float(share @ (clicked[here, place] / n[here, at])))
    return _fitted(Cells(np.array(things), np.array(places), np.array(trials), np.array(clicks)), count, start)


def _by_rates(log: ClickLog, weights: Floats, start: Floats | None = None) -> Figures:
    again, moved = np.bincount(log.pairs) > 1, np.bincount(_cells(log, weights).things) > 1
    if again.any() and not moved.any():  # as often as it was shown, a document stood where it had stood
        return Figures(None)
    shown = np.bincount(log.positions - 1, weights)
    clicked = np.bincount(log.positions - 1, weights * log.clicks)
    return Figures(None if not shown.all() or not clicked[0] else (clicked / shown) / (clicked[0] / shown[0]))


def _table(log: ClickLog, weights: Floats, count: int) -> tuple[Floats, Floats]:
    """How often each pair was shown and clicked at each place, two tables of the shape ``(pairs, places)``."""
    cells, size = log.pairs * count + log.positions - 1, (int(log.pairs.max()) + 1) * count
    shown, clicked = (np.bincount(cells, by, size).reshape(-1, count) for by in (weights, weights * log.clicks))
    return shown.astype(np.float64), clicked.astype(np.float64)


def _cells(log: ClickLog, weights: Floats) -> Cells:
    shown, clicked = _table(log, weights, int(log.positions.max()))
    things, places = np.nonzero(shown)
    return Cells(things, places, shown[things, places], clicked[things, places])


def _telling(cells: Cells) -> Cells:
    """The cells of things that were clicked and stood at several places: the others have a figure of their own each,
    which takes up whatever they could say."""
    seen = cells.shown > 0
    size = int(cells.things.max()) + 1
    several = np.bincount(cells.things, seen, size) > 1
    clicked = np.bincount(cells.things, cells.clicked, size) > 0
    kept = seen & (several & clicked)[cells.things]
    return Cells(cells.things[kept], cells.places[kept], cells.shown[kept], cells.clicked[kept])


def _linked(cells: Cells, count: int) -> NDArray[np.bool_]:
    """Whether each place shares clicked things with the first one, directly or by way of other places."""
    told = _telling(cells)
    order = np.lexsort((told.places, told.things))
    things, places = told.things[order], told.places[order]
    same = np.flatnonzero(things[1:] == things[:-1])
    near = np.eye(count, dtype=bool)
    near[places[same], places[same + 1]] = near[places[same + 1], places[same]] = True
    reached: NDArray[np.bool_] = near[0]
    for _ in range(count):
        reached = np.any(near[reached], axis=0)
    return reached


def _unlinked(log: ClickLog, count: int) -> str:
    reached = _linked(_cells(log, np.ones(len(log))), count)
    alone = ", ".join(str(place + 1) for place in np.flatnonzero(~reached)[:9])
    why = f"no clicked document stood both at place {alone} and at one that is linked to the first"
    return (
        f"{why if alone else 'the first place has no click'}: whether such places are looked at less, or hold worse "
        "documents, cannot be told from this log; shuffle some lists, or measure fewer places (log.upto)"
    )


def _fitted(cells: Cells, count: int, start: Floats | None) -> Figures:
    """The position-based model's maximum of likelihood over the places, by expectation maximisation."""
    if not _linked(cells, count).all():
        return Figures(None)
    things, places, shown, clicked = _telling(cells)
    things = np.unique(things, return_inverse=True)[1]
    looks = 1.0 / np.arange(1, count + 1) if start is None else np.maximum(start, 1e-3)
    looks *= HIGHEST / looks.max()
    drawn = np.full(int(things.max()) + 1, 0.5)
    by_place, by_thing, passed = np.bincount(places, shown), np.bincount(things, shown), shown - clicked
    step, moved = 0, np.inf
    while step < STEPS and moved >= SETTLED:
        step += 1
        look, draw = looks[places], drawn[things]
        unclicked = passed / np.maximum(1.0 - look * draw, 1e-12)
        new = np.bincount(places, clicked + unclicked * look * (1.0 - draw)) / by_place
        drawn = np.bincount(things, clicked + unclicked * draw * (1.0 - look)) / by_thing
        moved, looks = float(np.abs(new / new[0] - looks / looks[0]).max()), new
    return Figures(np.asarray(looks / looks[0], dtype=np.float64), step)


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


METHODS: Mapping[str, Method] = {"em": _by_model, "intervention": _by_moves, "random": _by_rates}
