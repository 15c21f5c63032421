"""Figures by day: by hand, against an independent bootstrap of users, and over many simulated days."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe.clicks import Corrected, PositionBias
from tamis.observe.events import Decided, Event, Placed, Session
from tamis.observe.report.days import DAY, LEAST, by_day, window

NOON = 20_000 * DAY + DAY / 2


def session(number: int, at: float, chances: list[float], clicked: tuple[int, ...] = (), user: str = "") -> Session:
    items = tuple(Placed(f"d{k}", 1.0 - k, chance, k + 1) for k, chance in enumerate(chances))
    left = (Placed("left", -9.0, 0.1),)
    events = tuple(Event("click", f"{number}:{k}", document=f"d{k}") for k in clicked)
    return Session(Decided(f"r{number}", at, user=user, items=(*items, *left)), events)


def days(sessions, since=20_000 * DAY, until=20_001 * DAY, value=None):
    return by_day(sessions, value or Corrected(), PositionBias(), since=since, until=until)


def test_figures_by_hand():
    kinds = [([0.9, 0.6], (0,)), ([], ()), ([0.8], ()), ([0.9, 0.7, 0.5], (0, 1))]
    some = [session(n, NOON + n, *kinds[n % 4]) for n in range(400)]
    (day,) = days(some)
    assert (day.decisions, day.clicks) == (400, 300)
    assert day.empty.value == 0.25 and day.empty.sessions == 400
    assert day.shown.value == 1.5
    assert (
        day.precision.value == pytest.approx((0.9 + 0.6 + 0.8 + 0.9 + 0.7 + 0.5) / 6) and day.precision.sessions == 300
    )
    looks = (1 + 1 / 2) + 1 + (1 + 1 / 2 + 1 / 3)
    assert day.clicked.value == pytest.approx(3 / looks)
    told = [value for one in some if (value := Corrected().of(one)) is not None]
    assert day.satisfaction.value == pytest.approx(np.mean(told)) and day.satisfaction.sessions == len(told)
    for figure in (day.empty, day.shown, day.precision, day.satisfaction, day.clicked):
        assert figure.low <= figure.value <= figure.high


def test_days_are_midnight_to_midnight_and_none_is_left_out():
    some = [session(n, 20_000 * DAY + n * 900.0, [0.9], (0,)) for n in range(200)]  # two days and two hours
    first, second, third, fourth = days(some, until=20_003 * DAY + 1.0)
    assert [one.decisions for one in (first, second, third, fourth)] == [96, 96, 8, 0]
    assert first.start == 20_000 * DAY and fourth.start == 20_003 * DAY
    assert third.empty is None and fourth.precision is None
    (late,) = days(some, since=20_000 * DAY + 60 * 900.0)
    assert late.decisions == 36 and late.start == 20_000 * DAY + 60 * 900.0


def test_too_little_has_no_figure():
    assert days([session(n, NOON, [0.9]) for n in range(LEAST - 1)])[0].empty is None
    assert days([session(n, NOON, [0.9]) for n in range(LEAST)])[0].empty.value == 0.0
    some = [session(n, NOON, [0.9] if n < LEAST - 1 else []) for n in range(100)]
    assert days(some)[0].precision is None and days(some)[0].empty is not None
    assert days([session(n, NOON, []) for n in range(100)])[0].precision is None


def test_what_has_no_probability_does_not_count_as_precision():
    items = (Placed("a", 1.0, None, 1), Placed("b", 0.5, 0.6, 2))
    some = [Session(Decided(f"r{n}", NOON, items=items)) for n in range(100)]
    assert days(some)[0].precision.value == pytest.approx(0.6)


def test_shares_at_the_edge_have_a_width():
    (day,) = days([session(n, NOON, [0.9], (0,)) for n in range(100)])
    assert day.empty.low == 0.0 and day.empty.high == pytest.approx(0.037, abs=0.001)  # Wilson, 0 of 100
    assert day.satisfaction.value == 1.0 and day.satisfaction.low == pytest.approx(0.963, abs=0.001)
    assert day.shown.low == day.shown.high == 1.0


def test_the_interval_of_independent_sessions_is_wilsons():
    rng = np.random.default_rng(3)
    empty = rng.random(20_000) < 0.3
    (day,) = days([session(n, NOON, [] if one else [0.9]) for n, one in enumerate(empty)])
    p, n, z = empty.mean(), empty.size, 1.96
    middle, reach = (
        (p + z * z / 2 / n) / (1 + z * z / n),
        z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n),
    )
    assert day.empty.low == pytest.approx(middle - reach, abs=0.002)
    assert day.empty.high == pytest.approx(middle + reach, abs=0.002)


def test_intervals_know_that_sessions_of_one_user_are_alike():
    rng, users, each = np.random.default_rng(1), 120, 6
    rates = rng.beta(0.6, 1.4, users)
    empty = rng.random((users, each)) < rates[:, None]
    some = [
        session(n, NOON, [] if empty[n % users, n // users] else [0.9], user=f"u{n % users}") for n in range(empty.size)
    ]
    (day,) = days(some)
    drawn = empty.mean(axis=1)[rng.integers(0, users, (4000, users))].mean(axis=1)  # a bootstrap of users
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert day.empty.high - day.empty.low == pytest.approx(high - low, rel=0.3)
    (blind,) = days([session(n, NOON, [0.9] if one.decided.accepted else []) for n, one in enumerate(some)])
    assert blind.empty.high - blind.empty.low < 0.8 * (day.empty.high - day.empty.low)


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        rates = rng.beta(0.6, 1.4, 80)
        empty = rng.random((80, 4)) < rates[:, None]
        some = [session(n, NOON, [] if empty[n % 80, n // 80] else [0.9], user=f"u{n % 80}") for n in range(320)]
        (day,) = days(some)
        hits += day.empty.low <= 0.3 <= day.empty.high
    assert hits >= 180  # five seeds gave 183 to 194; an interval that is blind to users covers in 158 to 174


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.integers(0, 9)), min_size=40, max_size=80), st.randoms()
)
def test_the_order_of_sessions_does_not_count(rows, random):
    some = [
        session(n, NOON + 60 * n, [chance] * shown, user=f"u{user}") for n, (chance, shown, user) in enumerate(rows)
    ]
    mixed = [*some]
    random.shuffle(mixed)
    (one,), (other,) = days(iter(some)), days(iter(mixed))
    for name in ("empty", "shown", "precision", "clicked"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        if a is not None:
            assert a == pytest.approx(b) and a.low - 1e-9 <= a.value <= a.high + 1e-9


def test_windows_are_whole_days():
    assert window(7, NOON) == (19_994 * DAY, NOON)
    assert window(1, 20_001 * DAY) == (20_000 * DAY, 20_001 * DAY)
    assert window(0.25, NOON) == (NOON - DAY / 4, NOON)


@pytest.mark.parametrize("days", [0, -1, math.nan, math.inf, 5_000])
def test_no_length_of_time_is_one_clear_error(days):
    with pytest.raises(InputError, match="days must be above 0"):
        window(days, NOON)
    with pytest.raises(InputError, match="days must be above 0"):
        window(1, math.nan)
