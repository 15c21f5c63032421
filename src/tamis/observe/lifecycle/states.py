"""Where every policy stands: a fold over the ledger, in which nothing is ever changed or taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, get_args

from tamis.errors import InputError

State: TypeAlias = Literal["candidate", "shadow", "canary", "active", "retired"]
STATES: tuple[State, ...] = get_args(State)
EVERYTHING = ""  # the policy that shows everything

NEXT: Mapping[State, State] = {"candidate": "shadow", "shadow": "canary", "canary": "active"}

# What an act needs a policy to be, and what it makes of it; "" is a policy that was never heard of.
ACTS: Mapping[str, tuple[tuple[str, ...], State]] = {
    "propose": (("", "retired"), "candidate"),
    "shadow": (("candidate",), "shadow"),
    "canary": (("candidate", "shadow", "canary"), "canary"),  # of a canary: another share
    "activate": (("", "candidate", "shadow", "canary", "retired"), "active"),
    "rollback": (("retired",), "active"),
    "retire": (("candidate", "shadow", "canary"), "retired"),
}
SAID = ("alarm", "acknowledge", "look", "configure")  # entries that move no policy


def onward(state: State) -> tuple[State, ...]:
    """The stages that an approval can move a policy to; a canary's own, to give it another share.

    >>> onward("shadow"), onward("canary"), onward("active")
    (('canary', 'active'), ('canary', 'active'), ())
    """
    return tuple(ACTS[act][1] for act in ("shadow", "canary", "activate") if state in ACTS[act][0])


class Written(Protocol):
    """An entry of the ledger: what the store's ``Entry`` has."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> float: ...
    @property
    def actor(self) -> str: ...
    @property
    def act(self) -> str: ...
    @property
    def policy(self) -> str: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a look found, and whether anybody has answered it.

    Attributes:
        id: the ledger's number of it.
        at: when, in seconds since 1970.
        details: what the look found.
    """

    id: int
    at: float
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where every policy stands after some entries of the ledger.

    Attributes:
        head: number of the newest entry; 0 before the first.
        states: state by the policy's digest, in the order in which they were first heard of.
        names: what the policies are called, by digest.
        active: digest of the policy that decides; empty where everything is shown.
        before: digests of those that decided before, newest last.
        share: of the traffic that the canary gets; 0 without one.
        tried: since when it gets that share, in seconds since 1970; None without one.
        since: when the active policy began to decide, in seconds since 1970; None before one was put in charge.
        moved: when any policy was last moved or proposed; None before that.
        configured: digest that the configuration last asked for; None where it never did.
        alarm: the oldest alarm since the active policy began that nobody answered; while it stands, no promise holds.
        answered: the answer to the last alarm under the active policy: ``actor``, ``at``, ``reason`` and the alarm's
            ``sentence``; None where there was none.
        evidence: what proposals rest on, by digest.
        fresh: since when evidence counts: the active policy began, or an alarm was answered; None before that.
        watched: time of the newest decision that a look has seen.
        heard: time of the newest session whose satisfaction a look has heard.
        stream: state of what hears it; None where it begins anew.
        look: what the last look at the active policy found; None before the first.
    """

    head: int = 0
    states: Mapping[str, State] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    active: str = EVERYTHING
    before: tuple[str, ...] = ()
    share: float = 0.0
    tried: float | None = None
    since: float | None = None
    moved: float | None = None
    configured: str | None = None
    alarm: Alarm | None = None
    answered: Mapping[str, Any] | None = None
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fresh: float | None = None
    watched: float = 0.0
    heard: float = 0.0
    stream: Mapping[str, Any] | None = None
    look: Mapping[str, Any] | None = None

    def of(self, state: State) -> list[str]:
        """Digests of the policies in a state, in the order in which they were first heard of.

        >>> Standing(states={"a": "shadow", "b": "active"}).of("shadow")
        ['a']
        """
        return [digest for digest, its in self.states.items() if its == state]

    @property
    def canary(self) -> str | None:
        """Digest of the policy that gets a share of the traffic; None where none does."""
        return next(iter(self.of("canary")), None)

    def refusal(self, act: str, policy: str) -> str:
        """Why an act cannot be done to a policy now; empty where it can.

        >>> Standing(states={"a": "active"}).refusal("shadow", "a")
        'the policy is active, and can be made shadow only from candidate'
        """
        state, (wanted, to) = self.states.get(policy, ""), ACTS[act]
        if act == "activate" and policy == self.active and self.since is not None:
            return "the policy is active already"
        if state not in wanted:
            possible = ", ".join(one for one in wanted if one) or "what was not proposed yet"
            return f"the policy is {state or 'not known here'}, and can be made {to} only from {possible}"
        if act == "canary" and self.canary not in (None, policy):
            return "another policy is the canary: activate or retire it first"
        return ""

    def after(self, entry: Written) -> Standing:
        """The standing with one more entry."""
        here = replace(self, head=entry.id)
        if entry.act in SAID:
            return _said(here, entry)
        if entry.act not in ACTS:
            raise InputError(f"the ledger's entry {entry.id} is of the act {entry.act!r:.40}, which is not known")
        to = ACTS[entry.act][1]
        states = {**self.states, entry.policy: to}
        known = {**self.names, entry.policy: str(entry.details.get("name") or self.names.get(entry.policy, ""))}
        here = replace(here, states=states, names=known, moved=entry.at)
        if to == "active":
            return _in_charge(here, entry)
        share, tried = (float(entry.details["share"]), entry.at) if to == "canary" else (self.share, self.tried)
        if "canary" not in states.values():
            share, tried = 0.0, None
        evidence = self.evidence
        if entry.act == "propose":
            evidence = {**evidence, entry.policy: entry.details.get("evidence") or {}}
        return replace(here, share=share, tried=tried, evidence=evidence)


def standing(entries: Iterable[Written], begun: Standing = Standing()) -> Standing:
    """Where every policy stands after these entries, in the ledger's order."""
    for entry in entries:
        begun = begun.after(entry)
    return begun


def _said(here: Standing, entry: Written) -> Standing:
    if entry.act == "configure":
        return replace(here, configured=str(entry.details["configured"]))
    here = replace(here, watched=max(here.watched, float(entry.details.get("watched", 0.0))))
    if entry.act == "acknowledge":
        return replace(here, alarm=None, answered=_answer(here.alarm, entry), fresh=entry.at, look=None, stream=None)
    stream = entry.details.get("stream") or here.stream
    heard = max(here.heard, float(entry.details.get("heard", 0.0)))
    seen = MappingProxyType({name: value for name, value in entry.details.items() if name != "stream"})
    here = replace(here, look=seen, stream=stream, heard=heard)
    if entry.act == "alarm" and here.alarm is None:
        return replace(here, alarm=Alarm(entry.id, entry.at, MappingProxyType(dict(entry.details))))
    return here


def _answer(alarm: Alarm | None, entry: Written) -> Mapping[str, Any]:
    sentence = "" if alarm is None else str(alarm.details.get("sentence", ""))
    said = {"actor": entry.actor, "at": entry.at, "reason": str(entry.details.get("reason", "")), "sentence": sentence}
    return MappingProxyType(said)


def _in_charge(here: Standing, entry: Written) -> Standing:
    """The standing with another policy in charge: the one before is retired, and so is its canary."""
    last = here.active
    states = {digest: _aside(digest, state, entry.policy) for digest, state in here.states.items()}
    before = here.before
    if entry.act == "rollback":
        before = before[:-1]
    elif here.since is not None and last != entry.policy:
        before = (*before, last)
    configured = str(entry.details["configured"]) if "configured" in entry.details else here.configured
    return replace(
        here,
        states=states,
        active=entry.policy,
        before=before,
        share=0.0,
        tried=None,
        since=entry.at,
        fresh=entry.at,
        alarm=None,
        answered=None,
        look=None,
        stream=None,
        configured=configured,
    )


def _aside(digest: str, state: State, now: str) -> State:
    if digest == now:
        return "active"
    return "retired" if state in ("active", "canary") else state
