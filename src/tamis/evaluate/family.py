"""The comparisons of one report as one family: each with its p-value, and with that which counts how many there are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.power import detectable
from tamis.evaluate.significance import Paired


def holm(p_values: ArrayLike) -> Floats:
    """P-values of a family, adjusted so that one below 0.05 is a false alarm of the whole family in 5 % at most.

    The k-th smallest of m is multiplied by m - k + 1, and is no less than those before it (Holm 1979). It holds
    whatever the tests have to do with one another.

    Args:
        p_values: shape ``(tests,)``, each in [0, 1].

    Raises:
        InputError: not one column of numbers in [0, 1].

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():  # NaN is in no interval
        raise InputError(f"expected p-values in [0, 1], one a test, got {p_values!r:.80}")
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """P-values adjusted so that of those below 0.05, 5 % are false alarms on average.

    The k-th smallest of m is multiplied by m / k, and is no more than those after it (Benjamini and Hochberg, JRSS B
    1995). It holds for independent tests, and for those that rise together.

    Args:
        p_values: shape ``(tests,)``, each in [0, 1].

    Raises:
        InputError: not one column of numbers in [0, 1].

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"expected p-values in [0, 1], one a test, got {p_values!r:.80}")
    order = np.argsort(values, kind="stable")
    raised = values[order] * values.size / np.arange(1, values.size + 1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return adjusted


@dataclass(frozen=True, slots=True)
class Difference:
    """One comparison of a report.

    Attributes:
        name: what is compared, such as ``"both"`` or ``"rerank"``.
        by: the measure.
        paired: the difference, query by query.
        detectable: the least true difference that these queries would show with 80 % power; None where nothing can be
            said.
        kind: the slice's kind, such as ``"pronoun"``; empty for all queries.
        part: which part of it.
        adjusted: the p-value after Holm's correction over the report; NaN before ``family`` has seen it.
        each: digest of the differences, query by query: two comparisons may have all figures alike and still tell of
            different queries.
    """

    name: str
    by: str
    paired: Paired
    detectable: float | None = None
    kind: str = ""
    part: str = ""
    adjusted: float = math.nan
    each: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, name: str, by: str, paired: Paired, *, differences: Floats, kind: str = "", part: str = "") -> Self:
        """A comparison with what these differences, one a query, could have shown."""
        rounded = np.round(differences, 12) + 0.0  # no -0.0; equal values differ by rounding only
        each = hashlib.sha256(rounded.tobytes()).digest()
        return cls(name, by, paired, detectable(differences), kind, part, each=each)

    @property
    def significant(self) -> bool:
        """Whether the difference stands at 5 % after the correction."""
        return self.adjusted <= 0.05

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        one = self.paired
        return {
            "name": self.name,
            "by": self.by,
            "kind": self.kind,
            "part": self.part,
            "queries": one.queries,
            "difference": one.difference,
            "interval": [one.low, one.high],
            "p": one.p_value,
            "p_holm": None if math.isnan(self.adjusted) else self.adjusted,
            "wins": one.wins,
            "losses": one.losses,
            "ties": one.ties,
            "detectable": self.detectable,
        }


def family(tests: Sequence[Difference]) -> tuple[Difference, ...]:
    """The comparisons with p-values adjusted for one another, in the same order.

    A comparison in which no query differs is none: it can never be significant, gets 1 and is not counted, which the
    promise allows since these tests take the sizes of differences as given (Tarone, Biometrics 1990). One that stands
    twice under two names ("both" beside "rerank" where rewriting changed nothing), query by query the same, is counted
    once.

    >>> one = Difference("both", "ndcg@10", Paired(0.1, 0.0, 0.2, 0.03, 3, 1, 0, 4))
    >>> other, empty = replace(one, by="ap"), replace(one, by="rr", paired=Paired(0.0, 0.0, 0.0, 1.0, 0, 0, 4, 4))
    >>> [round(test.adjusted, 2) for test in family([one, other, empty, replace(one, name="rerank")])]
    [0.06, 0.06, 1.0, 0.06]
    """
    told = list(dict.fromkeys(map(_told, filter(_tells, tests))))
    adjusted = dict(zip(told, holm([paired.p_value for *_, paired in told]).tolist(), strict=True))
    return tuple(replace(test, adjusted=adjusted.get(_told(test), 1.0)) for test in tests)


def counted(tests: Sequence[Difference]) -> int:
    """How many comparisons a family counts."""
    return len(set(map(_told, filter(_tells, tests))))


def _told(test: Difference) -> tuple[str, str, str, bytes, Paired]:
    """What a comparison tells, whatever it is called."""
    return test.by, test.kind, test.part, test.each, test.paired


def _tells(test: Difference) -> bool:
    return test.paired.ties < test.paired.queries
