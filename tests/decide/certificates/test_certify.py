"""Promises together, and promises by segment."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.calibrate import Labelled
from tamis.decide import (
    Issued,
    Joint,
    MissRateAtMost,
    PrecisionAtLeast,
    RecallAtLeast,
    Refused,
    audit,
    certify,
    certify_segments,
)
from tamis.errors import InputError

from ...calibrate import worlds
from ..trials import LEAST, TARGET


def data_of(count=3000, trial=0):
    world = worlds.independent(count, trial)
    return Labelled.of(world.scores, world.labels)


def segmented(trial=0, count=6000):
    world = worlds.segmented(trial, count)
    return Labelled.of(world.scores, world.labels), ["other" if one else "usual" for one in world.segments]


class TestJoint:
    def test_one_threshold_keeps_both(self):
        data = data_of()
        for recall in (RecallAtLeast(0.5), MissRateAtMost(0.5), MissRateAtMost(0.6, confidence=0.99)):
            found = certify(data, Joint(PrecisionAtLeast(0.9, confidence=0.98), recall))
            assert isinstance(found, Issued)
            assert found.threshold == certify(data, PrecisionAtLeast(0.9, confidence=0.98)).threshold
            assert found.threshold <= certify(data, recall).threshold
            assert "90 %" in found.promise and recall.promise in found.promise
            assert found.confidence == pytest.approx(0.98 + (recall.confidence or 1) - 1)

    def test_what_a_scorer_cannot_give_is_refused_with_both_thresholds(self):
        data = data_of()
        joint = Joint(PrecisionAtLeast(0.95), RecallAtLeast(0.9))
        found = certify(data, joint)
        precise, complete = certify(data, joint.precision), certify(data, joint.recall)
        assert isinstance(found, Refused)
        assert f"{precise.threshold:.4g}" in found.reason and f"{complete.threshold:.4g}" in found.reason
        assert found.promise == joint.promise

    def test_what_one_of_them_lacks_is_said(self):
        joint = Joint(TARGET, RecallAtLeast(0.9))
        found = certify(data_of(60), joint)
        assert isinstance(found, Refused) and found.promise == joint.promise
        assert found.reason == certify(data_of(60), TARGET).reason
        many = Labelled.of(np.arange(100.0), np.arange(100) >= 80)
        found = certify(many, Joint(PrecisionAtLeast(0.3), RecallAtLeast(0.9)))
        assert isinstance(found, Refused) and "at least 29" in found.reason

    def test_without_a_promise_the_precision_chooses(self):
        assert Joint(TARGET, RecallAtLeast(0.5)).choose(data_of()) == TARGET.choose(data_of())
        assert Joint(TARGET, RecallAtLeast(0.5)).as_json()["target"] == "joint"

    def test_both_hold_as_often_as_stated(self):
        joint = Joint(PrecisionAtLeast(0.85, confidence=0.975), RecallAtLeast(0.5, confidence=0.975))
        broken, issued = 0, 0
        for trial in range(150):
            found = certify(data_of(2000, trial), joint)
            if isinstance(found, Issued):
                issued += 1
                broken += worlds.precision(found.threshold) < 0.85 or worlds.recall(found.threshold) < 0.5
        assert issued > 130 and broken / 150 <= 0.05


class TestAudit:
    def test_a_segment_where_the_promise_holds_fails_or_is_not_known(self):
        data, names = segmented()
        held = {row.segment: row for row in audit(data, names, 3.0, TARGET)}
        assert [held[name].state for name in ("other", "usual")] == ["unproven", "holds"]
        failed = {row.segment: row for row in audit(data, names, 1.5, TARGET)}
        assert failed["other"].state == "fails" and failed["other"].flagged
        few = {row.segment: row for row in audit(data, names, 7.0, TARGET)}
        assert few["usual"].state == "unproven" and few["usual"].flagged

    def test_the_figures_are_those_of_the_accepted(self):
        data, names = segmented()
        names = np.array(names)
        for row in audit(data, list(names), 2.3, TARGET):
            accepted = (names == row.segment) & (data.scores >= 2.3)
            assert row.accepted == accepted.sum()
            assert row.precision.value == pytest.approx(data.labels[accepted].mean())
            assert row.precision.low < row.precision.value < row.precision.high

    def test_a_segment_of_which_nothing_is_accepted_is_not_known(self):
        (row,) = audit(Labelled.of([1.0, 2.0], [1, 0]), ["a", "a"], 9.0, TARGET)
        assert (row.accepted, row.state) == (0, "unproven") and np.isnan(row.precision.value)

    def test_few_queries_prove_nothing_however_many_pairs_they_have(self):
        rng = np.random.default_rng(0)
        labels = np.repeat([1.0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1], 100)
        data = Labelled.of(rng.random(1200), labels, np.repeat(np.arange(12), 100))
        (row,) = audit(data, ["a"] * 1200, 0.0, PrecisionAtLeast(0.85))
        assert row.state == "unproven"
        (row,) = audit(Labelled.of(data.scores, labels), ["a"] * 1200, 0.0, PrecisionAtLeast(0.85))
        assert row.state == "holds"


class TestSegments:
    def test_each_segment_has_its_own_threshold(self):
        data, names = segmented()
        found = certify_segments(data, names, TARGET)
        assert sorted(found.segments) == sorted(found.thresholds) == ["other", "usual"]
        assert found.thresholds["other"] > found.thresholds["usual"]
        for name, one in found.segments.items():
            assert isinstance(one, Issued) and found.thresholds[name] == one.threshold
            assert one.confidence == pytest.approx(1 - 0.05 / 3)

    def test_a_segment_with_few_labels_has_the_threshold_of_all_unless_something_speaks_against_it(self):
        data, names = segmented()
        rare = [name if name == "usual" or at % 50 else "rare" for at, name in enumerate(names)]
        found = certify_segments(data, rare, TARGET)
        assert isinstance(found.segments["rare"], Refused)
        assert found.thresholds["rare"] == found.parent.threshold
        rng = np.random.default_rng(0)
        wrong = Labelled.of(np.append(data.scores, 4 + rng.random(30)), np.append(data.labels, np.zeros(30)))
        against = certify_segments(wrong, [*names, *["bad"] * 30], TARGET)
        assert isinstance(against.segments["bad"], Refused) and against.audits["bad"].state == "fails"
        assert against.thresholds["bad"] == float("inf")

    def test_where_nothing_is_certified_nothing_is_accepted(self):
        data = data_of(60)
        found = certify_segments(data, ["a"] * 30 + ["b"] * 30, TARGET)
        assert isinstance(found.parent, Refused) and found.audits == {}
        assert set(found.thresholds.values()) == {float("inf")}

    def test_lists_are_cut_before_they_are_parted(self):
        world = worlds.clustered(400, 0, 0.0)
        data = Labelled.of(world.scores, world.labels, world.groups)
        names = np.array(["first", "second", "third", *["never shown"] * 7])[data.places()]
        found = certify_segments(data, names.tolist(), PrecisionAtLeast(0.8), max_k=3)
        assert sorted(found.thresholds) == ["first", "second", "third"]
        first = found.segments["first"]
        assert first.issued and first.accepted == (data.scores[data.places() == 0] >= first.threshold).sum()
        assert found.audits["second"].accepted == (data.scores[data.places() == 1] >= found.parent.threshold).sum()

    def test_names_may_be_anything_and_are_needed_for_each_pair(self):
        data, names = segmented()
        numbers = [int(name == "other") for name in names]
        assert set(certify_segments(data, numbers, TARGET).segments) == {"0", "1"}
        for call in (
            lambda: certify_segments(data, names[:-1], TARGET),
            lambda: audit(data, names[:-1], 1.0, TARGET),
        ):
            with pytest.raises(InputError, match="expected 6000 segments, one a pair, got 5999"):
                call()


def test_a_certificate_is_json_and_says_all():
    found = certify(data_of(), TARGET).as_json()
    assert found["issued"] is True and found["bound"] == LEAST and found["labels_needed"] == 0
    refused = certify(data_of(60), TARGET).as_json()
    assert refused["issued"] is False and refused["threshold"] is None and refused["labels_needed"] >= 29


TARGETS = (
    PrecisionAtLeast(0.9),
    PrecisionAtLeast(0.001),
    PrecisionAtLeast(0.9999, confidence=0.9999),
    PrecisionAtLeast(0.5, confidence=0.01),
    RecallAtLeast(0.9),
    RecallAtLeast(0.001),
    RecallAtLeast(0.5, confidence=0.01),
    MissRateAtMost(0.1),
    MissRateAtMost(0.999),
    MissRateAtMost(0.001, confidence=0.95),
    Joint(PrecisionAtLeast(0.5), RecallAtLeast(0.5)),
)


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from([1, 2, 3, 20, 100, 400]),
    st.sampled_from([1e-300, 1.0, 1e38]),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    st.booleans(),
)
def test_whatever_the_pairs_there_is_a_threshold_a_reason_or_one_clear_error(seed, size, scale, share, weighted):
    """Tiny and huge scores, ties, one label only, weights far apart, queries of any size: nothing else comes out."""
    rng = np.random.default_rng(seed)
    scores = (rng.normal(size=size).round(int(rng.integers(0, 3)))) * scale
    groups = rng.integers(0, size, size) if seed % 2 else None
    weights = rng.choice([1e-9, 1.0, 1e9], size) if weighted else None
    data = Labelled.of(scores, rng.random(size) < share, groups, weights)
    names = rng.choice(["a", "b"], size).tolist()
    for target in TARGETS:
        for options in ({}, {"i_accept_iid": True}, {"strict": True}, {"max_k": 2}):
            try:
                found = certify(data, target, **options)
            except InputError:
                continue
            assert json.loads(json.dumps(found.as_json(), allow_nan=False))["issued"] == found.issued
            assert isinstance(found, Issued) or found.reason
    assert set(certify_segments(data, names, TARGET).thresholds) == set(names)
