"""Looks at decisions: what alarms, what does not, and how often without a change."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tamis.errors import InputError
from tamis.observe import Decided
from tamis.observe.drift import CHECKS, Baseline, LookOptions, Sample, look
from tamis.observe.drift.sample import MOST

from ...calibrate import worlds
from .decided import clustered, decided

OPTIONS = LookOptions(rounds=999)


@pytest.fixture(scope="module")
def baseline():
    return Baseline.of(clustered(1000, 0))


def alarms(found):
    return {(finding.measure, finding.segment) for finding in found.findings if finding.alarm}


def segmented(queries, trial, change=lambda scores: scores):
    """Decisions in two segments; scores of the second are changed."""
    plain = clustered(queries, trial, segment="en")
    return plain + clustered(queries, trial + 500, change=change, segment="zh")


class TestLook:
    def test_a_rescaled_model_alarms_at_the_first_look(self, baseline):
        """W5: in the benchmark, of 200 runs."""
        for run in range(5):
            found = look(baseline, clustered(200, 100 + run, change=worlds.swapped), OPTIONS)
            assert {("best score", ""), ("scores", "")} <= alarms(found)
            assert found.sentence.startswith("changed, by 200 decisions: the median best score went from")

    def test_without_a_change_hardly_any_look_alarms(self, baseline):
        found = [look(baseline, clustered(200, 200 + run, 1.0), replace(OPTIONS, rounds=199)) for run in range(20)]
        assert sum(one.alarm for one in found) <= 1
        assert found[0].sentence == "nothing that matters has changed, by 200 decisions"
        assert [one.measure for one in found[0].findings] == [check.name for check in CHECKS]

    def test_ties_alarm(self, baseline):
        rounded = clustered(200, 3, change=lambda scores: np.round(scores))
        assert ("ties", "") in alarms(look(baseline, rounded, OPTIONS))

    def test_showing_more_alarms(self, baseline):
        found = alarms(look(baseline, decided(worlds.clustered(300, 4).scores.reshape(300, -1), 0.5), OPTIONS))
        assert {("answerless", ""), ("shown", ""), ("precision", "")} <= found
        assert ("best score", "") not in found

    def test_an_effect_that_does_not_matter_is_no_alarm(self, baseline):
        changed = clustered(400, 5, change=lambda scores: scores - 0.6)
        assert look(baseline, changed, OPTIONS).alarm
        assert not look(baseline, changed, replace(OPTIONS, distance=0.5, share=0.5, fall=0.5)).alarm

    def test_too_few_decisions_say_so_and_alarm_nothing(self, baseline):
        found = look(baseline, clustered(50, 6, change=worlds.swapped), OPTIONS)
        assert (found.alarm, found.enough, found.findings) == (False, False, ())
        assert found.sentence == "too few decisions to look at: 50, and a look takes 200"

    def test_another_scorer_alarms_at_once(self, baseline):
        found = look(baseline, clustered(3, 7, scorer="sha256:b"), OPTIONS)
        assert alarms(found) == {("scorer", "")}
        assert "sha256:b" in found.sentence

    def test_precision_is_held_against_the_promise(self):
        was = clustered(1000, 8)
        now = clustered(300, 9)
        kept, broken = (look(Baseline.of(was, promised), now, OPTIONS) for promised in (0.85, 0.99))
        assert ("precision", "") not in alarms(kept)
        assert ("precision", "") in alarms(broken)

    def test_a_segment_that_changes_is_named(self):
        reference = Baseline.of(segmented(700, 10))
        found = look(reference, segmented(200, 11, worlds.swapped), OPTIONS)
        assert ("best score", "zh") in alarms(found)
        assert not any(segment == "en" for _, segment in alarms(found))
        assert "in the segment 'zh'" in found.sentence
        assert not look(reference, segmented(200, 12), OPTIONS).alarm

    def test_small_segments_are_not_looked_at_alone(self):
        reference = Baseline.of(segmented(700, 10))
        now = clustered(200, 13, segment="en") + clustered(20, 14, segment="zh", change=worlds.swapped)
        assert {finding.segment for finding in look(reference, now, OPTIONS).findings} == {"", "en"}

    def test_decisions_without_candidates_or_probabilities_are_looked_at(self, baseline):
        bare = [Decided(f"r{n}") for n in range(300)]
        found = look(baseline, bare, OPTIONS)
        assert alarms(found) >= {("answerless", ""), ("shown", "")}
        assert not look(Baseline.of(bare), bare, OPTIONS).alarm

    def test_as_json(self, baseline):
        found = look(baseline, clustered(200, 15, change=worlds.swapped), OPTIONS)
        told = json.loads(json.dumps(found.as_json(), allow_nan=False))
        assert told["alarm"] is True
        assert {"measure", "segment", "p", "effect", "alarm", "sentence"} <= set(told["findings"][0])


class TestBaseline:
    def test_comes_back_from_json(self, baseline):
        text = json.dumps(baseline.as_json(), allow_nan=False)
        again = Baseline.from_json(json.loads(text))
        assert again.digest == baseline.digest
        assert json.dumps(again.as_json()) == text
        now = clustered(200, 16)
        assert look(again, now, OPTIONS) == look(baseline, now, OPTIONS)

    def test_one_that_was_changed_is_refused(self, baseline):
        told = baseline.as_json()
        with pytest.raises(InputError, match="changed after"):
            Baseline.from_json({**told, "decisions": 7})
        with pytest.raises(InputError, match="take a new one"):
            Baseline.from_json({"schema": 9})
        with pytest.raises(InputError, match="other lengths"):
            Baseline.from_json({**told, "sample": {**told["sample"], "shown": [1]}})
        with pytest.raises(InputError, match="cannot be read"):
            Baseline.from_json({**told, "sample": {"best": []}})

    def test_needs_decisions_and_a_promise_that_can_be(self):
        with pytest.raises(InputError, match="needs decisions"):
            Baseline.of([])
        with pytest.raises(InputError, match="promised"):
            Baseline.of([Decided("r")], promised=2.0)


class TestSample:
    def test_keeps_two_thousand_decisions_and_whole_queries(self):
        sample = Sample.of(clustered(3000, 17))
        assert (len(sample), sample.scores.size) == (MOST, MOST)
        assert set(np.bincount(sample.groups)) <= {0, 10}
        assert np.isclose(sample.best[sample.groups[0]], sample.scores[sample.groups == sample.groups[0]].max())

    def test_a_segment_has_its_own_rows(self):
        sample = Sample.of(segmented(50, 18))
        part = sample.of_segment("zh")
        assert (len(part), part.scores.size) == (50, 500)
        for place in range(50):
            assert part.scores[part.groups == place].max() == part.best[place]
        assert len(sample.of_segment("none")) == 0


@pytest.mark.parametrize("wrong", [{"window": 0}, {"level": 0.0}, {"distance": 2.0}, {"fall": -0.1}, {"rounds": 0}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match="looks: expected"):
        LookOptions(**wrong)
