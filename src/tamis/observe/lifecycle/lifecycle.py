"""What is done to policies: proposed, tried, put in charge, taken back; each an entry of the ledger."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tamis.decide import Policy
from tamis.errors import InputError, NotFoundError
from tamis.observe.lifecycle.states import ACTS, EVERYTHING, NEXT, SAID, Standing, State, Written

SHARE = 0.05  # of the traffic that a canary gets where nobody says more
LEAST = 6  # characters of a digest by which a policy may be called
MACHINE = "watch"  # who acts where nobody does
CONFIGURATION = "configuration"


class Ledger(Protocol):
    """What keeps entries and policies: a store."""

    def append(
        self,
        act: str,
        *,
        actor: str,
        subject: str,
        policy: str = "",
        details: Mapping[str, Any] = {},
        expected: int | None = None,
    ) -> Written: ...
    def entries(self, after: int = 0) -> Sequence[Written]: ...
    def keep_policy(self, content: Mapping[str, Any], name: str) -> str: ...
    def policy_content(self, digest: str) -> Mapping[str, Any]: ...


class Lifecycle:
    """Policies from candidate to shadow, canary, active and retired, over a ledger that several processes share.

    Every act is checked against where the policies stand, and written only if nobody else has acted since: of two that
    approve at once, one is told to look again.

    Args:
        ledger: where entries and policies are kept.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._standing = Standing()
        self._policies: dict[str, Policy] = {}

    def standing(self) -> Standing:
        """Where every policy stands now; reads only what was written since it was last asked."""
        with self._lock:
            for entry in self._ledger.entries(self._standing.head):
                self._standing = self._standing.after(entry)
            return self._standing

    def policy(self, digest: str) -> Policy | None:
        """The policy of a digest; None for the empty one, which shows everything.

        Raises:
            NotFoundError: it was never kept.
        """
        if digest == EVERYTHING:
            return None
        if digest not in self._policies:
            self._policies[digest] = Policy.from_json(self._ledger.policy_content(digest))
        return self._policies[digest]

    def found(self, which: str) -> str:
        """The digest of a policy that is called by its name, or by the first characters of its digest.

        Raises:
            NotFoundError: no policy is called so.
            InputError: several are.
        """
        now = self.standing()
        names = [digest for digest, name in now.names.items() if name == which]
        if which and names:
            return names[-1]  # the newest of that name
        bare = which.removeprefix("sha256:")
        found = [d for d in now.states if d and len(bare) >= LEAST and d.removeprefix("sha256:").startswith(bare)]
        if len(found) > 1:
            raise InputError(f"{which!r:.80} begins several policies' digests: write more of it")
        if not found:
            known = ", ".join(now.names[d] or d.removeprefix("sha256:")[:12] for d in now.states if d) or "none yet"
            raise NotFoundError(f"no policy {which!r:.80} here; known: {known}")
        return found[0]

    def begin(self, policy: Policy | None, name: str = "") -> Standing:
        """Tell what a configuration asks for; it is put in charge only if it asks for something else than before.

        What was put in charge since, by a person or a canary, thus stays in charge over a restart.
        """
        now = self.standing()
        digest = EVERYTHING if policy is None else policy.digest
        if now.configured == digest:
            return now
        if policy is not None:
            self._keep(policy, name)
        if now.since is not None and now.active == digest:  # in charge already: only remember who asked
            self.say("configure", {"configured": digest}, actor=CONFIGURATION, now=now)
            return self.standing()
        return self._act("activate", digest, CONFIGURATION, {"name": name, "configured": digest}, now)

    def activate(self, policy: Policy | None, *, actor: str, name: str = "") -> Standing:
        """Put a policy in charge that somebody names, heard of before or not; None shows everything.

        Raises:
            PolicyExpired: its last day is over.
            StaleError: somebody else has acted meanwhile.
        """
        now = self.standing()
        digest = EVERYTHING if policy is None else policy.digest
        if now.since is not None and now.active == digest:
            return now
        if policy is not None:
            policy.check_day()
            self._keep(policy, name)
        return self._act("activate", digest, actor, {"name": name, "from": now.states.get(digest, "")}, now)

    def propose(self, policy: Policy, *, actor: str = MACHINE, name: str = "", evidence: Mapping[str, Any] = {}) -> str:
        """Make a policy a candidate; returns its digest.

        Raises:
            InputError: it is a candidate already, or further.
        """
        digest = self._keep(policy, name)
        self._act("propose", digest, actor, {"name": name, "evidence": dict(evidence)})
        return digest

    def approve(self, which: str, *, actor: str, to: State | None = None, share: float | None = None) -> State:
        """Move a policy one stage on, or to the stage that is named; returns the stage.

        Args:
            which: its name, or the beginning of its digest.
            actor: who approves.
            to: a stage further on; the next one otherwise.
            share: of the traffic, for a canary, in (0, 1).

        Raises:
            InputError: the policy does not stand where it could be moved on, or the share is none.
            PolicyExpired: its last day is over.
        """
        digest, now = self.found(which), self.standing()
        stage = to or NEXT.get(now.states[digest])
        if stage not in ("shadow", "canary", "active"):
            raise InputError(f"the policy is {now.states[digest]}: it cannot be approved any further")
        if policy := self.policy(digest):
            policy.check_day()
        given = SHARE if share is None else share
        if not 0 < given < 1:
            raise InputError(f"a canary's share must lie between 0 and 1, got {given}")
        act = "activate" if stage == "active" else stage
        details: dict[str, Any] = {"name": now.names.get(digest, ""), "from": now.states[digest]}
        if stage == "canary":
            details["share"] = given
        self._act(act, digest, actor, details, now)
        return stage

    def retire(self, which: str, *, actor: str, reason: str = "") -> None:
        """Take a candidate, shadow or canary out.

        Raises:
            InputError: it is none of these.
        """
        self._act("retire", self.found(which), actor, {"reason": reason})

    def rollback(self, *, actor: str, reason: str = "") -> str:
        """Put what decided before in charge again, and retire what decides now, with its canary; returns the digest.

        Raises:
            InputError: nothing decided before.
        """
        now = self.standing()
        if not now.before:
            raise InputError("nothing decided before the policy that decides now: there is nothing to go back to")
        self._act("rollback", now.before[-1], actor, {"reason": reason, "from": now.active}, now)
        return now.before[-1]

    def say(
        self, act: str, details: Mapping[str, Any], *, actor: str = MACHINE, now: Standing | None = None
    ) -> Written:
        """Write an entry that moves no policy: a look, an alarm, its acknowledgement.

        Raises:
            InputError: no such act.
            StaleError: somebody else has written since ``now``.
        """
        if act not in SAID:
            raise InputError(f"no such act: {act!r}")
        here = now or self.standing()
        return self._ledger.append(
            act,
            actor=actor,
            subject="watch",
            policy=here.active,
            details=details,
            expected=None if now is None else now.head,
        )

    def acknowledge(self, *, actor: str, reason: str = "") -> None:
        """Answer the alarm that stands: from now on, looks begin anew.

        Raises:
            InputError: no alarm stands.
        """
        if self.standing().alarm is None:
            raise InputError("no alarm stands: there is nothing to acknowledge")
        self.say("acknowledge", {"reason": reason}, actor=actor)

    def _keep(self, policy: Policy, name: str) -> str:
        digest = self._ledger.keep_policy(policy.as_json(), name or policy.name)
        self._policies[digest] = policy
        return digest

    def _act(
        self, act: str, policy: str, actor: str, details: Mapping[str, Any], now: Standing | None = None
    ) -> Standing:
        now = now or self.standing()
        if act not in ACTS:
            raise InputError(f"no such act: {act!r}")
        if why := now.refusal(act, policy):
            raise InputError(f"{now.names.get(policy) or policy or 'showing everything'}: {why}")
        self._ledger.append(act, actor=actor, subject="policy", policy=policy, details=details, expected=now.head)
        return self.standing()
