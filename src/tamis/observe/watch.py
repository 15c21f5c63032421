"""The watch over a store: looks, proposals, trials, and where everything stands."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

from tamis.decide import Change, Policy, PrecisionAtLeast
from tamis.errors import InputError, StaleError
from tamis.evaluate.significance import interval
from tamis.observe.drift import Baseline, Look, joined, look, relabel_queue
from tamis.observe.events import Decided
from tamis.observe.hearing import Heard, heard
from tamis.observe.impressions import Impressions
from tamis.observe.lifecycle.advice import Advice, advise
from tamis.observe.lifecycle.lifecycle import MACHINE, Lifecycle
from tamis.observe.lifecycle.replay import replayed
from tamis.observe.lifecycle.rollout import CANARY
from tamis.observe.lifecycle.states import Standing
from tamis.observe.options import WatchOptions
from tamis.observe.promise import Promise
from tamis.observe.status import PolicyLine, Status
from tamis.observe.store import Store, Which
from tamis.observe.trial import Arm, Trial, tried

MOST = 20_000  # sessions that a proposal or a trial rests on, at most
LATEST = 5_000  # decisions that a look takes, and a replay, at most
RECENT = 2_000  # sessions of which satisfaction is told
FEW = 30  # sessions of which no mean is told
ROUNDS = 1_000
DAY = 86_400.0
WEEK = 7 * DAY  # of which a status counts decisions and events
HASH = re.compile("[0-9a-f]{32}")  # what a store keeps in place of a text

USUAL = WatchOptions()


class Watch:
    """What is kept of decisions and feedback, watched: does the threshold still hold, and which would be better?

    Args:
        store: decisions, feedback and the ledger.
        options: how far a machine may go.

    Attributes:
        store: the same.
        options: the same.
        lifecycle: what is done to policies.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Watch.open(Path(folder.name) / "kept.db") as watch:
    ...     watch.advise().reason
    'everything is shown: there is no threshold to speak of'
    >>> folder.cleanup()
    """

    def __init__(self, store: Store, options: WatchOptions = USUAL) -> None:
        self.store, self.options = store, options
        self.lifecycle = Lifecycle(store)

    @classmethod
    def open(cls, where: str | Path, options: WatchOptions = USUAL) -> Self:
        """Open a store, made where there is none.

        Raises:
            InputError, StoreError, StorageError: as in ``Store.open``.
        """
        return cls(Store.open(where, texts=options.texts), options)

    def look(self) -> Look | None:
        """Hold what the active policy has decided since the last look against how it began; None for too little of it.

        The first decisions of a policy become its baseline. What a look finds is written into the ledger: of several
        replicas one looks at each decision, and an alarm is seen by all.
        """
        now = self.lifecycle.standing()
        baseline = self._baseline(now)
        if baseline is None:
            return None
        kept, until = baseline
        latest = self._decided(now.active, after=max(now.watched, until), limit=LATEST)
        if len(latest) < self.options.looks.window:
            return None
        found = look(kept, latest, self.options.looks)
        said: dict[str, Any] = {"watched": latest[-1].at}
        told = self._heard(now)
        if told.finding is not None:
            found = joined(found, told.finding, self.options.looks)
            said |= {"stream": told.state, "heard": told.until or now.heard}
        try:
            said |= found.as_json()
            self.lifecycle.say("alarm" if found.alarm else "look", said, now=now)
        except StaleError:
            return None  # another replica was first
        return found

    def advise(self) -> Advice:
        """What clicks say of the active policy's threshold, since it began or an alarm was last answered.

        Advice is asked of the first sessions, then of twice as many, and so on, and each time held to a stricter
        level: however often this is called, a threshold that is right is proposed to move with the stated chance.
        """
        now = self.lifecycle.standing()
        policy = self.lifecycle.policy(now.active)
        bounds = self.options.bounds
        which = replace(_all_of(now), until=self._settled())
        many = sum(row.decisions for row in self.store.counts(which))
        doubled = max(0, int(math.log2(max(1, min(many, MOST)) / bounds.sessions)))
        first = bounds.sessions << doubled
        sessions = self.store.sessions(which, limit=first)
        seen = Impressions.of(sessions, dwell=self.options.dwell)
        return advise(seen, policy, self.options.model, bounds, look=doubled + 1)

    def propose(self, *, actor: str = MACHINE, name: str = "") -> tuple[Advice, str]:
        """Ask for advice, and where it moves the threshold, make the policy with the new one a candidate.

        Returns:
            the advice, and the candidate's digest; empty where nothing is proposed.

        Raises:
            InputError: the last move or proposal is too fresh (the cooldown); says how long it takes.
        """
        now = self.lifecycle.standing()
        wait = 0.0 if now.moved is None else now.moved + self.options.bounds.cooldown - time.time()
        if wait > 0 and now.evidence:  # the first proposal need not wait for what a configuration has put in charge
            raise InputError(f"a policy was moved or proposed lately: the next proposal may be made in {_span(wait)}")
        found = self.advise()
        policy = self.lifecycle.policy(now.active)
        if found.threshold is None or policy is None:
            return found, ""
        made = found.policy(policy, name or f"proposed-{len(now.evidence) + 1}")
        for digest in (*now.of("candidate"), *now.of("shadow"), *now.of("canary")):
            other = self.lifecycle.policy(digest)
            if other is not None and (other.thresholds, other.parent) == (made.thresholds, made.parent):
                return found, digest  # proposed before, and not answered yet
        return found, self.lifecycle.propose(made, actor=actor, name=made.name, evidence=found.as_json())

    def replay(self, which: str) -> Change:
        """What a policy would have changed on the latest decisions of the active one.

        Raises:
            NotFoundError: no policy is called so.
            InputError: a policy looks at texts, or nothing fitting was logged.
        """
        now = self.lifecycle.standing()
        digest = self.lifecycle.found(which)
        logged = self.store.decisions(limit=LATEST, newest=True)
        return replayed(logged, self.lifecycle.policy(now.active), self.lifecycle.policy(digest))

    def relabel(self, budget: int) -> list[dict[str, Any]]:
        """The pairs of the latest decisions that are worth labels again, as rows that ``tamis label new`` reads.

        Raises:
            InputError: no texts were kept, nothing was decided, or the policy has no threshold.
        """
        now = self.lifecycle.standing()
        policy = self.lifecycle.policy(now.active)
        if policy is None or policy.thresholds.default is None:
            raise InputError("the policy that decides has no threshold for all: there is nothing to label around")
        latest = [*self.store.sessions(_all_of(now), limit=LATEST, newest=True)]
        if all(HASH.fullmatch(session.decided.query) for session in latest):
            raise InputError(
                "the store keeps hashes of texts, which nobody can label: keep texts (observe.texts = true)"
            )
        target = _target(policy)
        return [row.as_json() for row in relabel_queue(latest, policy.thresholds.default, budget, target=target)]

    def trial(self) -> Trial | None:
        """How the canary does against what decides for all others; None without a canary."""
        now = self.lifecycle.standing()
        if now.canary is None:
            return None
        canary, others = (self._arm(policy, arm, now) for arm, policy in ((CANARY, now.canary), ("", now.active)))
        return tried(now.canary, now.share, canary, others)

    def promote(self) -> str:
        """Move proposed policies on by what was seen, where ``approval`` is "auto"; returns what was done, or nothing.

        A candidate becomes a shadow, then a canary; a canary that sessions show to be better is put in charge, one that
        they show to be worse is retired. While an alarm stands, nothing moves on.
        """
        now = self.lifecycle.standing()
        if self.options.approval != "auto" or now.alarm is not None:
            return ""
        if (found := self.trial()) is not None:
            assert now.canary is not None
            if found.better is None:
                return ""
            if found.better:
                return f"{now.canary}: {self.lifecycle.approve(now.canary, actor=MACHINE)}"
            self.lifecycle.retire(now.canary, actor=MACHINE, reason=found.sentence)
            return f"{now.canary}: retired"
        waiting = [*now.of("shadow"), *now.of("candidate")]
        if not waiting:
            return ""
        share = self.options.share
        return f"{waiting[0]}: {self.lifecycle.approve(waiting[0], actor=MACHINE, share=share)}"

    def status(self) -> Status:
        """Where everything stands."""
        now = self.lifecycle.standing()
        lines = [PolicyLine.of(digest, self.lifecycle.policy(digest), now) for digest in now.states]
        week = time.time() - WEEK
        latest = self.store.sessions(_all_of(now), limit=RECENT, newest=True)
        values = Arm.of(latest, self.options.satisfaction).values
        return Status(
            lines,
            now,
            Promise.of(self.lifecycle.policy(now.active), now),
            [asdict(row) for row in self.store.counts(Which(since=week))],
            self.store.events_by_kind(since=week),
            interval(values, rounds=ROUNDS) if len(values) > FEW else None,
            self.trial(),
        )

    def tick(self) -> None:
        """What a server does now and then: look, propose, move on where it may, delete what is too old."""
        self.look()
        now = self.lifecycle.standing()
        rested = now.moved is None or not now.evidence or time.time() - now.moved >= self.options.bounds.cooldown
        idle = not (now.of("candidate") or now.of("shadow") or now.canary)
        if rested and idle and now.alarm is None:
            self.propose()
        self.promote()
        if self.options.days:
            self.store.clean(before=time.time() - self.options.days * DAY)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        """The watch, which the end of the block closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _arm(self, policy: str, arm: str, now: Standing) -> Arm:
        """The sessions of one side of a trial."""
        which = Which(since=now.tried, until=self._settled(), policy=policy, arm=arm)
        return Arm.of(self.store.sessions(which, limit=MOST), self.options.satisfaction)

    def _heard(self, now: Standing) -> Heard:
        """What sessions say of satisfaction that no look has heard, once their users have had time to act."""
        since = math.nextafter(max(now.heard, now.fresh or 0.0), math.inf)
        which = Which(since=since, until=self._settled(), policy=now.active, arm="")
        sessions = self.store.sessions(which, limit=LATEST)
        return heard(sessions, self.options.satisfaction, now.stream, self.options.looks.fall)

    def _settled(self) -> float:
        """Sessions that began before this have had time."""
        return time.time() - self.options.settle

    def _decided(self, policy: str, *, after: float, limit: int) -> Sequence[Decided]:
        """The next decisions of a policy for all that take part in no trial, the oldest first."""
        which = Which(since=math.nextafter(after, math.inf), policy=policy, arm="")
        return [*self.store.decisions(which, limit=limit)]

    def _baseline(self, now: Standing) -> tuple[Baseline, float] | None:
        """What the active policy's figures were when it began, and until when; None until it has decided enough."""
        kept: Mapping[str, Any] | None = self.store.baseline(now.active or "everything")
        if kept is None or kept["since"] != (now.fresh or 0.0):
            first = self._decided(now.active, after=now.fresh or 0.0, limit=self.options.looks.reference)
            if len(first) < self.options.looks.reference:
                return None
            made = Baseline.of(first, _promised(self.lifecycle.policy(now.active)))
            kept = {"since": now.fresh or 0.0, "until": first[-1].at, "baseline": made.as_json()}
            self.store.keep_baseline(now.active or "everything", kept)
        return Baseline.from_json(kept["baseline"]), float(kept["until"])


def _all_of(now: Standing) -> Which:
    """What the active policy has decided for all that take part in no trial, since its last fresh start."""
    return Which(since=now.fresh, policy=now.active, arm="")


def _promised(policy: Policy | None) -> float | None:
    """The precision that a policy promises; None where it promises none."""
    certificate = (policy.certificate if policy else None) or {}
    if policy is None or policy.target.get("target") != "precision" or not certificate.get("issued"):
        return None
    return float(certificate["bound"])


def _target(policy: Policy) -> PrecisionAtLeast | None:
    """The precision that a policy was tuned for; None where it was tuned for something else."""
    told = policy.target
    return PrecisionAtLeast(told["least"], told["confidence"]) if told.get("target") == "precision" else None


def _span(seconds: float) -> str:
    """A length of time in words.

    >>> _span(7200), _span(90)
    ('2.0 hours', '2 minutes')
    """
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{math.ceil(seconds / 60)} minutes"
