"""The gate: what is harmless passes, what is not does not, and what nobody knows stays off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import paired
from tamis.gains import gate
from tamis.gains.gate import MARGIN, in_fit_half

NAMES = [f"q{at}" for at in range(400)]
FIT = np.array([in_fit_half(name) for name in NAMES])


def test_the_decision_sees_half_of_the_queries_and_the_report_the_other():
    rng = np.random.default_rng(0)
    without = rng.random(400)
    with_rewriting = np.clip(without + rng.normal(0.05, 0.1, 400), 0, 1)
    found = gate(with_rewriting, without, NAMES)
    assert found.fit == paired(with_rewriting[FIT], without[FIT], confidence=0.9)
    assert found.held_out == paired(with_rewriting[~FIT], without[~FIT])
    spoilt = np.where(FIT, with_rewriting, 0.0)
    assert gate(spoilt, without, NAMES).reason == found.reason == "harmless"


@pytest.mark.parametrize(
    ("effect", "spread", "reason"),
    [(0.0, 0.0, "same"), (0.1, 0.1, "harmless"), (-0.1, 0.1, "worse"), (0.0, 0.4, "unsure"), (-0.004, 0.01, "worse")],
)
def test_reasons(effect, spread, reason):
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, 400)
    noise[FIT] -= noise[FIT].mean()
    found = gate(0.5 + effect + spread * noise, np.full(400, 0.5), NAMES)
    assert found.reason == reason and found.on == (reason in ("same", "harmless"))


def test_few_queries_cannot_tell_unless_nothing_changes():
    names = [name for name in NAMES if in_fit_half(name)][:9]
    assert gate(np.ones(9), np.zeros(9), names).reason == "few"
    assert gate(np.ones(9), np.ones(9), names).reason == "same"
    assert gate(np.ones(9), np.ones(9), names).as_json()["held_out"] is None


def test_a_loss_of_the_margin_passes_about_as_rarely_as_it_says():
    rng = np.random.default_rng(2)
    passed = [gate(0.5 - MARGIN + rng.normal(0, 0.08, 400), np.full(400, 0.5), NAMES).on for _ in range(150)]
    assert np.mean(passed) <= 0.1


@settings(max_examples=20)
@given(st.floats(0, 0.2), st.integers(0, 3))
def test_a_wider_margin_never_closes_the_gate(margin, seed):
    rng = np.random.default_rng(seed)
    one, two = rng.random(60), rng.random(60)
    if gate(one, two, NAMES[:60], margin=margin).on:
        assert gate(one, two, NAMES[:60], margin=margin + 0.1).on


@pytest.mark.parametrize(
    "call",
    [lambda: gate(np.ones(3), np.ones(2), NAMES[:3]), lambda: gate(np.ones(3), np.ones(3), NAMES[:3], margin=-1)],
)
def test_unusable_values_are_refused(call):
    with pytest.raises(InputError):
        call()


def test_a_harmful_rewriter_is_switched_off(harmful, typed, talked):
    assert harmful.gate.reason == "worse" and not harmful.gate.on
    assert typed.gate.reason == "same" and talked.gate.reason == "harmless"
