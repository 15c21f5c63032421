"""Detectors of change: river's detections, W11, state over a restart, and what is refused."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import drift
from scipy.stats import beta

from tamis.errors import InputError
from tamis.observe.drift import ADWIN, DETECTORS, MeanShift, PageHinkley, detector_from_json
from tamis.observe.drift.meanshift import least_mean

SOME = [ADWIN(), PageHinkley(), MeanShift(reference=100), MeanShift(reference=50, way="both")]


def streams():
    for run in range(6):
        rng = np.random.default_rng([run, 77])
        yield np.concatenate([rng.random(900) < 0.35, rng.random(900) < 0.6, rng.random(700) < 0.1]).astype(float)
        yield np.concatenate([rng.beta(2, 5, 1500), rng.beta(5, 2, 800), rng.beta(5, 3, 800)])


def shifted(run):
    """W11."""
    rng = np.random.default_rng([run, 6])
    return np.concatenate([rng.random(3000) < 0.35, rng.random(4000) < 0.25]).astype(float).tolist()


def found(detector, values):
    return [place for place, value in enumerate(values) if detector.update(value)]


def of_river(detector, values):
    places = []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            places.append(place)
    return places


@pytest.mark.parametrize("delta", [0.002, 0.02, 0.2])
def test_adwin_finds_what_rivers_finds(delta):
    """River begins anew after a change, where the paper and we keep the newer part of the window."""
    seen = 0
    for values in streams():
        expected = of_river(drift.ADWIN(delta=delta), values)
        places, detector = [], ADWIN(delta)
        for place, value in enumerate(values):
            if detector.update(value):
                places.append(place)
                detector = ADWIN(delta)
        assert places == expected
        seen += len(places)
    assert seen >= 20


@given(st.lists(st.floats(0, 1), max_size=300))
def test_the_window_of_adwin_holds_the_last_values(values):
    detector = ADWIN()
    for value in values:
        detector.update(value)
    kept = values[len(values) - detector.width :]
    assert math.isnan(detector.mean) if not kept else detector.mean == pytest.approx(np.mean(kept), abs=1e-9)
    assert detector._variance == pytest.approx(np.var(kept) * len(kept) if kept else 0.0, abs=1e-7)
    assert sum(map(len, detector._rows)) <= 6 * (1 + math.log2(1 + len(values)))


@pytest.mark.parametrize("way", ["fell", "rose", "both"])
def test_page_and_hinkley_find_what_rivers_find(way):
    modes = {"fell": "down", "rose": "up", "both": "both"}
    for delta, threshold in ((0.005, 30.0), (0.05, 8.0)):
        for values in streams():
            theirs = drift.PageHinkley(threshold=threshold, delta=delta, mode=modes[way])
            assert found(PageHinkley(threshold, delta=delta, way=way), values) == of_river(theirs, values)


def test_w11_is_found_within_fifteen_hundred_values_and_hardly_ever_before():
    """Of 30 runs; the benchmark has 200."""
    for make, most in ((ADWIN, 2), (PageHinkley, 3), (MeanShift, 1)):
        runs = [found(make(), shifted(run)) for run in range(30)]
        assert sum(any(place < 3000 for place in places) for places in runs) <= most
        assert sum(any(3000 <= place < 4500 for place in places) for places in runs) >= 27


def test_mean_shift_alarms_wrongly_no_more_often_than_it_says():
    """With an error of a half, of 60 watches of a mean that stays."""
    alarms = 0
    for run in range(60):
        values = np.random.default_rng([run, 12]).beta(2, 2, 1500).tolist()
        alarms += bool(found(MeanShift(reference=200, error=0.5, per=1300, way="both"), values))
    assert alarms <= 30


def test_mean_shift_finds_the_way_it_was_told():
    rng = np.random.default_rng(1)
    rising = np.concatenate([rng.random(500) < 0.3, rng.random(500) < 0.6]).astype(float)
    assert not found(MeanShift(reference=400), rising)
    assert found(MeanShift(reference=400, way="rose"), rising)
    assert found(MeanShift(reference=400, way="both"), 1 - rising)
    assert found(MeanShift(reference=400, way="both"), rising)


def test_after_a_change_all_but_adwin_learn_anew():
    detector = MeanShift(reference=200)
    assert len(found(detector, [1.0, 0.0] * 300 + [0.0] * 400 + [0.0] * 100)) == 1
    assert (detector.count > 300, detector.mean) == (True, 0.0)


def test_the_bound_on_a_mean_holds_and_is_clopper_and_pearsons_for_zeros_and_ones():
    rng = np.random.default_rng(2)
    zeros = (rng.random(1000) < 0.35).astype(float)
    assert least_mean(zeros, 0.025) == pytest.approx(beta.ppf(0.025, zeros.sum(), 1001 - zeros.sum()), rel=1e-8)
    bounds = np.array([least_mean(rng.beta(2, 5, 300), 0.1) for _ in range(200)])
    assert (bounds > 2 / 7).mean() <= 0.1
    assert bounds.mean() > 2 / 7 - 0.035
    assert least_mean(np.zeros(50), 0.05) == 0.0


@pytest.mark.parametrize("detector", SOME, ids=lambda one: one.as_json()["kind"])
class TestEveryDetector:
    def test_goes_on_from_its_state(self, detector):
        values = np.concatenate([np.tile([0.0, 1.0], 200), np.full(150, 0.02)]).tolist()
        whole = type(detector).from_json(detector.as_json())
        expected = found(whole, values)
        assert expected
        for cut in (0, 30, 101, 333, 420):
            first = type(detector).from_json(detector.as_json())
            places = found(first, values[:cut])
            rest = type(detector).from_json(json.loads(json.dumps(first.as_json())))
            assert rest.drift_detected == first.drift_detected
            assert [*places, *(cut + place for place in found(rest, values[cut:]))] == expected

    def test_is_found_by_its_kind(self, detector):
        assert isinstance(detector, DETECTORS[detector.as_json()["kind"]])
        assert detector_from_json(detector.as_json()).as_json() == detector.as_json()
        with pytest.raises(InputError, match="adwin, mean-shift"):
            detector_from_json({"kind": "other"})

    def test_says_so_as_an_attribute_too(self, detector):
        copy = type(detector).from_json(detector.as_json())
        for value in [1.0] * 300 + [0.0] * 100:
            assert copy.update(value) == copy.drift_detected

    @pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, "x", None])
    def test_refuses_what_lies_outside_0_and_1(self, detector, bad):
        with pytest.raises(InputError, match=r"\[0, 1\]"):
            type(detector)().update(bad)

    def test_refuses_a_state_that_is_not_its_own(self, detector):
        with pytest.raises(InputError, match="kind"):
            type(detector).from_json({"kind": "other"})
        with pytest.raises(InputError, match="begin a new one"):
            type(detector).from_json({"kind": detector.as_json()["kind"]})


@pytest.mark.parametrize(
    "make",
    [
        lambda: ADWIN(0.0),
        lambda: PageHinkley(0.0),
        lambda: PageHinkley(way="down"),
        lambda: MeanShift(3),
        lambda: MeanShift(way="down"),
    ],
)
def test_options_out_of_range_are_refused(make):
    with pytest.raises(InputError, match="got"):
        make()
