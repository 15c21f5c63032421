"""How likely a place in the list is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tamis.data.impressions import Impression
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class PositionBias:
    """How likely a place in the list is looked at: what the log says, else ``1 / position ** eta``.

    The power law is the usual model where nothing was measured (Joachims et al., WSDM 2017, section 5); ``eta`` is 1
    for a list of blue links, 0 where every place is looked at. No probability is taken as less than ``least``, which
    bounds what one click deep in the list can weigh, for some bias.

    >>> [round(PositionBias().of(Impression("q", "d", place, False)), 3) for place in (1, 2, 5, 100)]
    [1.0, 0.5, 0.2, 0.05]
    """

    eta: float = 1.0
    least: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.eta < math.inf or not 0 < self.least <= 1:
            raise InputError(f"eta must be at least 0 and least in (0, 1], got {self.eta} and {self.least}")

    def of(self, shown: Impression) -> float:
        """Probability in [least, 1] that this impression was looked at."""
        said = shown.propensity
        return max(self.least, min(1.0, shown.position**-self.eta if said is None else said))
