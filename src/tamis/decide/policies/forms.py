"""JSON forms of small kinds: a frozen dataclass written as its kind's name and its fields, and read back strictly."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar, TypeVar

from tamis.core import FieldValue
from tamis.errors import InputError, PolicyError

NOT_STORED = {"stored": False}  # metadata of a field that is no part of the form


@dataclass(frozen=True, slots=True)
class Form:
    """What a kind inherits to be written as JSON; each kind has a ``name`` and checks its fields when it is made."""

    name: ClassVar[str] = ""
    key: ClassVar[str] = "kind"

    def as_json(self) -> dict[str, Any]:
        """The kind's name and its fields, JSON values only."""
        return {self.key: self.name, **{f.name: _plain(getattr(self, f.name)) for f in _stored(type(self))}}


Made = TypeVar("Made", bound=Form)


def read(value: object, kinds: Mapping[str, type[Made]], where: str, *, by_hand: bool = False) -> Made:
    """A kind from its JSON form.

    Args:
        value: what ``as_json`` gave.
        kinds: the kinds that may stand here, by name.
        where: the place in the file, for messages.
        by_hand: fields that have a default may be left out, as people do; what tamis writes has them all.

    Raises:
        PolicyError: no mapping, an unknown kind, a field that is missing, unknown or of a wrong value.
    """
    key = next(iter(kinds.values())).key
    if not isinstance(value, Mapping):
        raise PolicyError(f"field {where!r}: expected a mapping with {key!r}, got {value!r:.60}")
    name = value.get(key)
    if not isinstance(name, str) or name not in kinds:
        near = difflib.get_close_matches(str(name), kinds, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(kinds)}"
        raise PolicyError(f"field '{where}.{key}': no such kind {name!r}; {hint}")
    kind = kinds[name]
    stored = _stored(kind)
    left_out = {f.name for f in stored if by_hand and f.default is not MISSING and f.name not in value}
    wanted = {f.name for f in stored} - left_out
    whole(value, wanted | {key}, where)
    try:
        return kind(**{part: value[part] for part in wanted})
    except InputError as error:
        raise PolicyError(f"field {where!r}: {error}") from error


def whole(value: Mapping[str, Any], wanted: set[str], where: str = "") -> None:
    """Check that a mapping has exactly the wanted fields.

    Raises:
        PolicyError: one is missing or unknown; the message names it.
    """
    dot = f"{where}." if where else ""
    for name in sorted(wanted - set(value)):
        raise PolicyError(f"field '{dot}{name}' is missing")
    for name in sorted(map(str, set(value) - wanted)):
        near = difflib.get_close_matches(name, wanted, 1)
        raise PolicyError(f"field '{dot}{name}' is unknown{f'; did you mean {near[0]!r}?' if near else ''}")


def number(value: object, what: str, *, least: float = -math.inf, most: float = math.inf) -> float:
    """A finite number in ``[least, most]`` as a float.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        raise InputError(f"{what} must be a number, got {value!r:.60}")
    found = float(value)
    if not math.isfinite(found) or not least <= found <= most:
        bounds = f" from {least:g} to {most:g}" if math.isfinite(most) else f" of at least {least:g}"
        raise InputError(f"{what} must be a finite number{bounds if math.isfinite(least) else ''}, got {found:g}")
    return found


def count(value: object, what: str, least: int = 1) -> int:
    """A whole number of at least ``least``.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InputError(f"{what} must be a whole number, got {value!r:.60}")
    found = int(value.__index__())
    if found < least:
        raise InputError(f"{what} must be at least {least}, got {found}")
    return found


def text(value: object, what: str) -> str:
    """A string that is not blank.

    Raises:
        InputError: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{what} must be a string that is not blank, got {value!r:.60}")
    return value


def texts(values: object, what: str) -> tuple[str, ...]:
    """Strings, at least one, none blank, as a tuple.

    Raises:
        InputError: a single string was passed, there is none, or one is blank.
    """
    return tuple(text(value, f"each of {what}") for value in _listed(values, what))


def scalars(values: object, what: str) -> tuple[FieldValue, ...]:
    """Values that a document's field may have, at least one, as a tuple.

    Raises:
        InputError: a single string was passed, there is none, or one is of another type.
    """
    found = _listed(values, what)
    for value in found:
        if value is not None and not isinstance(value, str | int | float):
            raise InputError(f"each of {what} must be a string, a number, a truth value or null, got {value!r:.60}")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"each of {what} must be finite, got {value}")
    return found


def keep(made: object, **values: object) -> None:
    """Put checked values into a frozen dataclass that is being made."""
    for name, value in values.items():
        object.__setattr__(made, name, value)


def _listed(values: object, what: str) -> tuple[Any, ...]:
    if isinstance(values, str | Mapping) or not hasattr(values, "__iter__"):
        raise InputError(f"{what} must be a list, got {values!r:.60}: put it in a list")
    found = tuple(values)
    if not found:
        raise InputError(f"{what} must hold at least one value")
    return found


def _stored(kind: type[Form]) -> list[Field[Any]]:
    return [f for f in fields(kind) if f.metadata.get("stored", True)]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
