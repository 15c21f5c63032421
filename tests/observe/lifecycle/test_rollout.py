"""Who gets the canary."""

from __future__ import annotations

import pytest

from tamis.observe.lifecycle.rollout import Rollout

UNITS = [f"user {at}" for at in range(20_000)]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_a_canary_gets_its_share(share):
    got = sum(Rollout("a", "b", share).choose(unit)[1] == "canary" for unit in UNITS)
    assert got == pytest.approx(share * len(UNITS), abs=4 * (share * len(UNITS)) ** 0.5)


def test_who_is_in_a_canary_stays_when_it_grows():
    small = {unit for unit in UNITS if Rollout("a", "b", 0.05).choose(unit)[1]}
    large = {unit for unit in UNITS if Rollout("a", "b", 0.2).choose(unit)[1]}
    assert small < large


def test_another_canary_is_tried_on_others():
    one = {unit for unit in UNITS if Rollout("a", "b", 0.05).choose(unit)[1]}
    other = {unit for unit in UNITS if Rollout("a", "c", 0.05).choose(unit)[1]}
    assert len(one & other) < 0.2 * len(one)
