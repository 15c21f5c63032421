"""Who gets what: units put into arms by a hash of their name, the same on every replica and in every run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from tamis.errors import InputError

ROUNDING = 1e-9  # what shares may miss 1 by


@dataclass(frozen=True, slots=True)
class Arms:
    """The arms of an experiment and the shares of the traffic they get.

    Each arm draws an exponential number for the unit by a keyed hash, at a rate of its share; the least number has the
    unit (weighted rendezvous hashing: Thaler and Ravishankar 1998; weights as in Efraimidis and Spirakis 2006). So the
    order of the arms does not matter, and an arm whose share grows by at least as large a factor as any other's keeps
    all its units: a canary that grows only gains, one that shrinks only loses.

    Attributes:
        name: of the experiment; another name draws independently.
        shares: of each arm, at least 0, 1 together.
        salt: draws again under the same name, and keeps outsiders from working out their arm.

    Raises:
        InputError: no name, no arm, or shares that are not a distribution.

    >>> arms = Arms("floor-7", {"active": 0.9, "canary": 0.1})
    >>> [arms.arm(user) for user in ("ann", "bo", "cem")] == [arms.arm(user) for user in ("ann", "bo", "cem")]
    True
    """

    name: str
    shares: Mapping[str, float]
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be shared out."""
        if not self.name:
            raise InputError("an experiment needs a name: units are drawn by it")
        if not self.shares or not all(self.shares):
            raise InputError("expected at least one arm, each with a name and its share")
        for arm, share in self.shares.items():
            if not 0 <= share <= 1:
                raise InputError(f"the share of an arm must lie in [0, 1], got {share} for {arm!r}")
        if abs((whole := math.fsum(self.shares.values())) - 1) > ROUNDING:
            raise InputError(f"the shares of all arms must sum to 1, got {whole:g}")

    def arm(self, unit: str) -> str:
        """The arm of a unit: a user, or a request where users are not known.

        Raises:
            InputError: a unit without a name: all such would be in one arm.
        """
        if not unit:
            raise InputError("a unit needs a name to be drawn by: a user, or the id of the request")
        key = _digest(_joined(self.name, self.salt), b"", 32)
        drawn = ((self._wait(key, arm, unit), arm) for arm, share in self.shares.items() if share > 0)
        return min(drawn)[1]

    def grown(self, arm: str, share: float) -> Arms:
        """The same arms with another share for one of them; the others divide the rest as they did.

        Raises:
            InputError: no such arm, a share out of range, or no other arm that could take the rest.

        >>> Arms("x", {"active": 0.9, "canary": 0.1}).grown("canary", 0.25).shares
        {'active': 0.75, 'canary': 0.25}
        """
        if arm not in self.shares:
            raise InputError(f"no arm has the name {arm!r}: there are {', '.join(sorted(self.shares))}")
        rest = math.fsum(s for other, s in self.shares.items() if other != arm)
        if rest == 0 and share != 1:
            raise InputError(f"the other arms have no share to divide {1 - share:g} by: make the arms anew")
        factor = (1 - share) / rest if rest else 0.0
        return Arms(self.name, {k: share if k == arm else s * factor for k, s in self.shares.items()}, self.salt)

    def _wait(self, key: bytes, arm: str, unit: str) -> float:
        drawn = (int.from_bytes(_digest(_joined(arm, unit), key, 8), "big") + 0.5) / 2**64
        return -math.log(drawn) / self.shares[arm]


def _joined(first: str, second: str) -> bytes:
    """Both in one, so that no other two give the same."""
    head = first.encode("utf-8", "surrogatepass")
    return b"%d:%b%b" % (len(head), head, second.encode("utf-8", "surrogatepass"))


def _digest(message: bytes, key: bytes, size: int) -> bytes:
    return blake2b(message, key=key, digest_size=size).digest()
