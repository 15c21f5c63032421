"""Sample-ratio mismatch: scipy's chi-square, and a test that may be looked at after every user."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tamis.errors import InputError
from tamis.observe.abtest import mismatch

HALVES = {"a": 0.5, "b": 0.5}


@settings(max_examples=50)
@given(counts=st.lists(st.integers(0, 3000), min_size=2, max_size=4), weights=st.lists(st.integers(1, 9), min_size=4))
def test_it_is_scipys_chi_square_and_dirichlet_multinomial(counts, weights):
    shares = np.array(weights[: len(counts)]) / sum(weights[: len(counts)])
    if not sum(counts):
        counts[0] = 1
    names = "abcd"[: len(counts)]
    found = mismatch(dict(zip(names, counts, strict=True)), dict(zip(names, shares, strict=True)))
    assert found.p == pytest.approx(stats.chisquare(counts, sum(counts) * shares).pvalue, rel=1e-9, abs=1e-300)
    log_ratio = stats.dirichlet_multinomial(1000 * shares, sum(counts)).logpmf(counts)
    log_ratio -= stats.multinomial(sum(counts), shares).logpmf(counts)
    assert found.always_p == pytest.approx(np.exp(min(0, -log_ratio)), rel=1e-5, abs=1e-300)


def test_looked_at_all_the_time_it_seldom_cries_wolf_and_finds_what_is_wrong():
    cried = {"always": 0, "chi-square": 0}
    delays = []
    looks = np.arange(200, 20_001, 200)
    for run in range(200):
        rng = np.random.default_rng([run, 17])
        for name, share in (("right", 0.5), ("wrong", 0.48)):
            b = (rng.random(20_000) < share).cumsum()[looks - 1]
            found = [mismatch({"a": int(n - k), "b": int(k)}, HALVES) for n, k in zip(looks, b, strict=True)]
            if name == "right":
                cried["always"] += any(f.always_p < 0.01 for f in found)
                cried["chi-square"] += any(f.p < 0.01 for f in found)
            else:
                delays.append(next((int(n) for n, f in zip(looks, found, strict=True) if f.alarm), np.inf))
    assert cried["always"] <= 0.01 * 200
    assert cried["chi-square"] > 0.04 * 200
    assert np.median(delays) < 14_000


def test_one_look_may_use_the_chi_square():
    counts = {"a": 5000, "b": 5350}
    assert mismatch(counts, HALVES).p < 0.001
    assert not mismatch(counts, HALVES).alarm
    assert mismatch(counts, HALVES, once=True).alarm


def test_arms_without_anybody():
    assert mismatch({"a": 0, "b": 0}, HALVES).p == 1.0
    assert mismatch({"a": 7, "b": 0}, {"a": 1.0, "b": 0.0}).p == 1.0
    assert mismatch({"a": 700, "b": 1}, {"a": 1.0, "b": 0.0}).alarm


@pytest.mark.parametrize(
    ("counts", "planned"),
    [({"a": 1}, HALVES), ({"a": -1, "b": 1}, HALVES), ({"a": 1, "b": 1}, {"a": 0.5, "b": 0.4})],
)
def test_what_is_no_plan_is_refused(counts, planned):
    with pytest.raises(InputError):
        mismatch(counts, planned)
    with pytest.raises(InputError, match="threshold"):
        mismatch({"a": 1, "b": 1}, HALVES, threshold=0)
