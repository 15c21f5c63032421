"""What a business rule is, and how its reasons are worded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tamis.core import Candidate, Query
from tamis.decide.policies.forms import Form


@dataclass(frozen=True, slots=True)
class Rule(Form, ABC):
    """Keeps or drops candidates of one query; sees the whole list, so that duplicates and places can be ruled on.

    A rule is a frozen dataclass whose fields are checked when it is made: a bad value is an InputError.
    """

    key: ClassVar[str] = "rule"

    @abstractmethod
    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """One text a candidate, in order, best first: "" keeps it, anything else says why it goes."""


def pair(found: float, wanted: float) -> tuple[str, str]:
    """Two numbers as short texts that differ where the numbers differ.

    >>> pair(0.31, 0.72), pair(0.71999, 0.72)
    (('0.31', '0.72'), ('0.71999', '0.72'))
    """
    for digits in range(4, 17):
        texts = f"{found:.{digits}g}", f"{wanted:.{digits}g}"
        if texts[0] != texts[1]:
            return texts
    return repr(found), repr(wanted)
