"""How small a difference a number of queries can show: what to know before a result is believed, or its absence."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from tamis.errors import InputError
from tamis.evaluate.distributions import student_quantile

POWER = 0.8
LEVEL = 0.05


def detectable(differences: ArrayLike, *, power: float = POWER, level: float = LEVEL) -> float | None:
    """The least true mean difference that a two-sided paired test of these queries finds with the given power.

    (t(1 - level/2) + t(power)) s / sqrt(n), with s the standard deviation of the differences and n - 1 degrees of
    freedom (Cohen, Statistical Power Analysis, 2nd ed., 1988). It takes how much queries differ, not how large the
    difference was found to be, so it can be stated before the result; for one test, without Holm's correction, under
    which it is larger.

    Args:
        differences: one a query, shape ``(queries,)``.
        power: chance of finding it, in (0, 1).
        level: chance of a false alarm, in (0, 1).

    Returns:
        The difference, above 0; None with fewer than two queries, or where all differ alike (as systems that are one).

    Raises:
        InputError: not a column of finite numbers, or an option out of range.

    >>> round(detectable([0.1, -0.1] * 50), 4)
    0.0284
    >>> detectable([0.0, 0.0, 0.0]) is None
    True
    """
    column = np.asarray(differences, dtype=np.float64)
    if column.ndim != 1 or not np.isfinite(column).all():
        raise InputError(f"expected one finite difference a query, got shape {column.shape}")
    if not (0 < power < 1 and 0 < level < 1):
        raise InputError(f"power and level must lie between 0 and 1, got {power} and {level}")
    if column.size < 2 or np.ptp(column) <= 1e-12:
        return None
    freedom = column.size - 1
    factor = student_quantile(1 - level / 2, freedom) + student_quantile(power, freedom)
    return float(factor * column.std(ddof=1) / math.sqrt(column.size))
