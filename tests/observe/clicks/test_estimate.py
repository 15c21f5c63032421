"""Examination from logs: known curves are recovered, methods agree, and what cannot be known is refused."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from tamis.errors import InputError
from tamis.observe.clicks import ClickLog, by_em, by_intervention, by_random_ranks, examination_from_json
from tamis.observe.clicks.estimate import METHODS

CURVES = {"1/k": 1 / np.arange(1, 7), "flat": np.ones(6), "dip": np.array([0.9, 0.3, 0.7, 0.5, 0.2, 0.4])}


def shown(looks, *, queries=200, sessions=60, rankers=3, seed=0):
    """Pages of as many documents as there are places, put there by one of some rankers; 0 rankers shuffle."""
    rng, places = np.random.default_rng(seed), len(looks)
    attraction = rng.beta(1, 3, (queries, places))
    shape = (queries, sessions, places)
    if rankers:
        noisy = 4 * attraction + rng.standard_normal((rankers, queries, places))
        documents = np.argsort(-noisy, axis=2)[
            rng.integers(0, rankers, (queries, sessions)), np.arange(queries)[:, None]
        ]
    else:
        documents = rng.permuted(np.broadcast_to(np.arange(places), shape), axis=2)
    asked = np.broadcast_to(np.arange(queries)[:, None, None], shape)
    clicks = rng.random(shape) < looks * attraction[asked, documents]
    at = np.broadcast_to(np.arange(1, places + 1), shape)
    return ClickLog.columns(asked.ravel(), documents.ravel(), at.ravel(), clicks.ravel().astype(float))


@pytest.mark.parametrize("looks", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("method", [by_em, by_intervention])
def test_a_known_curve_is_recovered_where_click_rates_are_far_off(method, looks):
    found = method(shown(looks), rounds=30)
    true, raw = looks / looks[0], np.array(found.raw)
    # Measured: .03, .04 and .06 off at most, where raw click rates are .15, .70 and .32 off.
    assert np.abs(np.array(found.examination.by_position) - true).max() < 0.06
    assert np.abs(raw - true).max() > 0.14
    assert (np.array(found.low) <= found.examination.by_position).all()
    assert (found.low[0], found.high[0]) == (1.0, 1.0)


@pytest.mark.parametrize("method", [by_em, by_intervention, by_random_ranks])
def test_all_methods_agree_where_the_order_was_drawn(method):
    found = method(shown(CURVES["1/k"], rankers=0), rounds=30)
    assert np.abs(np.array(found.examination.by_position) - CURVES["1/k"]).max() < 0.03
    assert np.abs(np.array(found.raw) - CURVES["1/k"]).max() < 0.03


def test_em_and_intervention_agree_and_few_impressions_a_document_harm_em_only():
    many, few = (shown(CURVES["1/k"], queries=12_000 // sessions, sessions=sessions) for sessions in (60, 4))
    for log, most in ((many, 0.02), (few, 0.2)):
        em, moved = (np.array(f(log, rounds=10).examination.by_position) for f in (by_em, by_intervention))
        assert np.abs(em - moved).max() < most
        assert np.abs(moved - CURVES["1/k"]).max() < 0.05
    assert em[2] > 0.37  # measured .38 by EM and .33 by interventions, where .33 is true


def test_em_finds_the_maximum_of_the_likelihood():
    """Against scipy on the same likelihood, for a page of three places."""
    log = shown(np.array([1.0, 0.6, 0.3]), queries=8, sessions=60, seed=3)
    pairs = int(log.pairs.max()) + 1

    def loss(values):
        looks, drawn = np.exp(values[:3]), np.exp(values[3:])
        chances = np.clip(looks[log.positions - 1] * drawn[log.pairs], 1e-12, 1 - 1e-12)
        return -(log.clicks * np.log(chances) + (1 - log.clicks) * np.log1p(-chances)).sum()

    best = minimize(loss, np.full(3 + pairs, -1.0), bounds=[(-12, 0)] * (3 + pairs), options={"maxfun": 10**6})
    assert np.array(by_em(log, rounds=5).examination.by_position) == pytest.approx(
        np.exp(best.x[:3] - best.x[0]), abs=2e-3
    )


def test_the_same_seed_gives_the_same_and_rows_may_stand_in_any_order():
    log = shown(CURVES["1/k"], queries=40, sessions=30)
    order = np.random.default_rng(0).permutation(len(log))
    turned = ClickLog(log.pairs[order], log.positions[order], log.clicks[order], log.units[order])
    for name in METHODS:
        first, again, other = (METHODS[name](one, np.ones(len(one))).values for one in (log, log, turned))
        assert first.tolist() == again.tolist() and other == pytest.approx(first, rel=1e-6)
    assert by_em(log, rounds=10, seed=4) == by_em(log, rounds=10, seed=4) != by_em(log, rounds=10, seed=5)


def test_the_estimate_as_json():
    found = by_intervention(shown(CURVES["1/k"], queries=40, sessions=30), rounds=10)
    content = json.loads(json.dumps(found.as_json()))
    assert examination_from_json(content["examination"]) == found.examination
    assert content["method"] == "intervention" and content["units"] == 40 and content["impressions"] == 7200


@pytest.mark.slow
@pytest.mark.parametrize("method", [by_em, by_intervention])
def test_intervals_cover(method):
    inside = [
        (np.array(found.low) <= true) & (true <= np.array(found.high))
        for seed in range(60)
        for true in [CURVES["1/k"]]
        for found in [method(shown(true, queries=100, sessions=60, seed=seed), rounds=100, seed=seed)]
    ]
    assert np.mean(inside, axis=0)[1:].min() >= 0.85


@pytest.mark.parametrize("method", [by_em, by_intervention, by_random_ranks])
def test_a_fixed_order_tells_nothing_of_places(method):
    with pytest.raises(InputError, match="cannot be told from this log"):
        method(shown(CURVES["1/k"], rankers=1))


@pytest.mark.parametrize("method", [by_em, by_intervention])
def test_places_that_are_not_linked_are_named(method):
    columns = np.array([[0, 0, 1, 1], [0, 0, 2, 1], [1, 1, 1, 1], [0, 2, 3, 1], [0, 2, 4, 1], [1, 2, 3, 0]] * 20).T
    log = ClickLog.columns(*columns)
    with pytest.raises(InputError, match="at place 3, 4 and"):
        method(log)
    assert method(log.upto(2), rounds=5).examination.by_position == pytest.approx((1.0, 1.0))


def test_unclicked_documents_link_nothing():
    columns = np.array([[0, 0, 1, 1], [0, 0, 2, 0], [1, 1, 2, 0], [1, 1, 3, 0], [0, 0, 1, 1], [1, 1, 1, 0]] * 9).T
    for method in (by_em, by_intervention):
        with pytest.raises(InputError, match="at place 3 and"):
            method(ClickLog.columns(*columns))


def test_logs_with_gaps_without_clicks_or_of_one_query():
    with pytest.raises(InputError, match="nothing was shown at place 2"):
        by_em(ClickLog.columns(["q", "r"], ["a", "a"], [1, 3], [1, 1]))
    with pytest.raises(InputError, match="first place has no click"):
        by_random_ranks(ClickLog.columns(["q", "q", "r", "r"], ["a"] * 4, [1, 2, 1, 2], [0, 1, 0, 1]))
    with pytest.raises(InputError, match="make the units sessions"):
        by_em(ClickLog.columns(["q"] * 4, ["a"] * 4, [1, 2, 1, 2], [1, 1, 0, 1]))
    with pytest.raises(InputError, match="resamples say something"):
        by_em(ClickLog.columns(["q", "q", *map(str, range(60))], ["a"] * 62, [1, 2] * 31, [1, 1] + [0] * 60))
    for wrong in ({"rounds": 0}, {"confidence": 1.0}):
        with pytest.raises(InputError):
            by_em(shown(CURVES["1/k"], queries=10, sessions=10), **wrong)
