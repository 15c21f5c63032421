"""A calibration as a file and as a stage: what it records, whose scores it takes, and what it refuses."""

import json
import re
from datetime import UTC, datetime

import numpy as np
import pytest

from tamis.calibrate import MAPS, AutoCalibrator, Calibration, Labelled, MinMax, Platt, Temperature, as_json, from_json
from tamis.core import Candidate, Document, Query, Ranking, Stage
from tamis.errors import InputError, PolicyError, PolicyMismatch

from . import worlds


@pytest.fixture(scope="module")
def data():
    drawn = worlds.clustered(80, 0)
    return Labelled.of(drawn.scores, drawn.labels, drawn.groups)


@pytest.fixture(scope="module")
def calibration(data):
    return Calibration.fit(data, scorer="mini(1)", stage="mini", created="2026-11-21")


def ranking(*scores, stage="mini", fingerprint="mini(1)"):
    documents = (Candidate(Document(f"d{at}", "text"), 0.0) for at in range(len(scores)))
    return Ranking(Query("q"), tuple(documents)).rescored(stage, scores, fingerprint=fingerprint)


def test_it_records_what_it_rests_on(calibration, data):
    assert (calibration.pairs, calibration.queries, calibration.data) == (800, 80, data.digest)
    assert calibration.report["base_rate"] == data.base_rate
    assert calibration.report["losses"]["platt"] < calibration.report["losses"]["base rate"]
    assert calibration.calibrator == AutoCalibrator().fit(data.scores, data.labels, data.groups).chosen_
    assert Calibration.fit(data).created == datetime.now(UTC).date().isoformat()


def test_a_given_calibrator_is_copied_fitted_and_held_against_the_base_rate(data):
    given = Temperature()
    found = Calibration.fit(data, given)
    assert not hasattr(given, "slope_")
    assert found.calibrator == Temperature().fit(data.scores, data.labels)
    assert list(found.report["losses"]) == ["temperature", "base rate"]
    auto = AutoCalibrator((Platt(), Temperature()), seed=3)
    assert list(Calibration.fit(data, auto).report["losses"]) == ["platt", "temperature", "base rate"]
    assert not hasattr(auto, "chosen_")


def test_a_map_that_gives_no_probabilities_is_refused(data):
    with pytest.raises(InputError, match="gives no probabilities"):
        Calibration.fit(data, MinMax())


def test_as_a_stage_it_writes_probabilities_and_changes_no_order(calibration):
    assert isinstance(calibration, Stage)
    given = [ranking(1.0, 3.0, -2.0), ranking(), ranking(0.5)]
    found = calibration(given)
    assert [[c.doc.id for c in r] for r in found] == [["d1", "d0", "d2"], [], ["d0"]]
    assert [c.probability for c in found[0]] == calibration.calibrator([3.0, 1.0, -2.0]).tolist()
    assert [c.score for c in found[0]] == [3.0, 1.0, -2.0]
    assert found[0].fingerprints == given[0].fingerprints
    assert calibration([]) == []


def test_the_scores_of_its_own_stage_are_read_whatever_came_after(calibration):
    later = ranking(1.0, 3.0).rescored("other", [9.0, -9.0], fingerprint="other(2)")
    (found,) = calibration([later])
    expected = calibration.calibrator([3.0, 1.0])
    assert [c.probability for c in found] == expected.tolist()


def test_without_stage_and_scorer_it_fits_any_current_score(data):
    found = Calibration.fit(data)([ranking(2.0, stage="other", fingerprint="")])
    assert found[0][0].probability == Calibration.fit(data).calibrator([2.0])[0]


def test_without_stage_the_scorer_must_have_spoken(data):
    found = Calibration.fit(data, Platt(), scorer="mini(1)")
    assert found([ranking(1.0, stage="mini+bm25")])[0][0].probability is not None
    with pytest.raises(PolicyMismatch, match=r"calibrated for scores of 'mini\(1\)', got those of 'mini\(2\)'"):
        found([ranking(1.0, fingerprint="mini(2)")])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (ranking(1.0, fingerprint="mini(2)"), "calibrated for scores of 'mini(1)', got those of 'mini(2)': fit a"),
        (ranking(1.0, fingerprint=""), "calibrated for scores of 'mini(1)', got some without a fingerprint: fit a"),
        (ranking(1.0, stage="bm25"), "calibrated for scores of 'mini(1)', got some without a fingerprint"),
    ],
)
def test_scores_of_another_scorer_are_refused(calibration, given, says):
    with pytest.raises(PolicyMismatch, match=re.escape(says)):
        calibration([ranking(1.0), given])


def test_a_stage_that_did_not_run_is_named(data):
    found = Calibration.fit(data, Platt(), stage="mini")
    with pytest.raises(PolicyMismatch, match="scores of the stage 'mini': document 'd0' has 'bm25'; rerank"):
        found([ranking(1.0, stage="bm25")])


def test_a_file_keeps_every_bit_and_is_the_same_every_time(calibration, tmp_path):
    calibration.save(tmp_path / "one.json")
    read = Calibration.load(tmp_path / "one.json")
    read.save(tmp_path / "two.json")
    assert read == calibration
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    grid = np.linspace(-9, 9, 501)
    np.testing.assert_array_equal(read.calibrator(grid), calibration.calibrator(grid))
    assert Calibration.from_json(json.loads(json.dumps(calibration.as_json()))) == calibration


def test_a_file_that_was_changed_is_refused(calibration, tmp_path):
    path = tmp_path / "c.json"
    calibration.save(path)
    path.write_text(path.read_text().replace('"pairs": 800', '"pairs": 8000'))
    with pytest.raises(PolicyError, match="was changed after it was written"):
        Calibration.load(path)
    with pytest.raises(PolicyError, match="cannot be read as a tamis-calibration"):
        Calibration.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "not a calibration: 'calibrator'"),
        ({"calibrator": {"map": "magic"}}, "expected a map, one of platt, .*, got 'magic'"),
        ({"calibrator": {"map": ["platt"]}}, "expected a map"),
        ({"calibrator": 3}, "not a calibration"),
        ({"calibrator": {"map": "platt", "inputs": "logit", "slope": 1.0}}, r"missing or unknown: \['intercept'\]"),
        ({"calibrator": {"map": "platt", "inputs": "logit", "slope": "1", "intercept": 0}}, "expected finite numbers"),
        ({"calibrator": {"map": "platt", "inputs": "logit", "slope": True, "intercept": 0}}, "expected finite numbers"),
        (
            {"calibrator": {"map": "isotonic", "clip": True, "scores": 1.0, "probabilities": [0.5]}},
            "'isotonic' cannot be",
        ),
        (
            {"calibrator": {"map": "platt", "inputs": "logit", "slope": [1, 2], "intercept": 0}},
            "'platt' cannot be read",
        ),
        ({"calibrator": {"map": "min-max", "low": 0.0, "high": 1.0, "least": 0.0, "most": 1.0}}, "no probabilities"),
        ({"calibrator": {"map": "min-max", "low": "0", "high": 1.0, "least": 0.0, "most": 1.0}}, "'<='"),
        (
            {"calibrator": {"map": "platt", "inputs": "logit", "slope": 1.0, "intercept": 0.0}, "colour": "red"},
            "unexpected keyword argument 'colour'",
        ),
    ],
)
def test_what_is_no_calibration_is_a_policy_error(content, says):
    with pytest.raises(PolicyError, match=says):
        Calibration.from_json(content)


@pytest.mark.parametrize("kind", MAPS.values(), ids=MAPS)
def test_every_map_has_a_form(kind, data):
    fitted = kind().fit(data.scores, data.labels)
    assert as_json(fitted)["map"] == kind.name
    assert from_json(as_json(fitted)) == fitted
