"""Which pairs to label: the numbers are exact, the sample is what it says, and labels known before move it."""

import time

import numpy as np
import pytest
from scipy import stats

from tamis.calibrate import Labelled
from tamis.decide import PrecisionAtLeast, certify, plan_labels
from tamis.decide.certificates.outlook import expected, pairs_for_power, reached
from tamis.decide.certificates.walk import pairs_needed
from tamis.errors import InputError

from ...calibrate import worlds
from ..trials import LEAST, TARGET


def pool(count=5000, seed=0):
    return np.random.default_rng(seed).normal(size=count)


def pilot(count, trial=0):
    world = worlds.independent(count, trial)
    return Labelled.of(world.scores, world.labels)


def fewest_for_power(least, true, error, power=0.8):
    """The smallest number of pairs at which scipy's binomial test has the power."""
    for count in range(1, 5000):
        passing = np.arange(count + 1)[stats.binom.sf(np.arange(count + 1) - 1, count, least) <= error]
        if passing.size and stats.binom.sf(passing[0] - 1, count, true) >= power:
            return count
    raise AssertionError("more than 5000 pairs")


def test_the_published_numbers():
    assert [pairs_for_power(0.9, true, 0.05) for true in (0.93, 0.95, 0.97)] == [549, 179, 76]


@pytest.mark.parametrize("least", [0.7, 0.9])
@pytest.mark.parametrize("error", [0.025, 0.1])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 1.0])
def test_the_power_is_exact(least, error, share):
    true = least + share * (1 - least)
    assert pairs_for_power(least, true, error) == fewest_for_power(least, true, error)


def test_certain_pairs_take_the_fewest_there_are():
    for least in (0.5, 0.9, 0.99):
        assert pairs_for_power(least, 1.0, 0.025) == pairs_needed(least, 0.025)


def test_a_promise_that_is_hard_to_show_is_planned_in_a_moment():
    start = time.process_time()
    assert 5_000 < pairs_for_power(0.99, 0.9925, 0.025) < 50_000
    assert time.process_time() - start < 2


def test_the_power_is_what_simulation_gives():
    count = pairs_for_power(0.9, 0.96, 0.025)
    hits = np.random.default_rng(0).binomial(count, 0.96, 20_000)
    shown = stats.binom.sf(hits - 1, count, 0.9) <= 0.025
    assert 0.79 <= shown.mean() <= 0.87


@pytest.mark.parametrize("true", [0.9, 0.5, 1.1, float("nan")])
def test_what_can_never_be_shown_has_no_number(true):
    with pytest.raises(InputError, match=r"above 0\.9 and at most 1"):
        pairs_for_power(0.9, true, 0.05)


def test_pairs_are_drawn_alike_from_the_best_fifth():
    scores = pool()
    plan = plan_labels(scores, TARGET, 200)
    assert len(set(plan.indices.tolist())) == 200 and plan.region == 1000
    assert scores[plan.indices].min() >= plan.floor == np.sort(scores)[-1000]
    assert plan.weights.tolist() == [5.0] * 200
    times = np.zeros(5000)
    for seed in range(60):
        times[plan_labels(scores, TARGET, 200, seed=seed).indices] += 1
    assert (times[scores < plan.floor] == 0).all()
    chances = times[scores >= plan.floor] / 60
    assert chances.mean() == pytest.approx(0.2) and np.abs(chances - 0.2).max() < 0.26


def test_the_same_seed_draws_the_same_and_another_one_others():
    one, same, other = (plan_labels(pool(), TARGET, 50, seed=seed) for seed in (1, 1, 2))
    assert one.indices.tolist() == same.indices.tolist() != other.indices.tolist()
    assert one.as_json() == same.as_json()


def test_a_budget_beyond_the_region_takes_it_whole():
    plan = plan_labels(pool(100), TARGET, 1000)
    assert plan.region == 20 == len(plan.indices) and set(plan.weights.tolist()) == {1.0}


def test_a_pool_of_equal_scores_is_one_region():
    plan = plan_labels(np.ones(50), TARGET, 10)
    assert plan.region == 50 and len(plan.indices) == 10 and plan.weights[0] == 5.0


def test_labels_known_before_move_the_region_to_where_it_will_be_decided():
    scores = worlds.independent(20_000, 9).scores
    for trial in range(3):
        plan = plan_labels(scores, TARGET, 200, labelled=pilot(200, trial))
        accepted = int((scores >= worlds.PRECISION_90).sum())
        assert 0.6 * accepted < plan.region < 3 * accepted
        assert plan.region == np.ceil(1.5 * reached(pilot(200, trial), scores, LEAST))
        assert "a calibration on 200 labels expects the promise of the best" in plan.advice
    strict, loose = (plan_labels(scores, PrecisionAtLeast(least), 200, labelled=pilot(200)) for least in (0.97, 0.7))
    assert strict.region < plan.region < loose.region and strict.floor > loose.floor


def test_labels_that_say_nothing_leave_the_best_part():
    alike = Labelled.of(np.arange(20.0), np.ones(20))
    assert plan_labels(pool(), TARGET, 10, labelled=alike).region == 1000
    rng = np.random.default_rng(0)
    noise = Labelled.of(rng.normal(size=300), rng.random(300) < 0.2)
    plan = plan_labels(pool(), TARGET, 10, labelled=noise)
    assert plan.region == 250 and "do not let the promise be expected" in plan.advice


def test_labels_drawn_by_a_plan_are_worth_more_than_labels_drawn_anywhere():
    planned, anywhere = 0, 0
    for trial in range(20):
        world = worlds.independent(5000, trial)
        drawn = plan_labels(world.scores, TARGET, 200, seed=trial)
        anywhere += certify(Labelled.of(world.scores[:200], world.labels[:200]), TARGET).issued
        at = drawn.indices
        found = certify(Labelled.of(world.scores[at], world.labels[at], None, drawn.weights), TARGET)
        planned += found.issued
        assert not found.issued or found.threshold >= drawn.floor
    assert planned >= 17 and anywhere <= 5


def test_the_table_of_power_is_that_of_the_walk():
    plan = plan_labels(pool(), PrecisionAtLeast(0.8, confidence=0.9), 10)
    assert plan.needed == pairs_needed(0.8, 0.05)
    assert plan.power == {true: pairs_for_power(0.8, true, 0.05) for true in (0.85, 0.9, 0.95)}
    assert plan.as_json()["power"].keys() == {"0.85", "0.9", "0.95"}


def test_what_a_pilot_lets_expect_is_near_the_truth():
    found = expected(pilot(2000), LEAST)
    truth = float(worlds.precision(np.sort(pilot(2000).scores)[::-1][found.accepted - 1]))
    assert found.precision >= 0.95 and truth == pytest.approx(0.95, abs=0.03)
    assert expected(Labelled.of([1.0, 2.0], [1, 1]), LEAST) == (2, 1.0)
    assert expected(Labelled.of([1.0, 2.0], [0, 0]), LEAST) is None


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plan_labels([], TARGET, 10), "at least one pair, got shape (0,)"),
        (lambda: plan_labels([[1.0]], TARGET, 10), "got shape (1, 1)"),
        (lambda: plan_labels([1.0, float("nan")], TARGET, 10), "scores must be finite, got nan"),
        (lambda: plan_labels([1.0], TARGET, 0), "at least 1 label, got 0"),
        (lambda: plan_labels(["high"], TARGET, 1), "scores must be numbers"),
    ],
)
def test_what_cannot_be_planned_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)
