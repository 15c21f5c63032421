"""Filters as requests have them: conditions on documents' fields, in JSON."""

from __future__ import annotations

from typing import Annotated, Any

from tamis.errors import InputError
from tamis.filters import Filter
from tamis.serve.lib import pydantic

MOST, VALUES = 20, 1_000  # conditions of a filter, values of a condition

_SCALAR = {"type": ["string", "number", "boolean", "null"]}


def _bounds(kind: str) -> dict[str, Any]:
    named = {name: {"type": kind} for name in ("gte", "gt", "lte", "lt")}
    return {"type": "object", "properties": named, "additionalProperties": False, "minProperties": 1}


_PLAIN = [
    _SCALAR,
    {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": VALUES},
    _bounds("number"),
    _bounds("string"),
]
_NOT = {"type": "object", "properties": {"not": {"anyOf": _PLAIN}}, "required": ["not"], "additionalProperties": False}
SCHEMA = {
    "anyOf": [
        {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"anyOf": [*_PLAIN, _NOT]},
            "minProperties": 1,
            "maxProperties": MOST,
        },
        {"type": "null"},
    ]
}


def read(told: object) -> Filter | None:
    """A filter from a request's JSON.

    Raises:
        ValueError: it is none, or larger than anybody needs.

    >>> read({"lang": "zh", "year": {"gte": 1990}}).admits({"lang": "zh", "year": 2001})
    True
    """
    if told is None:
        return None
    if not isinstance(told, dict) or len(told) > MOST:
        raise ValueError(f"expected an object of at most {MOST} conditions, such as {{'lang': 'zh'}}")
    if any(isinstance(condition, list) and len(condition) > VALUES for condition in told.values()):
        raise ValueError(f"expected at most {VALUES:,} values a condition")
    try:
        return Filter.of(told)
    except InputError as error:
        raise ValueError(str(error)) from error


Where = Annotated[
    Any,
    pydantic.AfterValidator(read),
    pydantic.WithJsonSchema(SCHEMA),
    pydantic.Field(
        description="Only documents whose fields are so: a value, a list of values, bounds (gte, gt, lte, lt) or "
        '{"not": any of these} for each field.'
    ),
]
