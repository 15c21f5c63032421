"""Betting against a mean: evidence, exact for any number of draws, that the mean of bounded values is below 0."""

from __future__ import annotations

import numpy as np

from tamis.core import Floats

BETS = 4
KEPT = 0.99  # of the largest stake that could not lose everything at once


def betting_p(values: Floats, most: float, *, times: float = 1.0) -> float:
    """P-value of "the mean is at least 0" for independent values that cannot exceed ``most``; exact for any number.

    A gambler stakes on values below 0. The fortune, averaged over stakes fixed beforehand, is a supermartingale where
    the mean is at least 0, so one over it is a p-value (Ville's inequality). The order of the values does not matter.

    Args:
        values: shape ``(n,)``.
        most: what no value can exceed, above 0; known before the values.
        times: as if each value had come so many times.

    References:
        Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 2024), section 4.

    >>> betting_p(np.full(100, -0.1), 0.9) < 0.001, betting_p(np.zeros(100), 0.9)
    (True, 1.0)
    """
    stakes = np.linspace(0, KEPT / most, BETS + 1)[1:]
    distinct, counts = np.unique(values, return_counts=True)
    fortunes = np.log1p(-np.outer(stakes, distinct)) @ (times * counts)
    top = float(fortunes.max())
    return float(np.exp(min(0.0, -top - np.log(np.exp(fortunes - top).mean()))))
