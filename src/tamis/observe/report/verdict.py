"""The most important of a status as keys of sentences and their values, so that a page says it in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tamis.decide import Policy
from tamis.observe.lifecycle.states import Standing, State
from tamis.observe.status import Status
from tamis.observe.trial import Trial

SHORT = 12  # characters of a digest by which a policy is called
CONFIRMED = {"better": "approve", "same": "approve", "worse": "retire", "mismatch": "mistrust", "changing": "mistrust"}


class Line(NamedTuple):
    """A sentence of the page's table: its key, and the values in its places."""

    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Signs:
    """What a page knows beside a status.

    Attributes:
        broken: whether the ledger's chain is.
        expired: whether the last day of the policy that decides is over.
        doubt: whether clicks speak against what is promised.
        kept: whether there is any decision at all.
        heard: whether users' clicks came in.
    """

    broken: bool = False
    expired: bool = False
    doubt: bool = False
    kept: bool = True
    heard: bool = True


def verdict(status: Status, signs: Signs) -> Line:
    """The most important thing: a ledger that was tampered with, then an alarm, then what waits, then peace."""
    now = status.standing
    if signs.broken:
        return Line("verdict.broken", {})
    if now.alarm is not None:
        return Line("verdict.alarm", {})
    if signs.expired:
        return Line("verdict.expired", {})
    if not signs.kept:
        return Line("verdict.nothing", {})
    if waiting := now.of("candidate"):
        return Line("verdict.proposed", {"name": named(waiting[-1], now), "more": len(waiting) - 1})
    if status.trial is not None:
        return trial_line(status.trial, now)
    return Line("verdict.young" if now.look is None else "verdict.fine", {})


def trial_line(trial: Trial, now: Standing) -> Line:
    """What a trial says by now."""
    outcome = trial.outcome
    found = outcome.sequential
    low, high = sorted((abs(found.low), abs(found.high)))
    values: dict[str, Any] = {"name": named(now.canary or "", now), "minimum": outcome.experiment.minimum}
    if outcome.verdict in ("better", "worse", "same"):
        ends = (found.low, found.high) if outcome.verdict == "same" else (low, high)
        values |= {"low": ends[0], "high": ends[1], "treated": outcome.treated.mean, "control": outcome.control.mean}
    if outcome.verdict == "mismatch":
        values["p"] = min(outcome.mismatch.p, outcome.mismatch.always_p)
    key: str = outcome.verdict
    if key == "open":
        key = "few" if outcome.more is None else "users" if outcome.control.clusters is not None else "sessions"
        values["more"] = outcome.more
    return Line(f"trial.{key}", values)


def steps(status: Status, signs: Signs) -> list[Line]:
    """What a reader should do next, the most urgent first; each with the beginning of a digest where one is meant."""
    now = status.standing
    found: list[Line] = []
    if signs.broken:
        found.append(Line("next.broken", {}))
    if now.alarm is not None:
        found.append(Line("next.relabel", {}))
    if signs.expired:
        found.append(Line("next.tune", {}))
    if signs.doubt and now.alarm is None:
        found.append(Line("next.doubt", {}))
    states: tuple[State, ...] = ("candidate", "shadow")
    for digest in (digest for state in states for digest in now.of(state)):
        found.append(Line(f"next.{now.states[digest]}", {"name": named(digest, now), "digest": short(digest)}))
    if status.trial is not None and now.canary is not None:
        act = CONFIRMED.get(status.trial.outcome.verdict, "wait")
        found.append(Line(f"next.{act}", {"name": named(now.canary, now), "digest": short(now.canary)}))
    if not found:
        key = "observe" if not signs.kept else "nothing" if signs.heard else "feedback"
        found.append(Line(f"next.{key}", {}))
    return found


def promised(policy: Policy | None) -> Line | None:
    """What a policy's certificate promises, from its target; None where nothing was certified."""
    certificate = (policy.certificate if policy else None) or {}
    if policy is None or not certificate.get("issued") or not certificate.get("promise"):
        return None
    said = Line("promise.other", {"promise": str(certificate["promise"])})
    try:
        kind, values = _asked(policy.target)
    except (KeyError, TypeError):  # a target that somebody wrote by hand
        return said
    values["confidence"] = certificate.get("confidence")
    if all(isinstance(value, int | float) for value in values.values()):
        return Line(f"promise.{kind}", values)
    return Line("promise.miss_rate_mean", values) if kind == "miss_rate" else said


def doubted(promise: Line | None, precision: Mapping[str, float] | None) -> dict[str, float] | None:
    """What clicks tell of the precision, where even the upper end of its interval is below what is promised.

    >>> told = {"value": 0.77, "low": 0.73, "high": 0.81}
    >>> doubted(Line("promise.precision", {"share": 0.9, "confidence": 0.95}), told)["promised"]
    0.9
    """
    values = {} if promise is None else promise.values
    share = values.get("precision", values.get("share") if promise and promise.key == "promise.precision" else None)
    if precision is None or share is None or precision["high"] >= share:
        return None
    return {**precision, "promised": share}


def _asked(target: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What kind of promise a target asks for, and its numbers."""
    kind = str(target["target"]).replace(" ", "_")
    if kind == "joint":
        _, precision = _asked(target["precision"])
        other, rest = _asked(target["recall"])
        return f"joint_{other}", {"precision": precision["share"], "share": rest["share"]}
    return kind, {"share": target[{"precision": "least", "recall": "least", "miss_rate": "most"}[kind]]}


def named(digest: str, now: Standing) -> str:
    """What people call a policy; the beginning of its digest where it has no name, nothing for "show everything"."""
    return now.names.get(digest) or short(digest)


def short(digest: str) -> str:
    """The beginning of a digest.

    >>> short("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:SHORT]
