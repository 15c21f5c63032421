"""Policies from candidate to retired, over a real ledger that several share."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.errors import InputError, NotFoundError, PolicyExpired, TamisError
from tamis.observe.lifecycle.lifecycle import Lifecycle
from tamis.observe.lifecycle.states import ACTS, NEXT, STATES, Standing
from tamis.observe.store import Store

OLD = Policy(Thresholds(1.5), scorer="mini:1", stage="mini", target=PrecisionAtLeast(0.9).as_json(), name="old")
NEW = replace(OLD, thresholds=Thresholds(0.5), name="new")
THIRD = replace(OLD, thresholds=Thresholds(0.9), name="third")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "kept.db") as opened:
        yield opened


@pytest.fixture
def life(store):
    found = Lifecycle(store)
    found.begin(OLD, "old")
    return found


def test_a_policy_goes_from_candidate_to_active_and_the_one_before_is_retired(life):
    digest = life.propose(NEW, name="new", evidence={"sessions": 300})
    assert life.standing().states[digest] == "candidate"
    assert life.standing().evidence[digest] == {"sessions": 300}
    assert life.approve("new", actor="ann") == "shadow"
    assert life.approve("new", actor="ann", share=0.1) == "canary"
    assert (life.standing().canary, life.standing().share) == (digest, 0.1)
    assert life.approve("new", actor="ann", to="canary", share=0.3) == "canary"
    assert life.standing().share == 0.3
    assert life.approve("new", actor="ann") == "active"
    now = life.standing()
    assert (now.active, now.share, now.canary) == (digest, 0.0, None)
    assert now.states[OLD.digest] == "retired"
    assert life.policy(now.active) == NEW
    with pytest.raises(InputError, match="active: it cannot be approved any further"):
        life.approve("new", actor="ann")


def test_one_command_goes_back_and_again_back(life):
    for policy in (NEW, THIRD):
        life.propose(policy, name=policy.name)
        life.approve(policy.name, actor="ann", to="active")
    assert life.rollback(actor="ann", reason="complaints") == NEW.digest
    assert life.standing().active == NEW.digest
    assert life.standing().states[THIRD.digest] == "retired"
    assert life.rollback(actor="ann") == OLD.digest
    with pytest.raises(InputError, match="nothing decided before"):
        life.rollback(actor="ann")
    assert life.propose(THIRD, name="third")  # what was taken back can be proposed again


def test_going_back_takes_the_canary_with_it(life):
    for policy in (NEW, THIRD):
        life.propose(policy, name=policy.name)
    life.approve("new", actor="ann", to="active")
    life.approve("third", actor="ann", to="canary")
    life.rollback(actor="ann")
    assert life.standing().canary is None
    assert life.standing().states[THIRD.digest] == "retired"


def test_what_shows_everything_can_be_gone_back_to(store):
    life = Lifecycle(store)
    life.begin(None)
    life.propose(NEW, name="new")
    life.approve("new", actor="ann", to="active")
    assert life.rollback(actor="ann") == ""
    assert life.policy("") is None


def test_a_restart_keeps_who_was_put_in_charge_until_the_configuration_changes(store, life):
    life.propose(NEW, name="new")
    life.approve("new", actor="ann", to="active")
    again = Lifecycle(store)
    again.begin(OLD, "old")
    assert again.standing().active == NEW.digest
    again.begin(THIRD, "third")
    assert again.standing().active == THIRD.digest
    again.begin(THIRD, "third")
    assert again.rollback(actor="ann") == NEW.digest


def test_a_configuration_that_asks_for_what_is_in_charge_already_is_remembered(store, life):
    life.activate(NEW, actor="ann", name="new")
    assert Lifecycle(store).begin(NEW, "new").configured == NEW.digest
    assert life.standing().active == NEW.digest and life.standing().look is None
    life.activate(THIRD, actor="ann")
    assert Lifecycle(store).begin(NEW, "new").active == THIRD.digest, "what was put in charge since stays"


def test_a_policy_that_somebody_names_is_put_in_charge_whatever_it_was(store, life):
    assert life.activate(NEW, actor="ann", name="new").active == NEW.digest
    head = store.head().id
    assert life.activate(NEW, actor="ann", name="new").head == head, "it decides already: nothing is written"
    assert life.activate(OLD, actor="ann").active == OLD.digest and life.standing().names[OLD.digest] == "old"
    assert life.activate(None, actor="ann").active == ""
    with pytest.raises(PolicyExpired):
        life.activate(replace(NEW, expires="2020-01-01"), actor="ann")


def test_there_is_one_canary(life):
    for policy in (NEW, THIRD):
        life.propose(policy, name=policy.name)
    life.approve("new", actor="ann", to="canary")
    with pytest.raises(InputError, match="another policy is the canary"):
        life.approve("third", actor="ann", to="canary")
    life.retire("new", actor="ann", reason="not needed")
    assert life.approve("third", actor="ann", to="canary") == "canary"


def test_what_cannot_be_is_refused_with_a_sentence(life):
    life.propose(NEW, name="new")
    with pytest.raises(InputError, match="the policy is candidate, and can be made candidate only from retired"):
        life.propose(NEW)
    with pytest.raises(NotFoundError, match="no policy 'nwe' here; known: old, new"):
        life.approve("nwe", actor="ann")
    with pytest.raises(InputError, match="share must lie between 0 and 1"):
        life.approve("new", actor="ann", to="canary", share=1.5)
    with pytest.raises(InputError, match="no alarm stands"):
        life.acknowledge(actor="ann")
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    life.propose(replace(THIRD, expires=yesterday), name="late")
    with pytest.raises(PolicyExpired):
        life.approve("late", actor="ann")


def test_a_policy_is_called_by_the_beginning_of_its_digest(life):
    digest = life.propose(NEW)
    assert life.found(digest.removeprefix("sha256:")[:10]) == digest
    with pytest.raises(NotFoundError):
        life.found(digest.removeprefix("sha256:")[:3])


def test_an_alarm_stands_until_it_is_answered_or_another_policy_decides(life):
    life.say("alarm", {"sentence": "scores have shifted", "watched": 7})
    life.say("alarm", {"sentence": "again", "watched": 9})
    now = life.standing()
    assert now.alarm is not None and now.alarm.details["sentence"] == "scores have shifted"
    assert now.watched == 9
    life.acknowledge(actor="ann", reason="a holiday")
    assert life.standing().alarm is None
    life.say("alarm", {"sentence": "third"})
    life.propose(NEW, name="new")
    life.approve("new", actor="ann", to="active")
    assert life.standing().alarm is None


def test_of_two_that_approve_at_once_one_is_told_to_look_again(store, life):
    life.propose(NEW, name="new")
    lives, told, start = [Lifecycle(store) for _ in range(4)], [], threading.Barrier(4)

    def approve(one):
        standing = one.standing()
        start.wait()
        try:
            one._act("shadow", NEW.digest, "ann", {}, standing)
            told.append("done")
        except TamisError as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=approve, args=(one,)) for one in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["StaleError"] * 3 + ["done"]
    assert store.verify() == 3
    assert all(one.standing().states[NEW.digest] == "shadow" for one in lives)


def test_the_tables_of_states_and_acts_fit_each_other():
    assert set(NEXT) | set(NEXT.values()) | {"retired"} == set(STATES)
    assert all(to in STATES and set(wanted) <= {"", *STATES} for wanted, to in ACTS.values())
    for state, to in NEXT.items():
        act = "activate" if to == "active" else to
        assert not Standing(states={"a": state}).refusal(act, "a")
