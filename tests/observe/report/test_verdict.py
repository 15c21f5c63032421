"""The verdict, what to do next and the promise, each from data and not from English sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tamis.decide import MissRateAtMost, Policy, PrecisionAtLeast, RecallAtLeast, Thresholds
from tamis.decide.certificates.certify import Joint
from tamis.decide.certificates.result import Issued
from tamis.observe.lifecycle.rollout import CANARY
from tamis.observe.lifecycle.states import Alarm, Standing
from tamis.observe.promise import Promise
from tamis.observe.report.page import PAGES
from tamis.observe.report.verdict import Line, Signs, doubted, promised, steps, verdict
from tamis.observe.status import Status
from tamis.observe.trial import Arm, tried

SEEN = Standing(since=1.0, look={"findings": []})
NAMES = {"a" * 64: "ours", "b" * 64: ""}
WAITS = Standing(states={"a" * 64: "candidate", "b" * 64: "candidate"}, names=NAMES, since=1.0)


def status(standing=SEEN, trial=None):
    return Status([], standing, Promise(), [], {}, None, trial)


def trial(mine, theirs, size=2000, share=0.5):
    arms = [Arm(size, 0, [rate > k / 1000 for k in range(1000)] * (size // 1000), [str(k) for k in range(size)])
            for rate in (mine, theirs)]  # fmt: skip
    return tried("c" * 64, share, *arms)


ALARM = replace(SEEN, alarm=Alarm(1, 1.0, {"sentence": "changed"}))
ON_TRIAL = replace(SEEN, states={"c" * 64: CANARY}, names={"c" * 64: "new"}, share=0.5, tried=1.0)


@pytest.mark.parametrize(
    ("one", "options", "key"),
    [
        (status(), {"broken": True}, "verdict.broken"),
        (status(ALARM), {"expired": True}, "verdict.alarm"),
        (status(WAITS), {"expired": True}, "verdict.expired"),
        (status(Standing()), {"kept": False}, "verdict.nothing"),
        (status(WAITS), {}, "verdict.proposed"),
        (status(Standing(since=1.0)), {}, "verdict.young"),
        (status(), {}, "verdict.fine"),
        (status(ON_TRIAL, trial=trial(0.5, 0.3)), {}, "trial.better"),
        (status(ON_TRIAL, trial=trial(0.3, 0.5)), {}, "trial.worse"),
        (status(ON_TRIAL, trial=trial(0.3, 0.3)), {}, "trial.users"),
        (status(ON_TRIAL, trial=trial(0.3, 0.3, share=0.1)), {}, "trial.mismatch"),
        (status(ON_TRIAL, trial=tried("c" * 64, 0.5, Arm(), Arm())), {}, "trial.few"),
    ],
)
def test_the_verdict_says_the_most_important(one, options, key):
    found = verdict(one, Signs(**options))
    assert found.key == key
    for language in ("en", "zh"):
        assert "{" not in PAGES.said(key, found.values, language)


def test_a_policy_without_a_name_is_called_by_its_digest():
    found = verdict(status(WAITS), Signs())
    assert found.values["name"] == "b" * 12 and found.values["more"] == 1


def keys(one, **options):
    return [line.key for line in steps(one, Signs(**options))]


def test_what_to_do_next():
    assert keys(status()) == ["next.nothing"]
    assert keys(status(), heard=False) == ["next.feedback"]
    assert keys(status(Standing()), kept=False, heard=False) == ["next.observe"]
    assert keys(status(WAITS)) == ["next.candidate", "next.candidate"]
    assert keys(status(ALARM), broken=True, expired=True, doubt=True) == ["next.broken", "next.relabel", "next.tune"]
    assert keys(status(), doubt=True) == ["next.doubt"]
    for rates, act in (((0.5, 0.3), "approve"), ((0.3, 0.5), "retire"), ((0.3, 0.3), "wait")):
        assert keys(status(ON_TRIAL, trial=trial(*rates))) == [f"next.{act}"]


def policy(target, confidence=0.95, **rest):
    issued = Issued(0.5, 0.9, confidence, 100, 100, 0.95, target.promise)
    return Policy(Thresholds(0.5), certificate=issued.as_json(), target=target.as_json(), **rest)


@pytest.mark.parametrize(
    ("target", "key", "english"),
    [
        (PrecisionAtLeast(0.9), "promise.precision", "at least 90.0 % of what is shown is relevant, with 95"),
        (RecallAtLeast(0.8), "promise.recall", "at least 80.0 % of the relevant candidates are shown"),
        (MissRateAtMost(0.1, 0.95), "promise.miss_rate", "with 95.0 % confidence"),
        (Joint(PrecisionAtLeast(0.9), RecallAtLeast(0.7)), "promise.joint_recall", "at least 70.0 % of the relevant"),
        (Joint(PrecisionAtLeast(0.9), MissRateAtMost(0.2)), "promise.joint_miss_rate", "at most 20.0 % of what"),
    ],
)  # fmt: skip
def test_promises_are_told_from_their_targets(target, key, english):
    found = promised(policy(target))
    assert found.key == key and english in PAGES.said(key, found.values)
    assert "{" not in PAGES.said(key, found.values, "zh")


def test_promises_on_average_and_of_odd_targets():
    assert promised(policy(MissRateAtMost(0.1), None)).key == "promise.miss_rate_mean"
    odd = replace(policy(PrecisionAtLeast(0.9)), target={"target": "precision"})
    assert promised(odd) == Line("promise.other", {"promise": PrecisionAtLeast(0.9).promise})
    assert promised(None) is promised(Policy(Thresholds(0.5))) is None


def test_clicks_speak_against_a_promise_only_where_their_interval_does():
    promise = promised(policy(PrecisionAtLeast(0.9)))
    assert doubted(promise, {"value": 0.85, "low": 0.79, "high": 0.91}) is None
    assert doubted(promise, {"value": 0.8, "low": 0.7, "high": 0.89})["promised"] == 0.9
    joint = promised(policy(Joint(PrecisionAtLeast(0.9), RecallAtLeast(0.7))))
    assert doubted(joint, {"value": 0.8, "low": 0.7, "high": 0.89})["promised"] == 0.9
    assert doubted(promised(policy(RecallAtLeast(0.8))), {"value": 0.1, "low": 0.0, "high": 0.2}) is None
    assert doubted(promise, None) is doubted(None, {"value": 0.1, "low": 0.0, "high": 0.2}) is None
