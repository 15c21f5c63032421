"""Always-valid tests: W10 with 100 looks, coverage at all looks together, and the same from sums as from streams."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.observe.abtest import ConfidenceSequence, MSprt, Sequential, Sums, joint, running

LOOKS = np.arange(200, 20_001, 200)
KINDS = [MSprt(tau=0.03), ConfidenceSequence(tuned_for=10_000)]


def streams(run: int, key: int, rates: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates and both arms' variances at the looks of two Bernoulli streams."""
    rng = np.random.default_rng([run, key])
    (one, first), (two, second) = (running(rng.random(20_000) < rate, LOOKS) for rate in rates)
    return two - one, first, second


def test_w10_the_same_in_both_arms_is_called_different_in_few_of_400_runs_with_100_looks():
    runs = [streams(run, 2, (0.3, 0.3)) for run in range(400)]
    differences, *variances = (np.stack(part) for part in zip(*runs, strict=True))
    false = {
        type(test).__name__: float((test.trace(differences, variances, (LOOKS, LOOKS)).p[:, -1] < 1 / 20).mean())
        for test in KINDS
    }
    fixed = float((np.abs(differences) > 1.959964 * np.sqrt(variances[0] + variances[1])).any(axis=1).mean())
    assert false["MSprt"] == 0.02  # the reference
    assert false["ConfidenceSequence"] <= 0.05
    assert fixed == pytest.approx(0.378, abs=0.001)  # what a test made for one look does


@pytest.mark.parametrize("test", KINDS, ids=lambda test: type(test).__name__)
def test_all_looks_together_hold_the_true_difference_in_95_of_100_runs(test):
    runs = [streams(run, 12, (0.30, 0.33)) for run in range(1000)]
    differences, *variances = (np.stack(part) for part in zip(*runs, strict=True))
    found = test.trace(differences, variances, (LOOKS, LOOKS))
    assert ((found.low[:, -1] <= 0.03) & (found.high[:, -1] >= 0.03)).mean() >= 0.95


@pytest.mark.parametrize("rate", [0.01, 0.05])
@pytest.mark.parametrize("test", KINDS, ids=lambda test: type(test).__name__)
def test_rare_successes_and_unequal_arms_that_grow_raise_no_false_alarms(test, rate):
    # A canary of a tenth; looked at from the first hundred of it on.
    looks = np.unique(np.geomspace(20, 2000, 60).astype(int))
    false = 0
    for run in range(300):
        rng = np.random.default_rng([run, 23])
        (one, first), (two, second) = (
            running(rng.random(20_000) < rate, 9 * looks),
            running(rng.random(2000) < rate, looks),
        )
        false += test.trace(two - one, (first, second), (9 * looks, looks)).p[-1] <= 0.05
    assert false / 300 <= 0.05


@settings(max_examples=50)
@given(
    units=st.tuples(st.integers(100, 5000), st.integers(100, 5000)),
    rates=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
    test=st.sampled_from(KINDS),
)
def test_the_interval_holds_what_the_likelihood_ratio_does_not_exceed(units, rates, test):
    one, two = (Sums(n, round(n * p), round(n * p)) for n, p in zip(units, rates, strict=True))
    found = test.look(one, two)
    both = one.units + two.units
    variance = joint((one.variance, two.variance), (one.units, two.units))
    for end in (found.low, found.high):
        assert float(test.log_ratio(found.estimate - end, variance, both)) == pytest.approx(math.log(20), rel=1e-9)
    assert found.decided == (found.p < 0.05)


def test_the_ratio_is_the_integral_over_the_mixture():
    d, v, tau = 0.021, 4e-5, 0.03
    h = np.linspace(-0.3, 0.3, 200_001)
    normal = np.exp(-(h**2) / (2 * tau**2)) / math.sqrt(2 * math.pi * tau**2)
    ratio = np.trapezoid(normal * np.exp((2 * d * h - h**2) / (2 * v)), h)
    assert float(MSprt(tau=tau).log_ratio(d, v, 1)) == pytest.approx(math.log(ratio), rel=1e-9)


def test_a_confidence_sequence_is_narrow_where_it_was_tuned():
    at = 10_000
    widths = [
        float(ConfidenceSequence(tuned_for=n).radius(0.84 / at, at)) for n in (2000, 5000, 10_000, 20_000, 50_000)
    ]
    assert min(widths) == widths[2]


def test_looks_one_by_one_from_sums_are_the_trace_of_the_streams():
    rng = np.random.default_rng(5)
    one, two = rng.random(3000) < 0.3, rng.random(3000) < 0.35
    looks = np.array([50, 500, 1000, 2000, 3000])
    (first, a), (second, b) = running(one, looks), running(two, looks)
    trace = MSprt().trace(second - first, (a, b), (looks, looks))
    found: Sequential | None = None
    for n in looks:
        found = MSprt().look(Sums.of(one[:n]), Sums.of(two[:n]), found)
    assert found is not None
    assert (found.low, found.high, found.p) == pytest.approx((trace.low[-1], trace.high[-1], trace.p[-1]))
    assert found.looks == 5


def test_too_few_units_and_equal_values_tell_nothing():
    for found in (
        MSprt().look(Sums.of([0, 1]), Sums.of([1, 1])),
        MSprt().look(Sums.of([]), Sums.of([])),
        MSprt().look(Sums.of([1.0] * 200), Sums.of([1.0] * 200)),
    ):
        assert (found.low, found.high, found.p, found.decided) == (-math.inf, math.inf, 1.0, False)
        again = Sequential.from_json(found.as_json())
        assert str(again) == str(found)  # NaN included


def test_looks_that_exclude_each_other_decide_nothing():
    early = MSprt().look(Sums(2000, 600, 600), Sums(2000, 900, 900))
    late = MSprt().look(Sums(20_000, 6000, 6000), Sums(20_000, 6100, 6100), early)
    assert early.decided
    assert late.contradictory
    assert not late.decided
    assert MSprt().look(Sums(20_000, 6000, 6000), Sums(20_000, 6100, 6100), late).contradictory


def test_options_out_of_range_are_refused():
    for make in (
        lambda: MSprt(tau=0),
        lambda: MSprt(level=1),
        lambda: MSprt(least=1),
        lambda: ConfidenceSequence(tuned_for=0),
        lambda: MSprt(level=0.01).look(Sums.of([0, 1]), Sums.of([0, 1]), Sequential(0, 0, 0, 1, 0.05)),
    ):
        with pytest.raises(InputError):
            make()
