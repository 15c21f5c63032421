"""Scenario presets: targets with a direction, found by either name."""

import numpy as np
import pytest

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.decide.certificates.certify import certify
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.policies.presets import PRESETS, preset
from tamis.errors import InputError


def test_either_name_finds_a_row():
    for name, row in PRESETS.items():
        assert row.name == name
        assert preset(row.zh) is preset(name) is row
        assert row.says and row.says_zh and row.en


def test_an_unknown_scenario_is_told_with_what_was_meant():
    with pytest.raises(InputError, match="did you mean 'precise-qa'"):
        preset("precise_qa")
    with pytest.raises(InputError, match="known: precise-qa, general-search, recommendation, content-filter"):
        preset("x")


@pytest.mark.parametrize("name", PRESETS)
def test_every_target_chooses_a_threshold(name):
    rng = np.random.default_rng(0)
    labels = rng.random(2000) < 0.3
    assert np.isfinite(preset(name).target().choose(Labelled.of(rng.normal(4.0 * labels), labels)))


def test_a_content_filter_lets_at_most_so_much_through():
    row = preset("content-filter")
    rng = np.random.default_rng(1)
    bad, new = (rng.random(5000) < 0.3 for _ in range(2))
    badness, later = rng.normal(3.0 * bad), rng.normal(3.0 * new)
    found = certify(Labelled.of(badness, bad), row.target())
    policy = Policy(Thresholds(found.threshold), direction=row.direction, stage="safety")
    documents = [Document(str(at), "x") for at in range(5000)]
    ranking = Ranking(Query("q"), tuple(Candidate(d, 0.0) for d in documents)).rescored("safety", later)
    shown = np.array([int(c.doc.id) for c in policy.decide(ranking).ranking])
    assert new[shown].sum() / new.sum() < 0.07
    assert (~new)[shown].sum() / (~new).sum() > 0.85
