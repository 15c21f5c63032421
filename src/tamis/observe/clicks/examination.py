"""How likely a place in the list is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats
from tamis.data.impressions import Impression
from tamis.errors import InputError

LEAST = 0.05  # no place is taken to be looked at less often, so that no click weighs more than twenty


class Examination(Protocol):
    """How likely each place is looked at; what its JSON form gives back is equal to it."""

    def at(self, positions: ArrayLike) -> Floats: ...
    def as_json(self) -> dict[str, Any]: ...


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
    least: float = LEAST

    def __post_init__(self) -> None:
        if not 0 <= self.eta < math.inf or not 0 < self.least <= 1:
            raise InputError(f"eta must be at least 0 and least in (0, 1], got {self.eta} and {self.least}")

    def of(self, shown: Impression) -> float:
        """Probability in [least, 1] that this impression was looked at."""
        said = shown.propensity
        return max(self.least, min(1.0, shown.position**-self.eta if said is None else said))

    def at(self, positions: ArrayLike) -> Floats:
        """Probability in [least, 1] that each place, from 1, was looked at.

        >>> PositionBias().at([1, 2, 100]).tolist()
        [1.0, 0.5, 0.05]
        """
        return np.clip(_places(positions) ** -self.eta, self.least, 1.0)

    def as_json(self) -> dict[str, Any]:
        """The law as JSON values."""
        return {"kind": "power", "eta": self.eta, "least": self.least}


@dataclass(frozen=True, slots=True)
class Measured:
    """How likely each place is looked at, as it was measured; a place below those counts as the last of them.

    Attributes:
        by_position: of the first place, of the second, and so on, relative to the first; at least 0. A measured figure
            may stray above 1, and is taken as 1.
        least: bound below, in (0, 1].

    >>> Measured((1.0, 0.6, 0.3)).at([1, 2, 3, 9]).tolist()
    [1.0, 0.6, 0.3, 0.3]
    """

    by_position: tuple[float, ...]
    least: float = LEAST

    def __post_init__(self) -> None:
        if not self.by_position or not all(0 <= value < math.inf for value in self.by_position):
            raise InputError(f"expected a figure of at least 0 for each place, got {self.by_position!r:.80}")
        if not 0 < self.least <= 1:
            raise InputError(f"least must lie in (0, 1], got {self.least}")

    def at(self, positions: ArrayLike) -> Floats:
        """Probability in [least, 1] that each place, from 1, was looked at."""
        last = len(self.by_position)
        places = np.minimum(_places(positions), last).astype(np.int64)
        return np.clip(np.asarray(self.by_position, dtype=np.float64)[places - 1], self.least, 1.0)

    def as_json(self) -> dict[str, Any]:
        """The table as JSON values."""
        return {"kind": "measured", "by_position": list(self.by_position), "least": self.least}


def examination_from_json(value: object) -> PositionBias | Measured:
    """What ``as_json`` of an examination gave.

    Raises:
        InputError: it is none; the message says what was expected.

    >>> examination_from_json(PositionBias(0.5).as_json())
    PositionBias(eta=0.5, least=0.05)
    """
    if not isinstance(value, Mapping) or value.get("kind") not in ("power", "measured"):
        raise InputError(f"expected an examination of the kind 'power' or 'measured', got {value!r:.80}")
    rest = {name: said for name, said in value.items() if name != "kind"}
    try:
        if value["kind"] == "power":
            return PositionBias(**rest)
        return Measured(**{**rest, "by_position": tuple(float(one) for one in rest["by_position"])})
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"not an examination: {error}: {value!r:.80}") from error


def _places(positions: ArrayLike) -> Floats:
    places = np.asarray(positions, dtype=np.float64)
    if places.size and not (np.isfinite(places).all() and places.min() >= 1):
        raise InputError(f"places are counted from 1, got {places.min():g}: leave out what was not shown")
    return places
