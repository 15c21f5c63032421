"""Upper tails of chi-square, Kolmogorov's and Cramer and von Mises' distributions (numpy and math only)."""

from __future__ import annotations

import math

import numpy as np

from tamis.evaluate.distributions import TINY

DIGITS = 1e-16
MOST_TERMS = 100_000


def chi_square_above(value: float, freedom: float) -> float:
    """P(X >= value) for a chi-square distribution with ``freedom`` degrees of freedom, above 0.

    >>> round(chi_square_above(3.841459, 1), 6)
    0.05
    """
    return incomplete_gamma(freedom / 2, value / 2)


def incomplete_gamma(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x), for a > 0.

    References:
        NIST Digital Library of Mathematical Functions, 8.7.1 (series) and 8.9.2 (continued fraction, by Lentz's
        method), each where it converges fast.

    >>> round(incomplete_gamma(1.0, 2.0), 10) == round(math.exp(-2.0), 10)
    True
    """
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - front * _series(a, x) if x < a + 1 else front * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, MOST_TERMS):
        term *= x / (a + n)
        total += term
        if term < total * DIGITS:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / TINY, 1 / b
    value = d
    for n in range(1, MOST_TERMS):
        b += 2
        d = 1 / _away(b - n * (n - a) * d)
        c = _away(b - n * (n - a) / c)
        value *= c * d
        if abs(c * d - 1) < DIGITS:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > TINY else TINY


def kolmogorov_above(value: float) -> float:
    """P(K >= value), K the limit of the Kolmogorov-Smirnov statistic times the root of the sample's size.

    References:
        Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's distribution" (JSS 2003), section 1: one
        of two series of Jacobi's theta function, each where it converges fast.

    >>> round(kolmogorov_above(1.358099), 6)
    0.05
    """
    if value <= 0.04:  # below, the first series has nothing left of 1
        return 1.0
    if value < 1.18:
        odd = np.arange(1, 12, 2)
        below = np.exp(-((odd * math.pi) ** 2) / (8 * value * value)).sum() * math.sqrt(2 * math.pi) / value
        return float(1.0 - below)
    k = np.arange(1, 12)
    return float(2 * ((-1.0) ** (k - 1) * np.exp(-2 * (k * value) ** 2)).sum())


def cramer_von_mises_above(value: float) -> float:
    """P(W >= value), W the limit of the Cramer-von Mises statistic.

    References:
        Csorgo and Faraway, "The exact and asymptotic distributions of Cramer-von Mises statistics" (JRSS B 1996),
        equation 1.2.

    >>> round(cramer_von_mises_above(0.46136), 5)
    0.05
    """
    if value <= 0.002:  # below, the probability is less than 1e-16
        return 1.0
    k = np.arange(0, 40)
    # Gamma(k + 1/2) / (Gamma(1/2) k!): 1, 1/2, 3/8, ...
    shares = np.cumprod(np.concatenate([[1.0], (k[1:] - 0.5) / k[1:]]))
    y = (4 * k + 1) ** 2 / (16 * value)
    kept = y < 350  # above, a term is 0 to the last digit
    terms = shares * np.sqrt(4.0 * k + 1)
    below = sum(float(t) * math.exp(-u) * _bessel(u) for t, u in zip(terms[kept], y[kept], strict=True))
    return max(0.0, 1.0 - below / (math.pi * math.sqrt(value)))


def _bessel(y: float) -> float:
    """The modified Bessel function K of order 1/4: NIST DLMF 10.32.9, whose integrand the trapezoid rule loves."""
    t = np.linspace(0, math.acosh(1 + 750 / y), 2001)
    values = np.exp(-y * np.cosh(t)) * np.cosh(t / 4)
    return float((values.sum() - values[0] / 2 - values[-1] / 2) * (t[1] - t[0]))
