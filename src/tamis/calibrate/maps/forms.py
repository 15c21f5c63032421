"""Maps as JSON and back: what a calibration or a policy keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.calibrate.maps.base import Map
from tamis.calibrate.maps.beta import Beta
from tamis.calibrate.maps.isotonic import Histogram, Isotonic
from tamis.calibrate.maps.linear import MinMax
from tamis.calibrate.maps.platt import Platt, Temperature
from tamis.calibrate.maps.venn_abers import VennAbers
from tamis.core import Calibrator
from tamis.errors import InputError, PolicyError

MAPS: dict[str, type[Map]] = {
    kind.name: kind for kind in (Platt, Temperature, Beta, Isotonic, Histogram, VennAbers, MinMax)
}


def named(calibrator: Calibrator) -> str:
    """The name under which a calibrator is written.

    Raises:
        InputError: it is none of ``MAPS``, so that nothing could read it again.
    """
    name = getattr(calibrator, "name", "")
    if name not in MAPS:
        raise InputError(f"{type(calibrator).__name__} cannot be written as JSON: expected one of {', '.join(MAPS)}")
    return str(name)


def as_json(calibrator: Calibrator) -> dict[str, Any]:
    """A fitted calibrator as JSON values: its name under ``map``, and its parameters.

    Raises:
        InputError: it is none of ``MAPS``, or has not been fitted.

    >>> from_json(as_json(MinMax().fit([1.0, 3.0])))([2.0]).tolist()
    [0.5]
    """
    name = named(calibrator)
    return {"map": name, **calibrator.parameters()}  # type: ignore[attr-defined]  # what is named has them


def from_json(content: Mapping[str, Any]) -> Map:
    """The calibrator that ``as_json`` wrote, to the last bit.

    Raises:
        PolicyError: no such map, or parameters that cannot be its own.
    """
    name = content.get("map")
    if not isinstance(name, str) or name not in MAPS:
        raise PolicyError(f"expected a map, one of {', '.join(MAPS)}, got {name!r}")
    try:
        return MAPS[name].from_parameters({key: value for key, value in content.items() if key != "map"})
    except (TypeError, ValueError) as error:
        raise PolicyError(f"the map {name!r} cannot be read: {error}") from error
