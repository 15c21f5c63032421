"""Filters in the terms of OpenSearch and Elasticsearch: fields are indexed by the kind of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tamis.core import FieldValue
from tamis.errors import InputError
from tamis.filters import AnyOf, Condition, Not, Value
from tamis.recall.engines.engine import number

LONGEST = 8000  # characters of a text that can be a keyword: Lucene's terms have 32,766 bytes


def kinds_of(fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    """A document's fields as they are indexed: texts, numbers and truths apart, and the names that have a value.

    One field may be a number here and a text there, which a mapping would refuse; and 1 is never true.

    >>> kinds_of({"year": 1990, "a.b": "x", "open": True, "note": None})["numbers"]
    {'year': 1990}
    """
    kinds: dict[str, Any] = {"texts": {}, "numbers": {}, "truths": {}, "named": []}
    for name, value in fields.items():
        if value is None:
            continue
        kinds["named"].append(name)
        if (kind := _kind(value)) and not (isinstance(value, str) and len(value) > LONGEST):
            kinds[kind][_safe(name)] = value
    return kinds


def condition_of(condition: Condition) -> dict[str, Any]:
    """A condition as a query that is used as a filter; numbers are floating-point.

    Raises:
        InputError: a text is longer than can be compared.
    """
    if isinstance(condition, Not):
        return {"bool": {"must_not": [condition_of(condition.condition)]}}
    if isinstance(condition, AnyOf):
        ways = [_is(condition.field, value) for value in condition.values]
        return {"bool": {"should": ways, "minimum_should_match": 1}} if ways else {"match_none": {}}
    kind = "texts" if condition.of_texts else "numbers"
    for bound in condition.bounds.values():
        _comparable(condition.field, bound)
    return {"range": {f"{kind}.{_safe(condition.field)}": dict(condition.bounds)}}


def _is(name: str, value: Value) -> dict[str, Any]:
    if value is None:
        return {"bool": {"must_not": [{"term": {"named": {"value": name}}}]}}
    _comparable(name, value)
    return {"term": {f"{_kind(value)}.{_safe(name)}": {"value": value}}}


def _kind(value: FieldValue) -> str:
    if isinstance(value, bool):
        return "truths"
    return "texts" if isinstance(value, str) else "numbers" if value is not None and number(value) else ""


def _comparable(name: str, value: Value) -> None:
    if isinstance(value, str) and len(value) > LONGEST:
        raise InputError(f"field {name!r}: texts of more than {LONGEST} characters cannot be compared here")


def _safe(name: str) -> str:
    """A field's name in which no character is a path, a pattern or a blank."""
    return quote(name, safe="").replace(".", "%2E")
