"""How far two columns of numbers lie apart, and how often chance alone would: the frame of all tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Floats, Groups
from tamis.errors import InputError

ROUNDS = 999
CELLS = 1 << 18  # labels held at once while drawing: what a cache holds
NOISE = 1e-10  # statistics closer than this are equal but for rounding

Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shift:
    """A test of whether a column of numbers is distributed as another was.

    Attributes:
        measure: the measure's name, such as ``"ks"``.
        statistic: the distance between both, on the measure's own scale.
        p_value: how often chance alone gives so large a statistic where nothing changed.
        effect: size of the change, which does not grow with the sample; see the measure.
        reference: numbers in the reference.
        now: numbers beside it.
        method: where the p-value comes from: ``"exact"``, ``"limit"`` (of large samples), ``"permutation"`` of numbers,
            or ``"queries"`` (permuted whole).
    """

    measure: str
    statistic: float
    p_value: float
    effect: float
    reference: int
    now: int
    method: str

    def as_json(self) -> dict[str, Any]:
        """The test as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Pooled:
    """Two columns sorted into one; made by ``Pooled.of``, which checks.

    Attributes:
        values: all numbers, rising, shape ``(n,)``.
        now: which of them are not of the reference, shape ``(n,)``.
        last: place of the last number that equals this one, shape ``(n,)``.
        clusters: number of each number's query, counted over both columns; None where every number stands alone.
    """

    values: Floats
    now: Mask
    last: Places
    clusters: Places | None = None

    @classmethod
    def of(cls, reference: ArrayLike, now: ArrayLike, groups: tuple[Groups, Groups] | None = None) -> Self:
        """Two columns as one.

        Raises:
            InputError: an empty column, a number that is not finite, or other counts of queries than of numbers.
        """
        columns = [_column(values, name) for values, name in ((reference, "reference"), (now, "now"))]
        values = np.concatenate(columns)
        order = np.argsort(values, kind="stable")
        values = values[order]
        last = np.searchsorted(values, values, side="right") - 1
        clusters = None if groups is None else _clusters(columns, groups)[order]
        return cls(values, order >= columns[0].size, last.astype(np.int64), clusters)

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers in the reference and beside it."""
        later = int(self.now.sum())
        return self.now.size - later, later

    @property
    def tied(self) -> bool:
        """Whether any two numbers are equal."""
        return bool((self.last != np.arange(self.last.size)).any())

    @property
    def ends(self) -> Places:
        """Places at which a run of equal numbers ends."""
        return np.unique(self.last)

    def labellings(self, rounds: int, seed: int) -> Iterator[Mask]:
        """Random labels as chance would give them, shapes ``(some, n)``: of whole queries where queries are known.

        The same seed gives the same labels.
        """
        rng = np.random.default_rng(seed)
        rows = max(1, CELLS // self.now.size)
        labels = self.now if self.clusters is None else self._cluster_labels()
        for start in range(0, rounds, rows):
            drawn = rng.permuted(np.tile(labels, (min(rows, rounds - start), 1)), axis=1)
            yield drawn if self.clusters is None else drawn[:, self.clusters]

    def _cluster_labels(self) -> Mask:
        assert self.clusters is not None
        labels = np.zeros(int(self.clusters.max()) + 1, dtype=np.bool_)
        labels[self.clusters] = self.now
        return labels


class TwoSample(Protocol):
    """A measure of how far two columns lie apart; a row of ``MEASURES``."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def statistics(self, pooled: Pooled, now: Mask) -> Floats:
        """The distance for each labelling in ``now``, shape ``(labellings, n)``, of the sorted numbers."""

    def tail(self, pooled: Pooled, statistic: float) -> tuple[float, str] | None:
        """P-value without drawing, and its method; None where it would not hold, so that labels must be drawn."""

    def effect(self, pooled: Pooled, statistic: float, drawn: Floats | None) -> float:
        """Size of the change; ``drawn`` are statistics under no change where labels were drawn."""


def shift(
    measure: TwoSample,
    reference: ArrayLike,
    now: ArrayLike,
    *,
    groups: tuple[Groups, Groups] | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Shift:
    """Test whether ``now`` is distributed as ``reference`` is.

    The scores of one query's candidates go together, and a test that takes them for independent cries wolf. With
    ``groups``, labels of whole queries are permuted: exact where queries are independent and nothing changed. The
    observed labels count as one draw, so p is never 0 (Phipson and Smyth, 2010).

    Args:
        measure: how distance is measured.
        reference: numbers as they were, shape ``(n,)``.
        now: numbers as they are, shape ``(m,)``.
        groups: the query of each number in the reference and in ``now``; without them all are independent.
        rounds: labellings drawn, where they are drawn.
        seed: the same seed gives the same p-value.

    Raises:
        InputError: an empty column, a number that is not finite, or other counts of queries than of numbers.

    References:
        Lehmann and Romano, Testing Statistical Hypotheses, 3rd ed. (2005), section 15.2.
    """
    if rounds < 1:
        raise InputError(f"rounds must be at least 1, got {rounds}")
    pooled = Pooled.of(reference, now, groups)
    statistic = float(measure.statistics(pooled, pooled.now[None])[0])
    drawn = None
    found = measure.tail(pooled, statistic) if groups is None else None
    if found is None:
        drawn = np.concatenate([measure.statistics(pooled, labels) for labels in pooled.labellings(rounds, seed)])
        reached = int((drawn >= statistic - NOISE).sum())
        found = (1 + reached) / (1 + rounds), "permutation" if groups is None else "queries"
    effect = measure.effect(pooled, statistic, drawn)
    return Shift(measure.name, statistic, found[0], effect, *pooled.sizes, found[1])


def gaps(pooled: Pooled, now: Mask) -> Floats:
    """Share of ``now`` less the share of the reference at or below each place, shape ``(labellings, n)``."""
    seen = np.cumsum(now, axis=1, dtype=np.int32)
    later = seen[:, -1:].astype(np.float64)
    before = pooled.values.size - later
    return np.asarray(seen / later - (np.arange(1, pooled.values.size + 1) - seen) / before, dtype=np.float64)


def _column(values: ArrayLike, name: str) -> Floats:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"expected numbers in {name!r}: {error}") from error
    if column.ndim != 1 or not column.size:
        raise InputError(f"expected a column of at least one number in {name!r}, got shape {column.shape}")
    if not np.isfinite(column).all():
        raise InputError(f"expected finite numbers in {name!r}, got {column[~np.isfinite(column)][0]}")
    return column


def _clusters(columns: list[Floats], groups: tuple[Groups, Groups]) -> Places:
    """Queries counted over both columns; one that stands in both is two, as it was asked twice."""
    found, seen = [], 0
    for column, names in zip(columns, groups, strict=True):
        codes = np.unique(np.asarray(names), return_inverse=True)[1].reshape(-1)
        if codes.size != column.size:
            raise InputError(f"expected the query of each of {column.size} numbers, got {codes.size}")
        found.append(codes + seen)
        seen += int(codes.max()) + 1
    return np.concatenate(found).astype(np.int64)
