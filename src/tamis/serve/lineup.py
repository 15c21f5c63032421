"""Which policies take part in deciding, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tamis.decide.policies.policy import Policy
from tamis.observe.lifecycle.lifecycle import Lifecycle
from tamis.observe.lifecycle.rollout import Rollout
from tamis.observe.lifecycle.states import Standing

ALL = ""  # the arm of all who take part in no trial
NAMED = "named"  # of those that named a policy themselves
ASIDE = "aside"  # of those whose model is not the one that the policy of their arm decides on
SHADOW = "shadow"  # of what was decided for the record only
WORKBENCH = "workbench"  # of what people try on the page
MARK = 12  # digits of a digest that tell policies apart


@dataclass(frozen=True, slots=True)
class Ruling:
    """What decides on one request.

    Attributes:
        policy: None shows everything.
        arm: the part of the traffic that the decision belongs to.
        shadows: decide beside, for the record only.
    """

    policy: Policy | None
    arm: str = ALL
    shadows: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineup:
    """The policies that take part, as one state of the ledger has them: who reads this sees all of it or none.

    Attributes:
        standing: the ledger's fold.
        rollout: who decides for whom.
        policies: by digest, those that are not retired.
    """

    standing: Standing
    rollout: Rollout
    policies: Mapping[str, Policy]

    @classmethod
    def read(cls, lifecycle: Lifecycle) -> Self:
        """What the ledger says now.

        Raises:
            PolicyError: a policy's content is not what was kept.
            StorageError: the store cannot be reached.
        """
        now = lifecycle.standing()
        found = {digest: lifecycle.policy(digest) for digest, state in now.states.items() if state != "retired"}
        return cls(now, Rollout.of(now), {digest: policy for digest, policy in found.items() if policy is not None})

    @property
    def active(self) -> Policy | None:
        """The policy that decides for all others; None where everything is shown."""
        return self.policies[self.rollout.active] if self.rollout.active else None

    def named(self, name: str) -> Policy | None:
        """The policy of a name; None where none that takes part is called so."""
        names = self.standing.names
        return next((policy for digest, policy in self.policies.items() if names.get(digest) == name), None)

    def name(self, digest: str) -> str:
        """What a policy is called: its name, or the beginning of its digest; empty for the one that shows all."""
        return self.standing.names.get(digest, "") or short(digest)


def short(digest: str) -> str:
    """The beginning of a digest, by which people and gauges call a policy.

    >>> short("sha256:0123456789abcdef0123")
    '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:MARK]
