"""What detectors of change over a stream of numbers share: their verb, and how their state is read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from tamis.errors import InputError


class Detector(Protocol):
    """Takes numbers one by one, and says after each whether their mean has changed."""

    drift_detected: bool

    def update(self, value: float) -> bool:
        """Take a value in [0, 1]; whether it brought a change to light."""

    def as_json(self) -> dict[str, Any]:
        """Options and state as JSON values, with the detector's ``kind``."""


def in_unit(value: float) -> float:
    """A value in [0, 1] as it is.

    Raises:
        InputError: it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise InputError(f"expected a number in [0, 1], such as a session's satisfaction, got {value!r:.60}")
    return number


@contextmanager
def known_state(kind: str, state: Mapping[str, Any]) -> Iterator[None]:
    """Turns what goes wrong while a state is read into one error that says what was expected."""
    if state.get("kind") != kind:
        raise InputError(f"expected the state of a detector of kind {kind!r}, got {state.get('kind')!r:.60}")
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"the state of the {kind!r} detector cannot be read ({error!r:.80}): begin a new one"
        ) from error
