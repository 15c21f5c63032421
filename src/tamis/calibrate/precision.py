"""How finely scores are given: half-precision numbers, ties, and sigmoids that have become exactly 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.maps.base import finite_scores
from tamis.core import Floats

Kind: TypeAlias = Literal["float64", "float32", "float16", "bfloat16"]

TELLING = 8  # distinct long numbers needed before anything is said; 1 float32 number in 8192 is a float16 by chance
DECIMALS = 4  # 0.5 or 0.125 are numbers of every kind: only longer ones tell
MANY_ONES = 0.01  # share of scores at exactly 1 that is worth a word


@dataclass(frozen=True, slots=True)
class Resolution:
    """How finely scores are given.

    Attributes:
        kind: the shortest kind of number that holds all of them; "float64" too where there is too little to tell by.
        distinct: how many different scores there are.
        tied: share of the scores that another one equals, in [0, 1].
        saturated: share of scores at exactly 0 or 1 where all lie in [0, 1] and some lie between, in [0, 1].
        warning: what is lost and what to do; empty where nothing is.
    """

    kind: Kind
    distinct: int
    tied: float
    saturated: float
    warning: str = ""


def resolution(scores: ArrayLike) -> Resolution:
    """How finely scores, shape ``(n,)``, are given, with a warning where their precision makes ties.

    A sigmoid in float16 is exactly 1.0 from logit 8.3 on, in bfloat16 from 6.24, in float32 from 17.3: pairs above can
    no longer be told apart. Integers, few distinct values and short decimals say nothing about precision.

    Raises:
        InputError: a score is not finite, or the scores are no single column.

    >>> rng = np.random.default_rng(0)
    >>> logits = rng.normal(6, 3, 500)
    >>> resolution(logits).warning
    ''
    >>> found = resolution((1 / (1 + np.exp(-logits))).astype(np.float16))
    >>> found.kind, found.tied > 0.2
    ('float16', True)
    """
    column = finite_scores(scores)
    values, counts = np.unique(column, return_counts=True)
    tied = float(counts[counts > 1].sum() / max(column.size, 1))
    shares = bool(column.size) and values[0] >= 0 and values[-1] <= 1 and bool(((values > 0) & (values < 1)).any())
    ends = float(np.isin(column, (0.0, 1.0)).mean()) if shares else 0.0
    telling = bool((values != np.round(values, DECIMALS)).sum() >= TELLING)
    kind = _kind(values) if telling else "float64"
    warning = _half_precision(kind, tied, ends)
    if not warning and shares and telling:
        warning = _saturation(float((column == 1).mean()))
    return Resolution(kind, int(values.size), tied, ends, warning)


def _kind(values: Floats) -> Kind:
    return next((kind for kind, holds in _HOLDS if holds(values)), "float64")


def _half_precision(kind: Kind, tied: float, saturated: float) -> str:
    if kind not in _ONE_FROM or not (tied or saturated):
        return ""
    return (
        f"the scores are {kind} numbers: {tied:.0%} equal another score and {saturated:.0%} are exactly 0 or 1, which "
        f"no threshold can tell apart (a sigmoid in {kind} is 1.0 from logit {_ONE_FROM[kind]} on); keep raw logits in "
        "float32"
    )


def _saturation(ones: float) -> str:
    if ones < MANY_ONES:
        return ""
    return (
        f"{ones:.0%} of the scores are exactly 1, which no threshold can tell apart: a sigmoid has run out of digits, "
        "or scores are scaled within each query; keep raw logits"
    )


def _float16(values: Floats) -> bool:
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16) == values).all())


def _float32(values: Floats) -> bool:
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float32) == values).all())


def _bfloat16(values: Floats) -> bool:
    with np.errstate(over="ignore"):
        bits = values.astype(np.float32).view(np.uint32)
    return _float32(values) and not (bits & 0xFFFF).any()


_HOLDS: tuple[tuple[Kind, Callable[[Floats], bool]], ...] = (  # shortest first
    ("bfloat16", _bfloat16),
    ("float16", _float16),
    ("float32", _float32),
)
_ONE_FROM = {"bfloat16": 6.24, "float16": 8.3}
