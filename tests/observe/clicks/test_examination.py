"""Position bias: the power law, what a log says of itself, and tables that were measured."""

import pytest

from tamis.errors import InputError
from tamis.observe.clicks.examination import PositionBias


@pytest.mark.parametrize("wrong", [{"eta": -1}, {"eta": float("inf")}, {"least": 0}, {"least": 1.5}])
def test_a_power_law_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="eta must be at least 0 and least in"):
        PositionBias(**wrong)
