"""Several annotators' labels of the same items, as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.data.examples import Annotation
from tamis.errors import InputError

Indices: TypeAlias = NDArray[np.int64]

MOST_LABELS = 256  # beyond that the column holds free text, or a measurement that no two people write alike


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Who said what of which item; one entry a rating, ordered by item, then by annotator.

    Attributes:
        items, annotators: names, in the order of their first appearance; every one has a rating.
        labels: names of the labels, lowest first where they are numbers, else in alphabetical order.
        item, annotator, label: shape ``(ratings,)``, places in the three lists above.
        texts: query and document of each item; empty where the items carry none.
        numbers: the labels as numbers, shape ``(labels,)``; None where they are words.

    >>> said = [Annotation("1", "ann", "yes"), Annotation("1", "bob", "no"), Annotation("2", "ann", "no")]
    >>> table = LabelTable.of(said)
    >>> table.labels, table.counts.tolist()
    (('no', 'yes'), [[1.0, 1.0], [1.0, 0.0]])
    """

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    labels: tuple[str, ...]
    item: Indices
    annotator: Indices
    label: Indices
    texts: tuple[tuple[str, str], ...] = ()
    numbers: Floats | None = None

    @staticmethod
    def of(annotations: Iterable[Annotation], *, grades: Mapping[str, float] | None = None) -> LabelTable:
        """The table of annotations.

        Args:
            annotations: at most one for each item and annotator.
            grades: the number of each label; the table then has all these labels, used or not, lowest first.

        Raises:
            InputError: no annotation, an item labelled twice by one annotator, a label without a grade, too many
                labels.
        """
        gathered = Gathered()
        for said in annotations:
            if not gathered.add(said):
                raise InputError(f"annotator {said.annotator!r} labels item {said.item!r} twice: keep one of the two")
        return gathered.table(grades)

    @property
    def ratings(self) -> int:
        """How many labels were given in all."""
        return int(self.label.size)

    @property
    def counts(self) -> Floats:
        """How many annotators gave each item each label, shape ``(items, labels)``."""
        size = len(self.labels)
        found = np.bincount(self.item * size + self.label, minlength=len(self.items) * size)
        return found.reshape(len(self.items), size).astype(np.float64)

    @property
    def starts(self) -> Indices:
        """The place of each item's first rating, shape ``(items,)``."""
        return np.searchsorted(self.item, np.arange(len(self.items)))


@dataclass(slots=True)
class Gathered:
    """Ratings while they are being collected."""

    items: dict[str, int] = field(default_factory=dict)
    annotators: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    ratings: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, said: Annotation) -> bool:
        """Take one annotation; False where this annotator has labelled this item before."""
        item = self.items.setdefault(said.item, len(self.items))
        annotator = self.annotators.setdefault(said.annotator, len(self.annotators))
        if (item, annotator) in self.ratings:
            return False
        self.ratings[item, annotator] = self.labels.setdefault(said.label, len(self.labels))
        return True

    def table(self, grades: Mapping[str, float] | None = None) -> LabelTable:
        """The table of what was collected."""
        if not self.ratings:
            raise InputError("there are no labels: expected at least one item with an annotator and a label")
        names, place, numbers = _scheme(tuple(self.labels), grades)
        places = np.array(list(self.ratings), dtype=np.int64).reshape(-1, 2)
        said = place[np.fromiter(self.ratings.values(), dtype=np.int64, count=len(self.ratings))]
        order = np.lexsort((places[:, 1], places[:, 0]))
        texts = tuple(self.texts[name] for name in self.items) if self.texts else ()
        item, annotator = places[order].T.copy()
        return LabelTable(
            tuple(self.items), tuple(self.annotators), names, item, annotator, said[order], texts, numbers
        )


def written(number: float) -> str:
    """A number as the label that stands for it, so that 1, 1.0 and "1" are one label.

    >>> written(1.0), written(0.5)
    ('1', '0.5')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def as_grade(label: str) -> float | None:
    """A label as a finite number, or None where it is a word.

    >>> as_grade("2.0"), as_grade("yes"), as_grade("nan")
    (2.0, None, None)
    """
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _scheme(said: Sequence[str], grades: Mapping[str, float] | None) -> tuple[tuple[str, ...], Indices, Floats | None]:
    """The labels' names in order, the place of each label that was said, and the labels' numbers if they have any."""
    if grades is not None and (unknown := [label for label in said if label not in grades]):
        known = ", ".join(grades)
        raise InputError(f"label {unknown[0]!r} has no grade: expected one of {known}; give it a grade too")
    values = [as_grade(label) if grades is None else float(grades[label]) for label in said]
    if any(value is None for value in values):
        names, numbers = sorted(said), None
        mine: Sequence[str] = said
    else:
        found = {float(value) for value in (values if grades is None else grades.values()) if value is not None}
        names, numbers = [written(value) for value in sorted(found)], np.array(sorted(found))
        mine = [written(value) for value in values if value is not None]
    if len(names) > MOST_LABELS:
        raise InputError(
            f"expected at most {MOST_LABELS} different labels, got {len(names)}: round measurements, group free text"
        )
    place = {name: at for at, name in enumerate(names)}
    return tuple(names), np.array([place[name] for name in mine], dtype=np.int64), numbers
