"""The policies of a server, by name, and which of them decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamis.decide.policies.policy import Policy
from tamis.errors import NotFoundError, PolicyMismatch
from tamis.serve.lineup import ASIDE, NAMED, Lineup, Ruling
from tamis.serve.models import Models
from tamis.serve.names import meant
from tamis.serve.served import Served

NONE = "none"  # the policy that shows everything


@dataclass(slots=True)
class Policies:
    """Policies by name, and which of them decides: what a ledger says, else what was configured.

    Attributes:
        known: by name.
        configured: name of the one that decides where a request names none; empty for none.
        lineup: what the ledger says of them; None where nothing is observed.
    """

    known: Mapping[str, Policy] = field(default_factory=dict)
    configured: str = ""
    lineup: Lineup | None = None

    @property
    def active(self) -> str:
        """Name of the policy that decides where a request names none; empty for none."""
        if self.lineup is None:
            return self.configured
        digest = self.lineup.rollout.active
        called = (name for name, policy in self.known.items() if policy.digest == digest)
        return next(called, self.lineup.name(digest)) if digest else ""

    @property
    def asked(self) -> Policy | None:
        """The policy that was configured to decide; None for none."""
        return self.known[self.configured] if self.configured else None

    @property
    def in_charge(self) -> Policy | None:
        """The policy that decides where a request names none; None for none."""
        if self.lineup is not None:
            return self.lineup.active
        return self.asked

    def activate(self, name: str) -> None:
        """Let another policy decide from now on; ``"none"`` or empty lets none. A ledger is asked by the service.

        Raises:
            NotFoundError: there is no such policy.
            PolicyExpired: its last day is over.
        """
        if name in ("", NONE):
            self.configured = ""
            return
        self.named(name).check_day()
        self.configured = name

    def named(self, name: str) -> Policy:
        """The policy of a name, also of one that only the ledger has.

        Raises:
            NotFoundError: there is none; says which there are.
        """
        found = self.known.get(name) or (self.lineup.named(name) if self.lineup else None)
        if found is None:
            raise NotFoundError(f"no policy {name!r:.80} here: {meant(name, self.known)}")
        return found

    def deciding(self, name: str, served: Served) -> Policy | None:
        """What decides on a model's scores: the policy of a name, or without a name the active one, where it fits.

        Raises:
            NotFoundError: there is no policy of the name.
            PolicyMismatch: the named policy was tuned for another model.
        """
        if name:
            return None if name == NONE else self.named(name).bind(served.scorer)
        active = self.in_charge
        return active if active is not None and served.fits(active) else None

    def ruling(self, name: str, served: Served, unit: str) -> Ruling:
        """What decides on a request.

        Args:
            name: the policy that the request names; empty lets the ledger choose, or the configuration.
            served: whose scores are decided on.
            unit: who asks, by which a canary's share is drawn.

        Raises:
            NotFoundError: there is no policy of the name.
            PolicyMismatch: the named policy was tuned for another model.
        """
        if name:
            return Ruling(self.deciding(name, served), NAMED)
        if (lineup := self.lineup) is None:
            return Ruling(self.deciding("", served))
        digest, arm = lineup.rollout.choose(unit)
        policy = lineup.policies.get(digest)
        shadows = tuple(one for digest in lineup.rollout.shadows if served.fits(one := lineup.policies[digest]))
        if policy is not None and (not served.fits(policy) or (arm and policy.expired)):
            return self.otherwise(served)
        return Ruling(policy, arm, shadows)

    def otherwise(self, served: Served) -> Ruling:
        """What decides where the policy that was drawn cannot; such decisions belong to no trial."""
        return Ruling(self.deciding("", served), ASIDE)

    def check(self, models: Models) -> None:
        """Refuse policies that no model here can serve.

        Raises:
            PolicyMismatch: a policy was tuned for a model that is not here.
            NotFoundError: the active policy is none of these.
        """
        for name, policy in self.known.items():
            if not any(served.fits(policy) for served in models.served.values()):
                have = ", ".join(f"{name!r} ({served.scorer.fingerprint})" for name, served in models.served.items())
                raise PolicyMismatch(f"policy {name!r} was tuned on scores of {policy.scorer}, and here is {have}")
        if self.configured:
            self.named(self.configured)

    def told(self) -> tuple[dict[str, str], str]:
        """Digests by name, and which is active: what two of these have in common that decide alike."""
        return {name: policy.digest for name, policy in self.known.items()}, self.configured

    def described(self) -> list[dict[str, Any]]:
        """What there is, as JSON: what was configured, then what only the ledger has."""
        every = dict(self.known)
        if self.lineup is not None:
            told = {policy.digest for policy in every.values()}
            every |= {self.lineup.name(d): policy for d, policy in self.lineup.policies.items() if d not in told}
        return [self._described(name, policy) for name, policy in every.items()]

    def _described(self, name: str, policy: Policy) -> dict[str, Any]:
        active = name == self.active
        state = self.lineup.standing.states.get(policy.digest) if self.lineup else "active" if active else None
        return {
            "name": name,
            "active": active,
            "state": state,
            "digest": policy.digest,
            "stage": policy.stage,
            "scorer": policy.scorer,
            "thresholds": policy.thresholds.as_json(),
            "target": dict(policy.target),
            "certificate": None if policy.certificate is None else dict(policy.certificate),
            "calibrated": policy.calibration is not None,
            "created": policy.created,
            "expires": policy.expires,
            "expired": policy.expired,
        }
