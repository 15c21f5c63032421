"""Plans: what they promise is what the simulation says, and more of anything needs no less."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tamis.errors import InputError, NotFoundError
from tamis.scale.plan import Cost, Fleet, Needs, Profile, Traffic, capacity, plan, simulate
from tamis.scale.plan.shards import late, shards
from tamis.scale.plan.tables import DEVICES, INDEXES, MODELS, known

GPU = known("bge-reranker-base", "l4")
USUAL = Needs(peak=60, candidates=100, tokens=60, target=0.4)


def figures(found):
    return {figure.name: figure.value for figure in found.figures}


def test_a_plan_keeps_its_target_when_it_is_simulated_again():
    found = plan(USUAL, GPU)
    assert found.reachable and found.replicas == math.ceil(60 / found.taken.rate) + 1
    fleet = Fleet(found.replicas - 1, 1, machines=found.replicas - 1, limits=Fleet().limits.__class__(together=65_536))
    seen = simulate(GPU, fleet, Traffic([(100, 60.0)], rate=60), requests=4_000, seed=5)
    assert seen.p95 < 0.4 * 1.1 and seen.shed == 0
    assert found.taken.rate < found.taken.most and found.taken.seen.p95 <= 0.4


def test_more_needs_more():
    base = plan(USUAL, GPU)
    for more in (dict(peak=240), dict(tokens=200), dict(target=0.1)):
        found = plan(replace(USUAL, **more), GPU)
        assert found.replicas > base.replicas or not found.reachable, more
        assert found.money > base.money or not found.reachable, more


def test_what_cannot_be_kept_says_so_and_what_would_help():
    found = plan(replace(USUAL, target=0.01), GPU)
    assert not found.reachable and found.replicas == 0 and found.money == 0
    assert "fewer candidates" in found.figures[-1].because
    json.dumps(found.as_json(), allow_nan=False)


def test_a_late_answer_is_met_with_threads_on_a_processor():
    slow = Profile("m", Cost(token=1e-4))
    loose, tight = (plan(Needs(peak=3, target=target), slow) for target in (3.0, 0.3))
    assert loose.threads == 1 < tight.threads and loose.reachable and tight.reachable
    assert plan(Needs(peak=3, target=3.0, threads=4), slow).threads == 4


def test_an_index_is_cut_to_fit_and_its_slowest_part_is_waited_for():
    needs = Needs(peak=100, documents=1e9, target=1.0)
    cut = shards(needs, INDEXES["hybrid"])
    assert cut.count == math.ceil(1e9 * 830 / (64e9 * 0.7)) and cut.documents * 830 <= 64e9 * 0.7
    assert cut.within > late(cut.median, 2.5, 0.95) and cut.each == pytest.approx(0.95 ** (1 / cut.count))
    some = shards(replace(needs, asked=0.1, cached=0.5), INDEXES["hybrid"])
    assert some.fan == 2 and some.count == cut.count and some.within < cut.within
    assert some.cores < cut.cores
    busy = shards(replace(needs, peak=1e5), INDEXES["hybrid"])
    assert busy.copies > 2 and busy.cores <= needs.cores


def test_every_number_has_its_reason_and_all_of_it_is_json():
    found = plan(replace(USUAL, documents=1e8, target=1.0), GPU)
    assert all(figure.because for figure in found.figures)
    known_ = figures(found)
    parts = [value for name, value in known_.items() if name.startswith("money: ")]
    assert known_["money"] == pytest.approx(sum(parts)) == pytest.approx(found.money)
    assert {
        "pairs",
        "scoring",
        "replicas",
        "shards",
        "index memory",
        "index disk",
        "p95",
        "utilisation",
    } <= known_.keys()
    json.dumps(found.as_json(), allow_nan=False)


def test_capacity_lies_between_idle_and_full():
    one = Profile("m", Cost(batch=0.1))
    found = [capacity(one, Fleet(), [(1, 5000)], target=target) for target in (0.05, 0.15, 2.0)]
    rates = [each.rate for each in found]
    assert rates[0] == 0 and 0 < rates[1] < rates[2] <= found[2].most * 1.01


@pytest.mark.parametrize(
    "wrong",
    [dict(peak=0), dict(target=math.nan), dict(percent=50), dict(mean=100), dict(candidates=0), dict(full=0),
     dict(cached=1.0), dict(asked=0), dict(spare=-1), dict(threads=99)],
)  # fmt: skip
def test_needs_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        replace(USUAL, **wrong)


def test_rows_that_are_not_there_are_named():
    for call in (lambda: known("nothing"), lambda: known("minilm-l6", "tpu"), lambda: known("tamis-mini", "l4")):
        with pytest.raises(NotFoundError):
            call()
    with pytest.raises(NotFoundError, match="hybrid"):
        plan(replace(USUAL, documents=1, index="none"), GPU)


@pytest.mark.parametrize("device", DEVICES)
def test_every_row_makes_a_profile(device):
    seconds = [known(name, device).scoring(100, 6000) for name in MODELS]
    assert seconds == sorted(seconds) and seconds[0] > 0
