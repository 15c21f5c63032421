"""Values of policies from others' logs: known truths are covered, and on real logs each policy tells of the other."""

import csv
import gzip

import numpy as np
import pytest
from scipy.stats import bootstrap

from tamis.errors import InputError
from tamis.observe.clicks import doubly_robust, importance, ips, snips

REWARD = np.array([0.1, 0.3, 0.6, 0.2])
RUNNING, OTHER = np.array([0.4, 0.3, 0.1, 0.2]), np.array([0.1, 0.2, 0.6, 0.1])
TRUE = float(OTHER @ REWARD)


def logged(rows=4000, seed=0, per_session=1):
    """A log of sessions that make one choice each and see it so many times."""
    rng = np.random.default_rng(seed)
    sessions = np.repeat(np.arange(rows // per_session), per_session)
    chosen = rng.choice(4, size=rows // per_session, p=RUNNING)[sessions]
    rewards = (rng.random(rows) < REWARD[chosen]).astype(float)
    return chosen, rewards, importance(OTHER[chosen], RUNNING[chosen]), sessions


@pytest.mark.parametrize("estimate", [ips, snips])
def test_intervals_cover_the_truth_also_when_rows_come_in_sessions(estimate):
    inside, single, errors = 0, 0, []
    for seed in range(300):
        _, rewards, weights, sessions = logged(1500, seed, per_session=5)
        found = estimate(rewards, weights, sessions)
        inside += found.low <= TRUE <= found.high
        apart = estimate(rewards, weights)
        single += apart.low <= TRUE <= apart.high
        errors.append(found.value - TRUE)
    assert inside >= 0.92 * 300 > single  # rows that are taken for independent make it too narrow
    assert abs(np.mean(errors)) < 4 * np.std(errors) / 300**0.5  # unbiased, or too little biased to be seen


def test_the_naive_mean_of_the_log_is_far_off():
    _, rewards, weights, _ = logged()
    found = snips(rewards, weights)
    assert abs(found.value - TRUE) < 0.05 < abs(rewards.mean() - TRUE)
    assert found.mean_weight == pytest.approx(1, abs=0.1) and found.warning == ""


def test_the_delta_methods_error_is_the_bootstraps():
    _, rewards, weights, _ = logged()
    drawn = bootstrap(
        (rewards, weights), lambda r, w, axis: (r * w).sum(axis) / w.sum(axis), paired=True, n_resamples=2000, rng=0
    )
    assert snips(rewards, weights).error == pytest.approx(drawn.standard_error, rel=0.05)


def test_self_normalised_values_stay_in_range_and_move_with_the_rewards():
    _, rewards, weights, _ = logged(200, 3)
    assert snips(np.ones(200), weights).value == pytest.approx(1)
    assert snips(rewards + 5, weights).value == pytest.approx(snips(rewards, weights).value + 5)
    assert ips(np.ones(200), weights).value == pytest.approx(weights.mean())


def test_weights_of_one_give_the_mean_of_the_log():
    _, rewards, _, _ = logged()
    for estimate in (ips, snips):
        found = estimate(rewards, np.ones(rewards.size))
        assert found.value == pytest.approx(rewards.mean()) and found.effective == pytest.approx(rewards.size)
        assert (found.clipped, found.heaviest, found.warning) == (0, 1, "")


def test_clipping_lowers_the_value_and_the_error_and_says_how_much_it_cut():
    chosen, rewards, weights, _ = logged()
    plain, cut = ips(rewards, weights), ips(rewards, weights, clip=2.0)
    assert cut.value < plain.value and cut.error < plain.error
    assert cut.clipped == pytest.approx((chosen == 2).mean()) and cut.heaviest == pytest.approx(6.0)
    assert cut.effective > plain.effective


def test_double_robustness():
    chosen, rewards, weights, _ = logged()
    right = (REWARD[chosen], np.full(chosen.size, TRUE))
    wrong = (np.full(chosen.size, 0.5), np.full(chosen.size, 0.5))
    assert abs(doubly_robust(rewards, np.full(chosen.size, 1.0), right).value - TRUE) < 0.02  # wrong weights
    assert abs(doubly_robust(rewards, weights, wrong).value - TRUE) < 0.05  # wrong predictions
    assert doubly_robust(rewards, weights, right).error < ips(rewards, weights).error


def test_few_effective_rows_and_missing_support_are_said():
    assert "hangs on the weight" in snips([1, 0] * 50, [100.0] + [0.1] * 99).warning
    chosen, rewards, weights, _ = logged()
    kept = chosen != 2
    assert "mean weight is 0.4" in ips(rewards[kept], weights[kept]).warning
    assert "says nothing" in ips(np.zeros(500), np.ones(500)).warning


def test_what_is_no_log_is_refused():
    for wanted, had in (([0.5], [0.0]), ([1.5], [0.5]), ([0.5, 0.5], [0.5])):
        with pytest.raises(InputError):
            importance(wanted, had)
    for rewards, weights, clip in (([1, 0], [1], None), ([1, 0], [-1, 1], None), ([1, 0], [1, 1], 0.0)):
        with pytest.raises(InputError):
            ips(rewards, weights, clip=clip)
    with pytest.raises(InputError, match="with weight"):
        snips([1, 0], [0, 0])


@pytest.mark.data
def test_each_of_two_real_policies_tells_the_others_click_rate(shared_data):
    """Logs of a shop's page: items drawn at random, and by Thompson sampling, with the chance of each choice.

    With 38 and 42 clicks they are a check of the weights and of the reading, not of what little sets the two apart.
    """
    random, bts = (_read(shared_data / "clicks" / f"{name}_all.csv.gz") for name in ("random", "bts"))
    # What the sampler's share of an item at a place was over the week is how often it stood there; the mean of its
    # logged chances over the rows where it was chosen would be too large, for it is chosen when they are large.
    stood = np.bincount(bts["item_id"] * 4 + bts["position"], minlength=320).reshape(80, 4)
    shares = stood / np.maximum(stood.sum(axis=0), 1)
    to_random = importance(np.full(10_000, 1 / 80), bts["propensity_score"])
    to_bts = importance(shares[random["item_id"], random["position"]], random["propensity_score"])
    rates = [ips(log["click"], np.ones(10_000)).estimate for log in (random, bts)]
    assert [round(rate.value, 4) for rate in rates] == [0.0038, 0.0042]
    for log, weights, rate in ((bts, to_random, rates[0]), (random, to_bts, rates[1])):
        for estimate in (ips, snips):
            found = estimate(log["click"], weights)
            apart = found.estimate.minus(rate)
            assert apart.low < 0 < apart.high
            assert found.mean_weight == pytest.approx(1, abs=0.12) and found.effective > 300


def _read(path):
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    integers = {name: np.array([int(row[name]) for row in rows]) for name in ("item_id", "position", "click")}
    return integers | {"propensity_score": np.array([float(row["propensity_score"]) for row in rows])}
