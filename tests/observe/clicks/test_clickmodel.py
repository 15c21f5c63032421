"""The affine click model: W6's relevance is recovered from its clicks, and the rates from a few labels."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe.clicks import ClickModel, Measured, PositionBias

from .visits import visits

TRUE = (0.670, 0.566, 0.393, 0.220, 0.097)  # W6's relevance by rank
RAW = (0.569, 0.247, 0.123, 0.063, 0.034)  # its click rates


@pytest.fixture(scope="module")
def world():
    return visits(40_000)


def test_relevance_is_recovered_at_every_rank_of_w6(world):
    model = ClickModel(PositionBias(1.0, least=0.01))
    for rank, (true, raw) in enumerate(zip(TRUE, RAW, strict=True), 1):
        at = world[world.positions == rank]
        found = model.relevance(at.clicks, at.positions, sessions=at.sessions)
        # Measured: .675 .573 .390 .225 .103 where the raw click rates are .573 .251 .124 .064 .034.
        assert abs(found.value - true) < 0.02 < abs(raw - true)
        assert at.labels.mean() == pytest.approx(true, abs=0.01)
        assert at.clicks.mean() == pytest.approx(raw, abs=0.01)
        assert found.error < 0.01 and found.sessions == 40_000
        assert abs(found.value - at.labels.mean()) < 4 * found.error


def test_the_interval_over_whole_lists_covers():
    model, covered = ClickModel(PositionBias(1.0, least=0.01)), 0
    for trial in range(60):
        drawn = visits(300, trial)
        found = model.relevance(drawn.clicks, drawn.positions, sessions=drawn.sessions)
        covered += found.low <= 0.2 <= found.high
    assert covered >= 54  # measured: 58 of 60


def test_what_is_explored_seldom_counts_as_often_as_it_could_have_been_shown():
    rng = np.random.default_rng(4)
    good = rng.random(60_000) < 0.5  # those that the policy shows, of which .9 are relevant, and .2 of the others
    relevant = rng.random(60_000) < np.where(good, 0.9, 0.2)
    shown = good | (rng.random(60_000) < 0.05)
    clicks = rng.random(60_000) < np.where(relevant, 0.8, 0.1)
    places, propensities = np.ones(shown.sum()), np.where(good, 1.0, 0.05)[shown]
    plain = ClickModel().relevance(clicks[shown], places)
    found = ClickModel().relevance(clicks[shown], places, propensities)
    assert abs(found.value - 0.55) < 3 * found.error < 0.06
    assert plain.value > 0.8


def test_rates_come_from_labels(world):
    few = world[world.sessions < 500]
    start = ClickModel(PositionBias(1.0, least=0.01), relevant=1.0, noise=0.0)
    fitted = start.fit_noise(few.clicks, few.positions, few.labels, sessions=few.sessions)
    assert fitted.relevant.low < 0.8 < fitted.relevant.high and fitted.noise.low < 0.1 < fitted.noise.high
    assert fitted.model.relevant == pytest.approx(0.8, abs=0.06) and fitted.model.noise == pytest.approx(0.1, abs=0.03)
    top = world[world.positions == 3]
    assert abs(fitted.model.relevance(top.clicks, top.positions).value - TRUE[2]) < 0.06


@settings(max_examples=40)
@given(st.floats(0, 1), st.floats(0.3, 1), st.floats(0, 0.25), st.integers(1, 9))
def test_relevance_turns_chances_back(share, relevant, noise, place):
    model = ClickModel(Measured((1.0, 0.5, 0.2)), relevant, noise)
    chance = model.chances([share], [place])[0]
    assert (chance / model.examination.at(place) - noise) / (relevant - noise) == pytest.approx(share, abs=1e-9)
    assert ClickModel.from_json(json.loads(json.dumps(model.as_json()))) == model


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="clicks tell nothing"):
        ClickModel(relevant=0.1, noise=0.1)
    with pytest.raises(InputError, match="0 or 1"):
        ClickModel().relevance([2, 0], [1, 1])
    for propensities in ([0.0, 1.0], [1.0], [1.5, 1.0]):
        with pytest.raises(InputError, match="propensities"):
            ClickModel().relevance([1, 0], [1, 1], propensities)
    with pytest.raises(InputError, match="relevant documents and others"):
        ClickModel().fit_noise([1, 0], [1, 1], [1, 1])
    with pytest.raises(InputError, match="tell nothing"):
        ClickModel().fit_noise([1, 0, 1, 1], [1] * 4, [1, 1, 0, 0])
    for value in (None, {}, {"examination": PositionBias().as_json(), "relevant": "x", "noise": 0.1}):
        with pytest.raises(InputError):
            ClickModel.from_json(value)
