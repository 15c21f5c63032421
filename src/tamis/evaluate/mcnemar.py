"""McNemar's exact test: whether one system hits more often than another on the same queries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from tamis.errors import InputError
from tamis.evaluate.distributions import binomial_tail
from tamis.evaluate.significance import Paired, paired


def mcnemar(first: ArrayLike, second: ArrayLike) -> Paired:
    """Compare two systems by yes and no, such as hit@1: the difference of the rates with its interval.

    Only queries on which one alone hits can tell; under no difference each of them is a coin toss, so p is exact
    (binomial, two-sided; McNemar 1947). ``wins`` are the queries that only the first hits.

    Args:
        first: 0 or 1 a query, shape ``(queries,)``.
        second: the other system's for the same queries in the same order.

    Raises:
        InputError: different numbers of queries, none, or a value that is neither 0 nor 1.

    >>> found = mcnemar([1] * 11 + [0] * 3 + [1] * 16, [0] * 11 + [1] * 3 + [1] * 16)
    >>> found.wins, found.losses, round(found.p_value, 3)
    (11, 3, 0.057)
    """
    one, two = (np.asarray(column, dtype=np.float64) for column in (first, second))
    if not (np.isin(one, (0.0, 1.0)).all() and np.isin(two, (0.0, 1.0)).all()):
        raise InputError("McNemar's test counts hits: every value must be 0 or 1")
    found = paired(one, two)
    return replace(found, p_value=_coin(found.wins, found.losses))


def _coin(heads: int, tails: int) -> float:
    """The two-sided p-value of a fair coin's tosses; 1 where there are none."""
    return min(1.0, 2 * binomial_tail(max(heads, tails), heads + tails, 0.5))
