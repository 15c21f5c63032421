"""Which policy decides for whom, told alike by every replica that reads the same ledger."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.observe.abtest.assign import Arms
from tamis.observe.lifecycle.states import Standing

CANARY, ACTIVE = "canary", "active"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The policies that take part in deciding.

    Attributes:
        active: digest of what decides for all others; empty where everything is shown.
        canary: digest of what decides for a share of the traffic; None for none.
        share: that share, in [0, 1).
        shadows: digests of what decides beside, for the record only.
    """

    active: str = ""
    canary: str | None = None
    share: float = 0.0
    shadows: tuple[str, ...] = ()

    @classmethod
    def of(cls, standing: Standing) -> Rollout:
        """What a standing of the ledger says."""
        return cls(standing.active, standing.canary, standing.share, tuple(standing.of("shadow")))

    def choose(self, unit: str) -> tuple[str, str]:
        """The digest of the policy that decides for a unit, and the arm it belongs to: ``"canary"`` or ``""``.

        A unit stays with its arm for as long as the canary runs, also when its share grows; another canary is tried on
        others.

        Args:
            unit: the user's name where it is known, so that one user does not see two policies; else the request's id.

        >>> Rollout("a", "b", 0.999999999).choose("someone"), Rollout("a").choose("someone")
        (('b', 'canary'), ('a', ''))
        """
        if self.canary is None:
            return self.active, ""
        shares = {ACTIVE: 1 - self.share, CANARY: self.share}
        return (self.canary, CANARY) if Arms(self.canary, shares).arm(unit) == CANARY else (self.active, "")
