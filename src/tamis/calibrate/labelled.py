"""Scores with their labels and queries, checked once: what everything that learns from labels reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Floats, Groups
from tamis.errors import InputError

Codes: TypeAlias = NDArray[np.int64]

LARGEST = 1e100  # squares of larger numbers, such as a mask's, overflow


@dataclass(frozen=True, slots=True)
class Labelled:
    """Scored pairs, each labelled relevant or not; made by ``Labelled.of``, which checks.

    Attributes:
        scores: on the scorer's own scale, shape ``(n,)``, finite.
        labels: 1.0 for relevant, 0.0 for not, shape ``(n,)``.
        groups: number of each pair's query, counted from 0, shape ``(n,)``; each pair its own where none were given.
        weights: how much each pair counts, shape ``(n,)``, above 0; all 1 where none were given.
        grouped: whether groups were given; without them pairs count as independent.
    """

    scores: Floats
    labels: Floats
    groups: Codes
    weights: Floats
    grouped: bool = False

    @classmethod
    def of(
        cls,
        scores: ArrayLike,
        labels: ArrayLike,
        groups: Groups | None = None,
        weights: ArrayLike | None = None,
        *,
        relevant_if: float | None = None,
    ) -> Self:
        """Check and keep scores with their labels.

        Args:
            scores: one finite number a pair.
            labels: 0 or 1 a pair, or a grade where ``relevant_if`` says which grades are relevant; lists are fine.
            groups: each pair's query; pairs of one query are not independent of each other.
            weights: one over the chance that the pair was drawn for labelling; equal where none are given.
            relevant_if: a grade of at least this is relevant.

        Raises:
            InputError: nothing, another number of labels than scores, a score, label or weight that cannot be used, or
                grades without ``relevant_if``.

        >>> Labelled.of([2.0, -1.0], [3, 1], relevant_if=2).labels.tolist()
        [1.0, 0.0]
        """
        column = _column(scores, "scores")
        if not column.size:
            raise InputError("no scored pairs: give at least one score with its label")
        kept = _binary(_column(labels, "labels", column.size), relevant_if)
        codes = np.arange(column.size) if groups is None else _codes(groups, column.size)
        counted = np.ones(column.size) if weights is None else _column(weights, "weights", column.size)
        if (counted <= 0).any():
            raise InputError(f"weights must be above 0, got {counted.min():g}: leave out pairs that should not count")
        return cls(column, kept, codes, counted, groups is not None)

    def __len__(self) -> int:
        return int(self.scores.size)

    @property
    def queries(self) -> int:
        """How many queries the pairs belong to; every pair is one where no groups were given."""
        return int(np.unique(self.groups).size)

    @property
    def base_rate(self) -> float:
        """Weighted share of relevant pairs, in [0, 1]."""
        return float(np.average(self.labels, weights=self.weights))

    @property
    def digest(self) -> str:
        """Sixteen hex digits of the SHA-256 of scores, labels, groups and weights."""
        parts = (self.scores, self.labels, self.groups.astype(np.int64), self.weights)
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()[:16]

    def where(self, kept: NDArray[np.bool_] | Codes) -> Self:
        """The pairs of a mask or of positions; groups keep their numbers."""
        return type(self)(
            self.scores[kept], self.labels[kept], self.groups[kept], self.weights[kept], grouped=self.grouped
        )

    def top(self, k: int | None) -> Self:
        """The k best-scored pairs of each query: those that a list of k shows; all of them without k or groups."""
        return self if k is None or not self.grouped else self.where(self.places() < k)

    def places(self) -> Codes:
        """The place of each pair in its query's list, best score first, counted from 0; ties keep their order."""
        order = np.lexsort((-self.scores, self.groups))
        groups = self.groups[order]
        starts = np.flatnonzero(np.diff(groups, prepend=-1))
        found = np.empty(len(groups), dtype=np.int64)
        found[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(starts, append=len(groups)))
        return found

    def with_both(self, purpose: str) -> Self:
        """Itself, where both labels occur.

        Raises:
            InputError: all labels are equal.
        """
        found = np.unique(self.labels)
        if found.size == 2:
            return self
        what, other = ("relevant", "irrelevant") if found[0] else ("irrelevant", "relevant")
        raise InputError(f"all {len(self)} labels are {what}: {purpose} needs {other} pairs too")


def group_sums(values: Floats, groups: Codes, count: int | None = None) -> Floats:
    """Sums of values by group number, shape ``(count,)``.

    >>> group_sums(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0])).tolist()
    [4.0, 2.0]
    """
    return np.asarray(np.bincount(groups, weights=values, minlength=count or 0), dtype=np.float64)


def _column(values: ArrayLike, what: str, size: int | None = None) -> Floats:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be numbers, one a pair: {error}") from error
    if column.ndim != 1:
        raise InputError(f"{what} must be one number a pair, got shape {column.shape}")
    if size is not None and column.size != size:
        raise InputError(f"expected {size} {what}, one a score, got {column.size}")
    if not np.isfinite(column).all():
        at = int(np.flatnonzero(~np.isfinite(column))[0])
        raise InputError(f"{what} must be finite, got {column[at]} at position {at}")
    if column.size and np.abs(column).max() > LARGEST:
        raise InputError(f"{what} must be at most {LARGEST:g} in size, got {column[np.abs(column).argmax()]:g}: leave "
                         "out pairs that were not scored")  # fmt: skip
    return column


def _binary(labels: Floats, relevant_if: float | None) -> Floats:
    if relevant_if is not None:
        return (labels >= relevant_if).astype(np.float64)
    grades = np.unique(labels)
    if np.isin(grades, (0.0, 1.0)).all():
        return labels
    shown = ", ".join(f"{grade:g}" for grade in grades[:6]) + (", ..." if grades.size > 6 else "")
    raise InputError(f"labels are grades ({shown}), expected 0 and 1: say from which grade on a pair is relevant, such "
                     "as relevant_if=2 (--relevant-if 2)")  # fmt: skip


def _codes(groups: Groups, size: int) -> Codes:
    if len(groups) != size:
        raise InputError(f"expected {size} groups, one a score, got {len(groups)}")
    if isinstance(groups, np.ndarray) and groups.dtype.kind in "iu":
        _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[codes], dtype=np.int64)  # numbered as they come, like names
    numbers: dict[Any, int] = {}
    return np.fromiter((numbers.setdefault(group, len(numbers)) for group in groups), dtype=np.int64, count=size)
