"""The policies of a server, by name, and which of them decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamis.decide.policies.policy import Policy
from tamis.errors import NotFoundError, PolicyMismatch
from tamis.serve.models import Models
from tamis.serve.names import meant
from tamis.serve.served import Served

NONE = "none"  # the policy that shows everything


@dataclass(slots=True)
class Policies:
    """Policies by name.

    Attributes:
        known: by name.
        active: name of the one that decides where a request names none; empty for none.
    """

    known: Mapping[str, Policy] = field(default_factory=dict)
    active: str = ""

    def activate(self, name: str) -> None:
        """Let another policy decide from now on; ``"none"`` or empty lets none.

        Raises:
            NotFoundError: there is no such policy.
            PolicyExpired: its last day is over.
        """
        if name in ("", NONE):
            self.active = ""
            return
        self.named(name).check_day()
        self.active = name

    def named(self, name: str) -> Policy:
        """The policy of a name.

        Raises:
            NotFoundError: there is none; says which there are.
        """
        if name not in self.known:
            raise NotFoundError(f"no policy {name!r:.80} here: {meant(name, self.known)}")
        return self.known[name]

    def deciding(self, name: str, served: Served) -> Policy | None:
        """What decides on a model's scores: the policy of a name, or without a name the active one, where it fits.

        Raises:
            NotFoundError: there is no policy of the name.
            PolicyMismatch: the named policy was tuned for another model.
        """
        if name == NONE or not (name or self.active):
            return None
        if name:
            return self.named(name).bind(served.scorer)
        active = self.known[self.active]
        return active if served.fits(active) else None

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
        if self.active:
            self.named(self.active)

    def told(self) -> tuple[dict[str, str], str]:
        """Digests by name, and which is active: what two of these have in common that decide alike."""
        return {name: policy.digest for name, policy in self.known.items()}, self.active

    def described(self) -> list[dict[str, Any]]:
        """What there is, as JSON."""
        return [
            {
                "name": name,
                "active": name == self.active,
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
            for name, policy in self.known.items()
        ]
