"""What annotators are given: a title, guidelines, the grades they may give, and how many pairs two of them see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tamis.data.agree.table import as_grade
from tamis.errors import InputError

OVERLAP = 0.2  # of the pairs are seen by two: enough to tell good annotators from careless ones, for a fifth more work


@dataclass(frozen=True, slots=True)
class Guide:
    """What annotators are given.

    Attributes:
        title: name of the project.
        guidelines: what makes a document relevant, in words.
        grades: what they may say, lowest first; numbers, or words that stand for 0, 1, 2, ...
        relevant_if: number of the grade from which on a pair is relevant; needed with more than two grades.
        overlap: share of the pairs that two annotators see, in [0, 1].

    >>> guide = Guide(grades=("no", "partly", "yes"), relevant_if=2)
    >>> guide.grade("yes"), guide.number("yes"), guide.relevant("partly")
    ('yes', 2.0, False)
    """

    title: str = ""
    guidelines: str = ""
    grades: tuple[str, ...] = ("irrelevant", "relevant")
    relevant_if: float | None = None
    overlap: float = OVERLAP

    def __post_init__(self) -> None:
        """Check the grades and the share."""
        if len(self.grades) < 2 or len(set(self.grades)) != len(self.grades) or not all(map(str.strip, self.grades)):
            raise InputError(
                f"expected two different grades or more, got {', '.join(map(repr, self.grades)) or 'none'}"
            )
        numbers = self.numbers
        if sorted(numbers) != list(numbers):
            raise InputError(f"grades stand lowest first, got {', '.join(self.grades)}")
        if self.relevant_if is None and len(self.grades) > 2:
            raise InputError(
                f"{len(self.grades)} grades: say from which number on a pair is relevant, such as relevant_if=1 "
                "(--relevant-if 1)"
            )
        if not numbers[0] < self.least <= numbers[-1]:
            raise InputError(
                f"relevant_if must lie above {numbers[0]:g} and be at most {numbers[-1]:g}, or no pair, or every pair, "
                f"is relevant; got {self.least:g}"
            )
        if not (0 <= self.overlap <= 1):
            raise InputError(f"the share of pairs that two annotators see lies in [0, 1], got {self.overlap:g}")

    @property
    def numbers(self) -> tuple[float, ...]:
        """The number of each grade: itself where all of them are numbers, else its place."""
        return numbers_of(self.grades)

    @property
    def least(self) -> float:
        """The lowest number that is relevant."""
        return self.numbers[1] if self.relevant_if is None else self.relevant_if

    @property
    def binary(self) -> bool:
        """Whether the grades' numbers are 0 and 1, which need no ``--relevant-if``."""
        return self.numbers == (0.0, 1.0)

    def grade(self, said: object) -> str:
        """The grade that is meant by its name or its number.

        Raises:
            InputError: there is no such grade.

        >>> Guide().grade(1)
        'relevant'
        """
        text = str(said).strip()
        if text in self.grades:
            return text
        number = as_grade(text)
        if number in self.numbers:
            return self.grades[self.numbers.index(number)]
        shown = ", ".join(f"{name} ({number:g})" for name, number in zip(self.grades, self.numbers, strict=True))
        raise InputError(f"expected one of the grades {shown}, got {text!r}")

    def number(self, grade: str) -> float:
        """The number that a grade stands for."""
        return self.numbers[self.grades.index(grade)]

    def relevant(self, grade: str) -> bool:
        """Whether a pair with this grade is relevant."""
        return self.number(grade) >= self.least

    def as_json(self) -> dict[str, Any]:
        """The guide as JSON values."""
        return {
            "title": self.title,
            "guidelines": self.guidelines,
            "grades": list(self.grades),
            "relevant_if": self.least,
            "overlap": self.overlap,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The guide that ``as_json`` wrote down."""
        texts = (value["title"], value["guidelines"], tuple(value["grades"]))
        return cls(*texts, relevant_if=value["relevant_if"], overlap=value["overlap"])


def numbers_of(grades: Sequence[str]) -> tuple[float, ...]:
    """The number of each grade: itself where all of them are numbers, else its place.

    >>> numbers_of(["no", "yes"]), numbers_of(["1", "5"])
    ((0.0, 1.0), (1.0, 5.0))
    """
    found = [as_grade(grade) for grade in grades]
    if any(number is None for number in found):
        return tuple(float(place) for place in range(len(found)))
    return tuple(number if number is not None else math.nan for number in found)
