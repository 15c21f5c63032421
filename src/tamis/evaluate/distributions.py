"""Tails of the binomial and Student's distribution, and their inverses, to ten digits (numpy and math only)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

TINY = 1e-300
MANY = 200  # degrees of freedom from which Student's quantile is expanded around the normal one, to 3e-12
DIGITS = 1e-15


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and x in [0, 1].

    References:
        NIST Digital Library of Mathematical Functions, 8.17.22 (continued fraction), by Lentz's method; Loader, "Fast
        and accurate computation of binomial probabilities" (2000), for what stands before it.

    >>> round(incomplete_beta(2.0, 3.0, 0.4), 10)
    0.5248
    """
    return _beta(a, b, x, 1 - x)


def _beta(a: float, b: float, x: float, y: float) -> float:
    """I_x(a, b) where y = 1 - x is known to its last digit, which it is not from x where x is near 1."""
    if x <= 0:
        return 0.0
    if y <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction converges fast for the other side
        return 1.0 - _beta(b, a, y, x)
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1))
    value = d
    m = 0
    while True:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / _away(1.0 + even * d), _away(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _away(1.0 + odd * d), _away(1.0 + odd / c)
        value *= d * c
        if abs(d * c - 1.0) < DIGITS or m > 100_000:
            return _front(a, b, x, y) * value / a


def _front(a: float, b: float, x: float, y: float) -> float:
    """x^a y^b / B(a, b) without the differences of large logarithms that cost digits (Loader 2000)."""
    deviance = a * _deviance((a + b) * x, a) + b * _deviance((a + b) * y, b)
    corrections = _stirling(a + b) - _stirling(a) - _stirling(b)
    return math.sqrt(a * b / (2 * math.pi * (a + b))) * math.exp(corrections - deviance)


def _deviance(found: float, expected: float) -> float:
    """u - log(1 + u), where 1 + u is found over expected."""
    u = (found - expected) / expected
    return u - (math.log1p(u) if abs(u) < 0.5 else math.log(found / expected))


def _stirling(n: float) -> float:
    """What Stirling's formula leaves of log Gamma(n)."""
    if n < 16:
        return math.lgamma(n) - ((n - 0.5) * math.log(n) - n + math.log(2 * math.pi) / 2)
    s = 1 / (n * n)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360360))))) / n


def binomial_tail(successes: float, trials: float, chance: float) -> float:
    """P(Bin(trials, chance) >= successes); counts that are not whole are put between those that are.

    >>> round(binomial_tail(29, 29, 0.9), 4)
    0.0471
    """
    return 1.0 if successes <= 0 else 0.0 if successes > trials else incomplete_beta(
        successes, trials - successes + 1, chance
    )  # fmt: skip


def binomial_low(successes: int, trials: int, level: float) -> float:
    """The lower Clopper-Pearson bound: the chance under which at least ``successes`` have the probability ``level``.

    >>> round(binomial_low(29, 29, 0.05), 4)
    0.9019
    """
    if successes <= 0:
        return 0.0
    return inverse(lambda p: binomial_tail(successes, trials, p), level, 0.0, 1.0)


def binomial_high(successes: int, trials: int, level: float) -> float:
    """The upper Clopper-Pearson bound.

    >>> round(binomial_high(0, 29, 0.05), 4)
    0.0981
    """
    return 1.0 - binomial_low(trials - successes, trials, level)


def student_below(t: float, freedom: float) -> float:
    """P(T <= t) for Student's distribution.

    >>> round(student_below(2.0, 10), 6)
    0.963306
    """
    whole = freedom + t * t
    tail = _beta(freedom / 2, 0.5, freedom / whole, t * t / whole) / 2
    return 1.0 - tail if t > 0 else tail


@lru_cache(maxsize=1024)  # the intervals of one table ask for the same few
def student_quantile(level: float, freedom: float) -> float:
    """The t below which Student's distribution has the share ``level``, in (0, 1).

    >>> round(student_quantile(0.975, 10), 4)
    2.2281
    """
    if freedom > 1e6:  # Abramowitz and Stegun 26.7.5; the next term is below the last digit
        z = NormalDist().inv_cdf(level)
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    if level > 0.5:
        return -student_quantile(1 - level, freedom)
    low = -2.0
    while student_below(low, freedom) > level:
        low *= 2
    return inverse(lambda t: student_below(t, freedom), level, low, 0.0)


def _near_normal(z: float, freedom: float) -> float:
    """Student's quantile from the normal one: Abramowitz and Stegun 26.7.5, with one term more (Cornish and Fisher)."""
    y = z * z
    terms = (
        (y + 1) * z / 4,
        ((5 * y + 16) * y + 3) * z / 96,
        (((3 * y + 19) * y + 17) * y - 15) * z / 384,
        ((((79 * y + 776) * y + 1482) * y - 1920) * y - 945) * z / 92160,
        (((((27 * y + 339) * y + 930) * y - 1782) * y - 765) * y + 17955) * z / 368640,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def inverse(rising: Callable[[float], float], value: float, low: float, high: float) -> float:
    """The place in [low, high] at which a rising function takes a value, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2


def _away(value: float) -> float:
    """The value, kept from 0 as Lentz's method needs it."""
    return value if abs(value) > TINY else TINY
