"""How many sessions a test takes, planned before it begins: with one look, and looked at all the time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.distributions import inverse
from tamis.observe.abtest.sequential import AlwaysValid, MSprt
from tamis.observe.abtest.sums import joint

LEVEL = 0.05
POWER = 0.8
LOOKS = 100  # at which the always-valid test is followed; more looks change its figures by less than a hundredth
NODES = 161  # of the quadrature: at least two a standard deviation of what comes between two looks
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to find a difference, in sessions of both arms together.

    Attributes:
        change: the difference, treated minus control.
        fixed: sessions for a test with one look at the end.
        usual: sessions after which the always-valid test has found it in half of all cases.
        most: sessions after which it has found it with the power asked for.
        treated: share of the sessions in the treated arm.
        level: chance of a false alarm.
        power: chance to find the difference.
    """

    change: float
    fixed: int
    usual: int
    most: int
    treated: float = 0.5
    level: float = LEVEL
    power: float = POWER

    @property
    def arms(self) -> tuple[int, int]:
        """Sessions in the control and in the treated arm for the test with one look."""
        treated = math.ceil(self.fixed * self.treated)
        return self.fixed - treated, treated

    def days(self, traffic: float, *, part: float = 1.0, looked_at: bool = True) -> int:
        """Days until the sessions have come.

        Args:
            traffic: sessions a day.
            part: share of them that take part in the experiment, in (0, 1].
            looked_at: for the always-valid test; False for one look at the end.

        >>> plan_rates(0.30, 0.04).days(1000, part=0.5, looked_at=False)
        9
        """
        if not (traffic > 0 and 0 < part <= 1):
            raise InputError(f"expected sessions a day above 0 and a part in (0, 1], got {traffic} and {part}")
        return math.ceil((self.most if looked_at else self.fixed) / (traffic * part))

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


def plan_rates(
    base: float,
    change: float,
    *,
    level: float = LEVEL,
    power: float = POWER,
    treated: float = 0.5,
    test: AlwaysValid | None = None,
) -> Plan:
    """Sessions to find that a rate changed by this much, such as clicks or satisfaction.

    One look: two-sided test of the effect size 2 asin sqrt(p) (Cohen, Statistical Power Analysis, 2nd ed., 1988,
    section 6.4). Always valid: ``found_by``.

    Args:
        base: rate of the control, in (0, 1).
        change: least difference that matters, not 0; base + change in (0, 1).
        level: chance of a false alarm, in (0, 1).
        power: chance to find the difference, above the level and below 1.
        treated: share of the sessions in the treated arm, in (0, 1).
        test: the always-valid test; the mSPRT tuned to the change otherwise.

    Raises:
        InputError: an option out of range.

    >>> plan_rates(0.30, 0.04)
    Plan(change=0.04, fixed=4266, usual=4245, most=7261, treated=0.5, level=0.05, power=0.8)
    """
    if not (0 < base < 1 and 0 < base + change < 1):
        raise InputError(f"both rates must lie between 0 and 1, got {base:g} and {base + change:g}")
    fixed = _one_look(_arcsine(base + change) - _arcsine(base), level, power, treated)
    return _planned(
        change, (base * (1 - base), (base + change) * (1 - base - change)), fixed, level, power, treated, test
    )


def plan_means(
    deviation: float,
    change: float,
    *,
    level: float = LEVEL,
    power: float = POWER,
    treated: float = 0.5,
    test: AlwaysValid | None = None,
) -> Plan:
    """Sessions to find that a mean changed by this much.

    Args:
        deviation: standard deviation of the values in each arm, above 0; that of users' means where users come again,
            and the plan then counts users.
        change: least difference that matters, not 0.
        level: as in ``plan_rates``.
        power: as there.
        treated: as there.
        test: as there.

    Raises:
        InputError: an option out of range.

    >>> plan_means(1.0, 0.1).fixed
    3142
    """
    if not (math.isfinite(deviation) and deviation > 0):
        raise InputError(f"a standard deviation must be a finite number above 0, got {deviation}")
    fixed = _one_look(change / deviation, level, power, treated)
    # Student's quantiles instead of normal ones, to less than a session (Guenther, American Statistician 1981).
    fixed += NORMAL.inv_cdf(1 - level / 2) ** 2 / 2
    return _planned(change, (deviation**2, deviation**2), fixed, level, power, treated, test)


def detectable_rate(
    base: float, sessions: int, *, level: float = LEVEL, power: float = POWER, treated: float = 0.5
) -> float:
    """The least rise of a rate that a test with one look finds with this power among so many sessions of both arms.

    Raises:
        InputError: an option out of range, or too few sessions to find any rise.

    >>> round(detectable_rate(0.30, 4272), 4)
    0.04
    """
    if not 0 < base < 1:
        raise InputError(f"a rate must lie between 0 and 1, got {base}")
    end = _arcsine(base) + _effect(sessions, level, power, treated)
    if end >= math.pi:
        raise InputError(f"{sessions} sessions are too few to find any rise above {base:g}: more are needed")
    return math.sin(end / 2) ** 2 - base


def detectable_mean(
    deviation: float, sessions: int, *, level: float = LEVEL, power: float = POWER, treated: float = 0.5
) -> float:
    """The least difference of means that a test with one look finds with this power among so many sessions.

    Raises:
        InputError: an option out of range.

    >>> round(detectable_mean(1.0, 3142), 3)
    0.1
    """
    if not (math.isfinite(deviation) and deviation > 0):
        raise InputError(f"a standard deviation must be a finite number above 0, got {deviation}")
    return deviation * _effect(sessions, level, power, treated)


def found_by(
    test: AlwaysValid, change: float, spread: float, *, treated: float = 0.5, sessions: float
) -> tuple[Floats, Floats]:
    """Chance that an always-valid test has shown a true difference by a number of sessions, looked at 100 times.

    The density of the estimate among tests that have not ended is carried from look to look by quadrature (Armitage,
    McPherson, Rowe, Journal of the Royal Statistical Society A 1969), as if values were normal.

    Args:
        test: the test.
        change: the true difference.
        spread: variance of the estimated difference times the sessions of both arms.
        treated: share of the sessions in the treated arm.
        sessions: how far it is followed.

    Returns:
        Sessions at the looks, and the chance by then; both of the shape ``(looks,)``.

    >>> sessions, chance = found_by(MSprt(tau=0.04), 0.04, 4 * 0.21, sessions=8000)
    >>> round(float(chance[-1]), 2)
    0.87
    """
    counts: Floats = np.linspace(sessions / LOOKS, sessions, LOOKS)
    told = counts * min(treated, 1 - treated) >= test.least
    chances = np.zeros(LOOKS)
    if not told.any():
        return counts, chances
    # In the time 1 / V the estimate over V is a Brownian motion with the change as its drift.
    times = counts[told] / spread
    ends = test.radius(1 / times, counts[told]) * times
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    places, density = np.zeros(1), np.ones(1)
    left = []
    for end, step in zip(ends, np.diff(times, prepend=0.0), strict=True):
        reached = nodes * end
        moves = reached[:, None] - places[None, :] - change * step
        density = np.exp(-(moves**2) / (2 * step)) @ density / math.sqrt(2 * math.pi * step)
        places, density = reached, density * weights * end
        left.append(float(density.sum()))
    chances[told] = np.maximum.accumulate(np.clip(1 - np.array(left), 0.0, 1.0))
    return counts, chances


def _planned(
    change: float,
    variances: tuple[float, float],
    fixed: float,
    level: float,
    power: float,
    treated: float,
    test: AlwaysValid | None,
) -> Plan:
    chosen = test or MSprt(tau=abs(change), level=level)
    spread = float(joint((variances[0] / (1 - treated), variances[1] / treated), (1 - treated, treated)))
    usual, most = sessions_until(chosen, change, spread, treated, power)
    return Plan(change, math.ceil(fixed), usual, most, treated, level, power)


@lru_cache(maxsize=256)
def sessions_until(test: AlwaysValid, change: float, spread: float, treated: float, power: float) -> tuple[int, int]:
    """Sessions after which an always-valid test has found a difference in half of all cases, and with this power."""
    # A look at the end alone finds less than all looks together: its number bounds theirs from above.
    quantile = NORMAL.inv_cdf(max(power, 0.5))

    def short(sessions: float) -> float:
        variance = spread / sessions
        return abs(change) / math.sqrt(variance) - float(test.radius(variance, sessions)) / math.sqrt(variance)

    enough = max(_first(short, quantile), 2 * test.least / min(treated, 1 - treated))
    counts, chances = found_by(test, change, spread, treated=treated, sessions=enough)
    # Before the test says anything nothing is found, however large the difference is.
    at = np.maximum(np.interp([0.5, power], chances, counts), test.least / min(treated, 1 - treated))
    return math.ceil(at[0]), math.ceil(at[1])


def _one_look(effect: float, level: float, power: float, treated: float) -> float:
    """Sessions of both arms at which a two-sided z test of this effect size has the power."""
    _checked(level, power, treated)
    if effect == 0 or not math.isfinite(effect):
        raise InputError("a plan needs a difference that is to be found: a change other than 0")
    return (_needed(level, power) / effect) ** 2 / (treated * (1 - treated))


def _effect(sessions: int, level: float, power: float, treated: float) -> float:
    _checked(level, power, treated)
    if sessions < 2:
        raise InputError(f"expected at least 2 sessions, got {sessions}")
    return _needed(level, power) / math.sqrt(sessions * treated * (1 - treated))


@lru_cache(maxsize=256)
def _needed(level: float, power: float) -> float:
    """How many standard errors from 0 a difference must lie, both tails counted."""
    z = NORMAL.inv_cdf(1 - level / 2)
    return inverse(lambda shift: NORMAL.cdf(shift - z) + NORMAL.cdf(-shift - z), power, 0.0, 2 * z + 40.0)


def _first(rising: Callable[[float], float], value: float) -> float:
    """The number at which a function that rises in the end reaches a value."""
    high = 1.0
    while rising(high) < value:
        high *= 2
    return inverse(rising, value, high / 2, high)


def _arcsine(rate: float) -> float:
    return 2 * math.asin(math.sqrt(rate))


def _checked(level: float, power: float, treated: float) -> None:
    if not 0 < level < power < 1:
        raise InputError(f"level and power must lie between 0 and 1, power above level, got {level} and {power}")
    if not 0 < treated < 1:
        raise InputError(f"the share of the treated arm must lie between 0 and 1, got {treated}")
