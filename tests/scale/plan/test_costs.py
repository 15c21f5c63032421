"""Costs: fitted to what was measured, read from files, and read from a server's counters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import DataError, InputError, RemoteError
from tamis.scale.plan import Cost, Profile
from tamis.scale.plan.measure import read
from tamis.scale.plan.tables import known

SOME = st.floats(0, 1e-2)


@settings(deadline=None)
@given(batch=SOME, pair=SOME, token=st.floats(1e-6, 1e-3))
def test_a_cost_that_is_one_is_found_again(batch, pair, token):
    rng = np.random.default_rng(0)
    pairs = rng.integers(1, 100, 30)
    tokens = pairs * rng.integers(5, 200, 30)
    true = Cost(batch, pair, token)
    found = Cost.fit(pairs.tolist(), tokens.tolist(), [true(p, t) for p, t in zip(pairs, tokens, strict=True)])
    for p, t in zip(pairs, tokens, strict=True):
        assert found(p, t) == pytest.approx(true(p, t), rel=0.12)


def test_no_part_of_a_cost_is_below_nothing():
    found = Cost.fit([1, 10, 100, 50], [100, 1000, 1000, 4000], [0.1, 0.09, 0.02, 0.2])
    assert min(found.batch, found.pair, found.token) >= 0 and found(10, 100) > 0
    for wrong in ([], [0.0, 1.0]):
        with pytest.raises(InputError, match="measured batch"):
            Cost.fit([1] * len(wrong), [1] * len(wrong), wrong)


def test_a_profile_is_what_it_was_after_it_was_written(tmp_path):
    one = Profile("m", Cost(0.1, 0.2, 0.3), 0.9, Cost(1e-3), Cost(pair=0.01), 5e8, "cpu", "measured", 1.3)
    one.save(tmp_path / "p.json")
    assert Profile.load(tmp_path / "p.json") == one
    for text, says in (
        ("{}", "expected a profile"),
        ("[", "expected a profile"),
        ('{"kind": "tamis-profile"}', "expected"),
    ):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(DataError, match=says):
            Profile.load(tmp_path / "x.json")
    with pytest.raises(DataError, match="no such file"):
        Profile.load(tmp_path / "none.json")


def test_what_somebody_knows_better_goes_over_the_tables():
    found = known("bge-reranker-base", "l4").overridden(token=1e-5)
    assert found.scoring.token == 1e-5 and found.source.endswith("token as given")


def test_counters_that_are_missing_are_named():
    with pytest.raises(RemoteError, match="tamis_work_seconds_sum"):
        read("# HELP\nother 1.0\n", "m")
