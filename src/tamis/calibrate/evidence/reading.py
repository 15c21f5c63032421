"""How to read one query's scores: gap, spread and mean, told as percentiles of other queries' (founding document)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Labelled
from tamis.core import Floats, Groups

# The rule's name, what it looks at, and the percentile below which it speaks.
RULES: tuple[tuple[str, str, float], ...] = (
    ("broad_query", "spread", 0.05),
    ("document_quality", "mean", 0.10),
    ("close_race", "gap", 0.05),
)
SIGNS = ("gap", "spread", "mean")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Signs:
    """Three numbers a query, from its candidates' scores alone; labels are not needed.

    Attributes:
        gap: first less second score, shape ``(queries,)``; NaN for a query with one candidate.
        spread: standard deviation of the scores; NaN for a query with one candidate.
        mean: mean of the scores.
        numbers: each query's number in the data.

    >>> Signs.of([0.91, 0.89, 0.83, 0.95, 0.42, 0.38], list("aaabbb")).gap.round(2).tolist()
    [0.02, 0.53]
    """

    gap: Floats
    spread: Floats
    mean: Floats
    numbers: np.ndarray

    @classmethod
    def of(cls, scores: ArrayLike, groups: Groups) -> Self:
        """The signs of queries.

        Args:
            scores: one finite number a candidate.
            groups: each candidate's query.

        Raises:
            InputError: nothing, another number of groups than scores, or a score that is not finite.
        """
        size = np.asarray(scores).size
        return cls.from_pairs(Labelled.of(scores, np.zeros(size), groups))

    @classmethod
    def from_pairs(cls, data: Labelled) -> Self:
        """The signs of the queries of labelled pairs; the labels are not read."""
        order = np.lexsort((-data.scores, data.groups))
        scores, groups = data.scores[order], data.groups[order]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        sizes = np.diff(starts, append=len(groups))
        mean = np.add.reduceat(scores, starts) / sizes
        squares = np.add.reduceat((scores - np.repeat(mean, sizes)) ** 2, starts) / sizes
        alone = sizes < 2
        second = np.minimum(starts + 1, len(scores) - 1)
        gap = np.where(alone, np.nan, scores[starts] - scores[second])
        return cls(gap, np.where(alone, np.nan, np.sqrt(squares)), mean, groups[starts])

    def percentiles(self, reference: Signs) -> dict[str, Floats]:
        """Where each query lies among the reference's queries, in [0, 1] by sign; ties count one half."""
        return {sign: _places(getattr(self, sign), getattr(reference, sign)) for sign in SIGNS}


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule says about one query.

    Attributes:
        query: its name, or its number in the data where names are not known.
        rule: ``broad_query``, ``document_quality`` or ``close_race``.
        value: the query's spread, mean or gap.
        percentile: where that lies among the reference's queries, in [0, 1].
    """

    query: str
    rule: str
    value: float
    percentile: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading rules over all queries.

    Attributes:
        queries: how many queries were read.
        own: whether the percentiles are among these very queries; then each rule speaks of its share of them by design,
            and only the order of the queries says something.
        counts: how many queries each rule speaks of.
        expected: how many it would by chance if these queries were like the reference's.
        remarks: those furthest out, at most 20, furthest first.
        quantiles: the reference's 5, 25, 50, 75 and 95 % quantiles of each sign.
    """

    queries: int
    own: bool
    counts: Mapping[str, int]
    expected: Mapping[str, float]
    remarks: tuple[Remark, ...]
    quantiles: Mapping[str, tuple[float, ...]]


def reading(data: Labelled, reference: Signs | None = None, *, names: Sequence[str] | None = None) -> Reading:
    """Apply the reading rules to every query of the data.

    A spread below what is usual suggests a broad query, a low mean candidates that state little or do not answer, a
    small gap several equally good candidates. The founding document's numbers (.05, .6) belong to one model; here a
    rule speaks below the 5th percentile (the 10th for the mean) of the reference.

    Args:
        data: pairs with queries.
        reference: the signs of other queries scored by the same scorer; without it, the data's own.
        names: of the queries, by their number in the data.

    >>> data = Labelled.of([3.0, 1.0, 2.0, 1.9], [1, 0, 1, 0], ["a", "a", "b", "b"])
    >>> reading(data, Signs.of([3.0, 1.0, 5.0, 2.0], ["c", "c", "d", "d"])).counts["close_race"]
    1
    """
    signs = Signs.from_pairs(data)
    against = signs if reference is None else reference
    places = signs.percentiles(against)
    counts, expected, remarks = {}, {}, list[list[Remark]]()
    for rule, sign, level in RULES:
        low = np.flatnonzero(places[sign] < level)
        counts[rule] = int(low.size)
        expected[rule] = level * float(np.isfinite(getattr(signs, sign)).sum())
        values = getattr(signs, sign)
        furthest = low[np.lexsort((signs.numbers[low], values[low], places[sign][low]))][:SHOWN]
        remarks.append(
            [Remark(_name(signs.numbers[i], names), rule, float(values[i]), float(places[sign][i])) for i in furthest]
        )
    return Reading(
        queries=int(signs.numbers.size),
        own=reference is None,
        counts=counts,
        expected=expected,
        remarks=tuple(islice(_in_turn(remarks), SHOWN)),
        quantiles={sign: _quantiles(getattr(against, sign)) for sign in SIGNS},
    )


def _name(number: int, names: Sequence[str] | None) -> str:
    return names[number] if names is not None else str(number)


def _in_turn(by_rule: Sequence[Sequence[Remark]]) -> Iterator[Remark]:
    """The furthest of each rule in turn, so that no rule crowds out another."""
    return (found[place] for place in range(SHOWN) for found in by_rule if place < len(found))


def _places(values: Floats, reference: Floats) -> Floats:
    known = np.sort(reference[np.isfinite(reference)])
    if not known.size:
        return np.full(values.shape, np.nan)
    below, up_to = np.searchsorted(known, values, "left"), np.searchsorted(known, values, "right")
    return np.where(np.isfinite(values), (below + up_to) / (2 * known.size), np.nan)


def _quantiles(values: Floats) -> tuple[float, ...]:
    known = values[np.isfinite(values)]
    return tuple(np.quantile(known, [0.05, 0.25, 0.5, 0.75, 0.95]).tolist()) if known.size else ()
