"""Position bias: the power law, what a log says of itself, tables that were measured, and their JSON forms."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data.impressions import Impression
from tamis.errors import InputError
from tamis.observe.clicks import Measured, PositionBias, examination_from_json

EXAMINATIONS = st.one_of(
    st.builds(PositionBias, st.floats(0, 3), st.floats(0.001, 1)),
    st.builds(Measured, st.lists(st.floats(0, 2), min_size=1, max_size=12).map(tuple), st.floats(0.001, 1)),
)


@settings(max_examples=50)
@given(EXAMINATIONS, st.lists(st.integers(1, 300), max_size=20))
def test_chances_are_bounded_and_survive_json(examination, places):
    found = examination.at(places)
    assert found.shape == (len(places),) and found.dtype == np.float64
    assert ((found >= examination.least) & (found <= 1)).all()
    again = examination_from_json(json.loads(json.dumps(examination.as_json())))
    assert again == examination and again.at(places).tolist() == found.tolist()


@settings(max_examples=30)
@given(st.floats(0, 3), st.floats(0.001, 1), st.integers(1, 300))
def test_one_impression_and_many_are_looked_at_alike(eta, least, place):
    bias = PositionBias(eta, least)
    assert bias.of(Impression("q", "d", place, False)) == pytest.approx(float(bias.at([place])[0]), rel=1e-12)


def test_what_the_log_says_is_taken_first():
    assert PositionBias(least=0.2).of(Impression("q", "d", 1, False, propensity=0.01)) == 0.2
    assert PositionBias().of(Impression("q", "d", 9, False, propensity=0.7)) == 0.7


def test_a_table_is_bounded_and_goes_on_as_it_ends():
    assert Measured((1.0, 1.2, 0.01), least=0.1).at([1, 2, 3, 40]).tolist() == [1.0, 1.0, 0.1, 0.1]


@pytest.mark.parametrize("wrong", [{"eta": -1}, {"eta": float("inf")}, {"least": 0}, {"least": 1.5}])
def test_a_power_law_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="eta must be at least 0 and least in"):
        PositionBias(**wrong)


@pytest.mark.parametrize("wrong", [((),), ((1.0, -0.1),), ((float("nan"),),), ((1.0,), 0.0)])
def test_a_table_out_of_range_is_refused(wrong):
    with pytest.raises(InputError):
        Measured(*wrong)


@pytest.mark.parametrize("places", [[0], [1, -2], [float("nan")]])
@pytest.mark.parametrize("examination", [PositionBias(), Measured((1.0,))])
def test_places_are_counted_from_1(examination, places):
    with pytest.raises(InputError, match="counted from 1"):
        examination.at(places)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 3, {}, {"kind": "cascade"}, {"kind": "power", "steep": 1}, {"kind": "power", "eta": "x"}),
        *({"kind": "power", "eta": -1}, {"kind": "measured"}, {"kind": "measured", "by_position": ["x"]}),
        {"kind": "measured", "by_position": 3},
    ],
)
def test_what_is_no_examination_is_refused(value):
    with pytest.raises(InputError):
        examination_from_json(value)
