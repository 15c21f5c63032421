"""How far a proposal may move a threshold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe.lifecycle.bounds import Bounds


@given(st.floats(-5, 5), st.floats(-50, 50))
def test_a_proposal_keeps_to_step_floor_and_ceiling(now, wanted):
    kept = Bounds(step=0.5, floor=-5, ceiling=5).kept(now, wanted)
    assert abs(kept - now) <= 0.5 + 1e-9 and -5 <= kept <= 5
    assert (kept - now) * (wanted - now) >= 0


@pytest.mark.parametrize(
    "wrong", [{"step": 0}, {"cooldown": -1}, {"sessions": 0}, {"level": 1}, {"floor": 2, "ceiling": 1}]
)
def test_bounds_that_allow_nothing_are_refused(wrong):
    with pytest.raises(InputError, match="bounds"):
        Bounds(**wrong)
