"""Whether what a policy promised still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.decide import Policy
from tamis.observe.lifecycle.states import Standing


@dataclass(frozen=True, slots=True)
class Promise:
    """What a policy promises, and whether anything speaks against it.

    Attributes:
        promise: in a sentence; empty where none was certified.
        holds: whether nothing speaks against it; None where there is no promise.
        why: why it does not.
        answered: who answered an alarm since the policy began, and why, on whose word it holds; None without one.
    """

    promise: str = ""
    holds: bool | None = None
    why: str = ""
    answered: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, policy: Policy | None, standing: Standing) -> Promise:
        """The promise of the policy that decides: its last day ends it, and so does an alarm that nobody answered.

        After an alarm was answered, it holds on the word of who did so; labels alone could prove it.

        >>> from tamis.decide import Thresholds
        >>> Promise.of(Policy(Thresholds(0.7)), Standing()).holds is None
        True
        """
        certificate = (policy.certificate if policy else None) or {}
        said = str(certificate.get("promise") or "")
        if policy is None or not said or not certificate.get("issued"):
            return cls()
        if policy.expired:
            return cls(said, False, f"its last day was {policy.expires}")
        if standing.alarm is not None:
            return cls(said, False, str(standing.alarm.details.get("sentence", "an alarm stands")))
        return cls(said, True, answered=standing.answered)

    def as_json(self) -> dict[str, Any]:
        """The promise as JSON values."""
        plain = {"promise": self.promise, "holds": self.holds, "why": self.why}
        return {**plain, "answered": None if self.answered is None else dict(self.answered)}
