"""Whether what a policy promised still holds."""

from __future__ import annotations

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
    """

    promise: str = ""
    holds: bool | None = None
    why: str = ""

    @classmethod
    def of(cls, policy: Policy | None, standing: Standing) -> Promise:
        """The promise of the policy that decides: an alarm that nobody answered ends it, and so does its last day.

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
        return cls(said, True)

    def as_json(self) -> dict[str, Any]:
        """The promise as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}
