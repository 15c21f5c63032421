"""Servers on paper: against the queue's real code, against queueing theory, and what must always hold."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.scale.plan import Cost, Fleet, Profile, Traffic, simulate
from tamis.serve.queue import Limits, Queue

TENTH = Profile("m", Cost(batch=0.1))


def test_one_connection_waits_for_its_own_work_only():
    profile = Profile("m", Cost(0.01, 0.001, 0.0001), front=Cost(0.02))
    seen = simulate(profile, Fleet(cores=2), Traffic([(100, 30)], connections=1), requests=100)
    assert (seen.p50, seen.p99) == pytest.approx((0.43, 0.43))
    assert seen.throughput == pytest.approx(1 / 0.43, rel=0.05) and seen.utilisation == pytest.approx(
        0.41 / 0.43, rel=0.05
    )


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_random_arrivals_wait_as_queueing_theory_says(load):
    """M/D/1 (Pollaczek and Khinchine): the mean wait is load / (2 (1 - load)) services; one request is a batch here."""
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.exponential(0.1 / load, 40_000)).tolist()
    waits = []
    free = 0.0
    for at in times:  # Lindley's recursion, by itself
        free = max(free, at) + 0.1
        waits.append(free - at)
    theory = 0.1 + 0.1 * load / (2 * (1 - load))
    assert np.mean(waits) == pytest.approx(theory, rel=0.1)
    seen = simulate(TENTH, Fleet(), Traffic([(1, 5000)], times=times[:8000]), requests=8000)
    kept = np.array(waits[:8000])[np.array(times[:8000]) + np.array(waits[:8000]) > (times[7999] + waits[7999]) / 10]
    assert (seen.p50, seen.p95, seen.p99) == pytest.approx(tuple(np.percentile(kept, [50, 95, 99])), rel=1e-3)


@pytest.mark.parametrize(("pairs", "limits"), [(3, Limits(together=100)), (40, Limits(together=60, waiting=4_000))])
def test_what_goes_together_is_what_the_real_queue_takes_together(pairs, limits):
    """The real queue, with work that sleeps, and the one on paper see the same bursts."""
    work, tokens = Cost(0.02, 0.0005, 0.0), 10.0
    batches = []

    def score(items):
        batches.append(len(items))
        time.sleep(work(len(items), 0))
        return items

    async def real():
        line, refused = Queue(score, lambda item: int(tokens), limits), 0
        begin = asyncio.get_running_loop().time()
        took = []

        async def ask(at):
            nonlocal refused
            await asyncio.sleep(at)
            began = asyncio.get_running_loop().time()
            try:
                await line.submit(list(range(pairs)))
                took.append(asyncio.get_running_loop().time() - began)
            except Exception:
                refused += 1

        await asyncio.gather(*(ask(at) for at in times))
        return asyncio.get_running_loop().time() - begin, took, refused

    times = [0.0] + [0.6 + 0.0001 * at for at in range(15)] + [1.8 + 0.0001 * at for at in range(5)]
    _, took, refused = asyncio.run(real())
    traffic = Traffic([(pairs, tokens)], times=times)
    run = simulate(Profile("m", work), Fleet(limits=limits), traffic, requests=len(times))
    assert run.batch == pytest.approx(np.mean(batches), rel=0.3)
    assert (refused > 0) == (run.shed > 0)
    assert np.median(took) == pytest.approx(run.p50, rel=0.5, abs=0.03)


def test_replicas_on_one_machine_share_its_cores():
    def rate(replicas, cores, machines=1):
        traffic = Traffic([(1, 5000)], connections=8 * replicas)
        return simulate(TENTH, Fleet(replicas, cores, machines), traffic, requests=800).throughput

    assert rate(1, 1) == pytest.approx(10, rel=0.03)
    assert rate(2, 2) == pytest.approx(20, rel=0.03) and rate(2, 1) == pytest.approx(10, rel=0.03)
    assert rate(4, 1, machines=4) == pytest.approx(40, rel=0.03)
    elsewhere = Profile("m", Cost(batch=0.1), busy=0)
    found = simulate(elsewhere, Fleet(4, 1), Traffic([(1, 5000)], connections=32), requests=800)
    assert found.throughput == pytest.approx(40, rel=0.03), "what is scored elsewhere takes no processor here"


def test_the_one_with_the_fewest_is_better_than_taking_turns():
    traffic = Traffic([(1, 5000), (10, 5000)], rate=8)
    slow = Profile("m", Cost(pair=0.1))
    least = simulate(slow, Fleet(8, 8), traffic)
    turns = simulate(slow, Fleet(8, 8, balancing="round-robin"), traffic)
    assert least.p95 < turns.p95


def test_too_much_is_refused_and_what_is_late_given_up():
    flood = Traffic([(10, 100)], rate=100)
    seen = simulate(TENTH, Fleet(limits=Limits(waiting=5_000, together=1_000)), flood, requests=2_000)
    assert seen.shed == pytest.approx(0.9, abs=0.03) and seen.p99 < 0.8
    late = simulate(TENTH, Fleet(within=0.25, limits=Limits(together=1_000)), flood, requests=2_000)
    assert late.shed == pytest.approx(0.9, abs=0.03) and late.p99 < 0.5


def test_searches_wait_for_the_index_first():
    profile = Profile("m", Cost(batch=0.1), recall=Cost(pair=0.05))
    seen = simulate(profile, Fleet(cores=3), Traffic([(1, 10)], connections=1, search=True), requests=50)
    assert seen.p50 == pytest.approx(0.15)
    with pytest.raises(InputError, match="recall"):
        simulate(TENTH, Fleet(), Traffic([(1, 10)], connections=1, search=True))


@settings(max_examples=25, deadline=None)
@given(
    replicas=st.integers(1, 4), cores=st.floats(0.5, 4), rate=st.floats(0.5, 60), pairs=st.integers(1, 300),
    together=st.integers(50, 5_000), seed=st.integers(0, 99),
)  # fmt: skip
def test_what_must_always_hold(replicas, cores, rate, pairs, together, seed):
    profile, limits = Profile("m", Cost(0.005, 0.0002, 0.00001), front=Cost(0.001)), Limits(together=together)
    traffic = Traffic([(pairs, 20.0)], rate=rate)
    seen = simulate(profile, Fleet(replicas, cores, limits=limits), traffic, requests=150, seed=seed)
    assert seen == simulate(profile, Fleet(replicas, cores, limits=limits), traffic, requests=150, seed=seed)
    assert 0 <= seen.shed <= 1 and 0 <= seen.utilisation <= 1 + 1e-9 and 0 <= seen.processors <= 1 + 1e-9
    assert seen.p50 <= seen.p95 <= seen.p99 and seen.p50 >= profile.scoring(pairs, 0) * 0.99
    assert seen.batch >= min(pairs, together // 20, 1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (dict(shapes=[(1, 1.0)]), "expected one"),
        (dict(shapes=[(1, 1.0)], rate=1, connections=1), "expected one"),
        (dict(shapes=[(1, 1.0)], rate=0), "above 0"),
        (dict(shapes=[], rate=1), "shapes"),
        (dict(shapes=[(0, 1.0)], rate=1), "shapes"),
    ],
)
def test_no_traffic_is_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        Traffic(**wrong)
