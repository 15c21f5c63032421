"""The watch over a real store: looks and alarms, proposals from clicks, trials, and what becomes of them."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.errors import InputError
from tamis.observe import Decided, Event, Placed, Watch, WatchOptions
from tamis.observe.drift import LookOptions
from tamis.observe.lifecycle import Bounds, Rollout

from ..calibrate.worlds import clustered
from .world import clock

PROMISED = {"issued": True, "bound": 0.65, "promise": "precision at least 0.65", "confidence": 0.95}
LOOSE = Policy(
    Thresholds(0.85),
    scorer="w:1",
    stage="w",
    target=PrecisionAtLeast(0.9).as_json(),
    certificate=PROMISED,
    name="loose",
)
OPTIONS = WatchOptions(
    settle=0.0,
    looks=LookOptions(reference=400, window=200, rounds=199),
    bounds=Bounds(step=10.0, sessions=400, cooldown=0.0),
    texts=True,
)


class Town:
    """Users of W6: queries of W2, clicks by place and relevance; a rescaled model where somebody changed it."""

    def __init__(self, watch: Watch) -> None:
        self.watch, self.count = watch, 0

    def visits(self, count: int, *, slope: float = 1.0, shift: float = 0.0, start: int = 0) -> None:
        life = self.watch.lifecycle
        rollout = Rollout.of(life.standing())
        drawn = clustered(count, start + self.count, 1.0, 10)
        rng = np.random.default_rng([count, self.count, 8])
        decided, events = [], []
        for z, relevant in zip(drawn.scores.reshape(count, 10), drawn.labels.reshape(count, 10), strict=True):
            request = f"r{self.count}"
            digest, arm = rollout.choose(request)
            policy = life.policy(digest)
            made, clicks = self._visit(slope * z + shift, relevant, policy, request, rng)
            decided.append(replace(made, arm=arm, policy=digest))
            events += clicks
            self.count += 1
        self.watch.store.add(decided, events)

    def _visit(self, z, relevant, policy, request, rng):
        items, events = [], []
        for at in np.argsort(-z):
            shown = policy is None or z[at] >= policy.thresholds.default
            place = len(items) + 1 if shown else 0
            probability = float(1 / (1 + np.exp(-(1.2 * z[at] - 1.7))))
            items.append(Placed(str(at), float(z[at]), probability, place, text=f"text {at}"))
            if shown and rng.random() < 1 / place and rng.random() < (0.8 if relevant[at] else 0.1):
                events.append(Event("click", f"{request}:{at}", request=request, document=str(at), position=place))
        return Decided(
            request, at=time.time(), model="w", scorer="w:1", query=f"query {request}", items=tuple(items)
        ), events


@pytest.fixture
def watch(tmp_path):
    with Watch.open(tmp_path / "kept.db", OPTIONS) as opened:
        opened.lifecycle.begin(LOOSE, "loose")
        yield opened


@pytest.fixture
def town(watch):
    return Town(watch)


def test_too_few_decisions_tell_nothing(watch, town):
    town.visits(100)
    assert watch.look() is None
    status = watch.status()
    assert "too few decisions" in status.sentence
    assert (status.decisions, status.active.name, status.promise.holds) == (100, "loose", True)


def test_a_changed_model_raises_an_alarm_that_ends_the_promise_until_it_is_answered(watch, town):
    town.visits(400)
    town.visits(300)
    assert watch.look().alarm is False
    assert watch.look() is None  # each decision is looked at once
    town.visits(400, slope=1.6, shift=-1.0)
    found = watch.look()
    assert found.alarm
    status = watch.status()
    assert status.sentence.startswith("ALARM") and status.promise.holds is False
    watch.lifecycle.acknowledge(actor="ann", reason="the new model is wanted")
    promise = watch.status().promise
    assert promise.holds is True and promise.answered["reason"] == "the new model is wanted"
    town.visits(400, slope=1.6, shift=-1.0)  # becomes the new baseline
    town.visits(300, slope=1.6, shift=-1.0)
    assert watch.look().alarm is False


def test_from_clicks_to_a_better_policy_and_back(watch, town):
    town.visits(1600)
    advice, digest = watch.propose()
    assert advice.threshold > 0.85 and "too loose" in advice.reason
    status = watch.status()
    assert [line.state for line in status.policies] == ["active", "candidate"]
    assert status.policies[1].evidence["threshold"] == advice.threshold
    assert watch.propose()[1] == digest  # the same again is no second proposal
    change = watch.replay("proposed-1")
    assert change.only_old > 0 and change.only_new == 0
    watch.lifecycle.approve("proposed-1", actor="ann", to="canary", share=0.5)
    town.visits(1500)
    trial = watch.trial()
    assert set(trial.decisions) == {"active", "canary"} and not trial.outcome.mismatch.alarm
    assert trial.outcome.treated.mean > trial.outcome.control.mean
    assert trial.empty["canary"] > trial.empty["active"]
    watch.lifecycle.approve("proposed-1", actor="ann")
    assert watch.status().active.digest == digest
    assert watch.status().promise.holds is None  # clicks certify nothing
    watch.lifecycle.rollback(actor="ann")
    assert watch.status().active.name == "loose"


def test_users_who_are_less_content_raise_an_alarm_once(watch, town):
    town.visits(400)
    for part in range(8):
        rate = 0.9 if part < 4 else 0.5
        told = [
            Event("rating", f"t{town.count + at}", request=f"r{town.count + at}", value=float(at % 10 < 10 * rate))
            for at in range(250)
        ]
        town.visits(250)
        watch.store.add(events=told)
        found = watch.look()
        (satisfaction,) = [one for one in found.findings if one.measure == "satisfaction"]
        assert satisfaction.alarm == (part == 4)  # what was found is where the stream stands from then on
        assert "satisfaction" not in found.sentence or part == 4
    assert "satisfaction fell from 0.88" in watch.status().sentence


def test_sessions_count_when_their_users_have_had_time(tmp_path):
    with Watch.open(tmp_path / "kept.db", replace(OPTIONS, settle=600.0)) as watch:
        watch.lifecycle.begin(LOOSE, "loose")
        Town(watch).visits(1600)
        assert watch.advise().code == "few"
        with clock(time.time() + 601):
            assert watch.advise().code == "loose"


def test_two_watches_of_one_store_look_once_and_see_each_other(watch, town, tmp_path):
    town.visits(700)
    with Watch.open(tmp_path / "kept.db", OPTIONS) as other:
        looks = [watch.look(), other.look(), watch.look()]
        assert sum(found is not None for found in looks) == 1
        watch.lifecycle.propose(replace(LOOSE, thresholds=Thresholds(2.0)), name="strict")
        other.lifecycle.approve("strict", actor="bo", to="active")
        assert Rollout.of(watch.lifecycle.standing()) == Rollout.of(other.lifecycle.standing())


def test_a_cooldown_holds_proposals_back(tmp_path):
    with Watch.open(tmp_path / "kept.db", replace(OPTIONS, bounds=replace(OPTIONS.bounds, cooldown=3600))) as watch:
        watch.lifecycle.begin(LOOSE, "loose")
        Town(watch).visits(1600)
        assert watch.propose()[1]
        watch.lifecycle.retire("proposed-1", actor="ann")
        with pytest.raises(InputError, match="may be made in 60 minutes"):
            watch.propose()


def test_people_decide_unless_told_otherwise(tmp_path):
    for approval in ("human", "auto"):
        with Watch.open(tmp_path / f"{approval}.db", replace(OPTIONS, approval=approval, share=0.5)) as watch:
            watch.lifecycle.begin(LOOSE, "loose")
            town = Town(watch)
            for _ in range(6):
                town.visits(500)
                watch.tick()
            states = [line.state for line in watch.status().policies]
            assert states[1] == "candidate" if approval == "human" else states[1] in ("canary", "active")


def test_old_decisions_go_and_the_ledger_stays(tmp_path):
    with Watch.open(tmp_path / "kept.db", replace(OPTIONS, days=1.0)) as watch:
        watch.lifecycle.begin(LOOSE, "loose")
        watch.store.add([Decided("old", at=time.time() - 2 * 86_400), Decided("new", at=time.time())])
        watch.tick()
        assert [one.request for one in watch.store.decisions()] == ["new"]
        assert len(watch.store.entries()) == 1


def test_pairs_to_label_again_have_texts_or_a_reason_why_not(watch, town, tmp_path):
    town.visits(300)
    rows = watch.relabel(50)
    assert len(rows) == 50
    assert {"query", "document", "score", "weight", "reason"} <= set(rows[0])
    assert rows[0]["query"].startswith("query r")
    with Watch.open(tmp_path / "hashed.db", replace(OPTIONS, texts=False)) as hashed:
        hashed.lifecycle.begin(LOOSE, "loose")
        Town(hashed).visits(50)
        with pytest.raises(InputError, match="hashes of texts"):
            hashed.relabel(10)


def test_a_policy_past_its_last_day_promises_nothing_any_more(tmp_path):
    late = replace(LOOSE, expires="2020-01-01")
    with Watch.open(tmp_path / "kept.db", OPTIONS) as watch:
        watch.lifecycle.begin(late, "late")
        promise = watch.status().promise
        assert promise.holds is False and "2020-01-01" in promise.why
