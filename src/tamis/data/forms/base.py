"""An example, a form of writing examples down, and what the forms' readers and writers share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.data.rows import Row, as_number, as_text

Cells: TypeAlias = dict[str, Any]  # a row to be written, by column

EXACT = 2**53  # whole numbers below are written without a decimal point, and read back as they were


@dataclass(frozen=True, slots=True)
class Example:
    """A query with documents and their labels, one a document; no labels at all where the form carries none.

    Attributes:
        query, documents: texts.
        labels: a grade a document, 0 is irrelevant; empty where the form carries none.
        instruction: the task, for models that read one.
        scores: a teacher's raw score of each document; empty where there is none.
        weights: how much each label counts, 1 where nothing is said; empty is 1 for all.
    """

    query: str
    documents: tuple[str, ...]
    labels: tuple[float, ...] = ()
    instruction: str = ""
    scores: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing examples down.

    Attributes:
        name: what messages call it.
        word: what the command line calls it.
        columns: the columns it must have.
        example: reads a row; raises DataError with file, line and field.
        rows: writes an example that holds nothing but what the form carries; the inverse of ``example`` once rows of
            one query are merged.
        optional: columns that are read where they are there; regular expressions.
        carries: the traits of examples (``tamis.data.forms.traits``) that it can hold beside 0/1 labels.
        same_columns: whether all rows of a file must have the same columns, because its readers take each for an input.
    """

    name: str
    word: str
    columns: tuple[str, ...]
    example: Callable[[Row], Example]
    rows: Callable[[Example], list[Cells]]
    optional: tuple[str, ...] = ()
    carries: frozenset[str] = frozenset()
    same_columns: bool = False

    def unread(self, columns: Iterable[str]) -> list[str]:
        """Those of a row's columns that the form does not read.

        >>> from tamis.data import FORMS
        >>> FORMS[0].unread(["query", "positive_doc", "negative_doc", "negative_doc_2", "wieght"])
        ['wieght']
        """
        known = "|".join([*map(re.escape, self.columns), *self.optional])
        return [column for column in columns if not re.fullmatch(known, column)]


def there(row: Row, field: str) -> bool:
    """Whether an optional field holds something; an empty cell of a table holds nothing."""
    return field in row and row.values[field] != ""


def numbers(row: Row, field: str, many: int, what: str = "document") -> tuple[float, ...]:
    """The field as one number for each document; none where it is not there.

    Raises:
        DataError: it is no list of finite numbers, or has another length.
    """
    if not there(row, field):
        return ()
    found = tuple(as_number(row, field, value) for value in row.elements(field))
    if len(found) != many:
        raise row.error(f"expected {many} {field}, one a {what}, got {len(found)}", field)
    return found


def weight(row: Row, field: str, value: Any) -> float:
    """A value as how much a label counts: finite, 0 or above."""
    if (number := as_number(row, field, value)) < 0:
        raise row.error(f"expected a weight of 0 or above, got {value!r:.60}", field)
    return number


def text_of(row: Row, field: str, value: Any) -> str:
    """A document as its text, or as an object with ``text`` and perhaps ``title``."""
    if isinstance(value, dict):
        parts = [as_text(row, field, value[key]) for key in ("title", "text") if value.get(key)]
        if not parts:
            raise row.error(f"expected an object with 'text', got the keys {', '.join(value)}", field)
        return "\n".join(parts)
    return as_text(row, field, value)


def plain(number: float) -> float:
    """A number as it is written: whole ones without a decimal point.

    >>> plain(1.0), plain(0.5)
    (1, 0.5)
    """
    return int(number) if number == int(number) and abs(number) < EXACT else number


def sides(example: Example) -> tuple[list[int], list[int]]:
    """Where the positive documents stand, and where the others do."""
    good = [at for at, label in enumerate(example.labels) if label > 0]
    return good, [at for at, label in enumerate(example.labels) if label <= 0]


def with_instruction(cells: Cells, example: Example, column: str = "instruction") -> Cells:
    """The row with the example's instruction where it has one."""
    return {**cells, column: example.instruction} if example.instruction else cells
