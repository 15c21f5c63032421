"""Conditions on documents' fields: which documents a query may find at all."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.errors import InputError

Value: TypeAlias = str | int | float | bool | None
Bound: TypeAlias = str | int | float

_BOUNDS = {"gte": "least", "gt": "above", "lte": "most", "lt": "below"}
_SIGNS = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}
_WRITTEN = re.compile(r"\s*(?P<field>[^=<>!]+?)\s*(?P<sign>!=|>=|<=|=|>|<)\s*(?P<value>.*?)\s*", re.DOTALL)
_FORM = 'a value, a list of values, {"gte": ..., "gt": ..., "lte": ..., "lt": ...} or {"not": any of these}'


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field has one of these values; ``None`` is also a field that is not there, and true is not 1.

    >>> AnyOf("year", (1990,)).admits({"year": 1990.0}), AnyOf("year", (1,)).admits({"year": True})
    (True, False)
    """

    field: str
    values: tuple[Value, ...]

    def admits(self, fields: Mapping[str, Value]) -> bool:
        """Whether a document with these fields may be found."""
        return _key(fields.get(self.field)) in {_key(value) for value in self.values}

    def as_json(self) -> Any:
        """The condition as it is written in JSON, without the field's name."""
        return self.values[0] if len(self.values) == 1 else list(self.values)


@dataclass(frozen=True, slots=True)
class Between:
    """The field lies within bounds: numbers among numbers, texts (such as ISO dates) among texts by code points.

    >>> Between("year", least=1990, below=2000).admits({"year": 1999}), Between("day", above="2026").admits({"day": 1})
    (True, False)
    """

    field: str
    least: Bound | None = None
    above: Bound | None = None
    most: Bound | None = None
    below: Bound | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that nothing can be compared with."""
        kinds = {isinstance(bound, str) for bound in self.bounds.values()}
        if len(kinds) != 1 or any(_kind(bound) not in ("number", "text") for bound in self.bounds.values()):
            raise InputError(
                f"field {self.field!r}: expected bounds that are all numbers or all texts, got {self.bounds}"
            )

    @property
    def bounds(self) -> dict[str, Bound]:
        """The bounds there are, by their names in JSON: gte, gt, lte, lt."""
        named = {name: getattr(self, own) for name, own in _BOUNDS.items()}
        return {name: bound for name, bound in named.items() if bound is not None}

    @property
    def of_texts(self) -> bool:
        """Whether it is texts that are compared."""
        return isinstance(next(iter(self.bounds.values())), str)

    def admits(self, fields: Mapping[str, Value]) -> bool:
        """Whether a document with these fields may be found."""
        value: Any = fields.get(self.field)
        if _kind(value) != ("text" if self.of_texts else "number"):
            return False
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def as_json(self) -> Any:
        """The condition as it is written in JSON, without the field's name."""
        return self.bounds


@dataclass(frozen=True, slots=True)
class Not:
    """What a condition refuses, documents without the field included.

    >>> Not(AnyOf("kind", ("ad",))).admits({})
    True
    """

    condition: AnyOf | Between

    @property
    def field(self) -> str:
        """The condition's field."""
        return self.condition.field

    def admits(self, fields: Mapping[str, Value]) -> bool:
        """Whether a document with these fields may be found."""
        return not self.condition.admits(fields)

    def as_json(self) -> Any:
        """The condition as it is written in JSON, without the field's name."""
        return {"not": self.condition.as_json()}


Condition: TypeAlias = AnyOf | Between | Not


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that all must hold; every retriever reads them from the query.

    >>> only = Filter.of({"lang": ["zh", "en"], "year": {"gte": 1990}, "kind": {"not": "ad"}})
    >>> only.admits({"lang": "zh", "year": 2001}), only.admits({"lang": "zh"})
    (True, False)
    """

    conditions: tuple[Condition, ...]

    def admits(self, fields: Mapping[str, Value]) -> bool:
        """Whether a document with these fields may be found."""
        return all(condition.admits(fields) for condition in self.conditions)

    def as_json(self) -> dict[str, Any] | list[dict[str, Any]]:
        """What ``of`` reads: an object, or a list of objects where a field has several conditions."""
        rows = [{condition.field: condition.as_json()} for condition in self.conditions]
        whole = {name: told for row in rows for name, told in row.items()}
        return whole if len(whole) == len(rows) else rows

    @classmethod
    def of(cls, told: Mapping[str, Any] | Iterable[str | Mapping[str, Any]]) -> Filter:
        """A filter from JSON values, or from texts as the command line has them.

        Args:
            told: ``{field: condition}``, or a list of such objects and of texts like ``lang=zh``, ``year>=1990``,
                ``kind!=ad``. After the sign stands JSON (a number, true, null, a list), and else a text.

        Raises:
            InputError: it says no condition, and how one is written.

        >>> Filter.of(["year>=1990", "year<2000", 'lang=["zh", "en"]']).as_json()
        [{'year': {'gte': 1990}}, {'year': {'lt': 2000}}, {'lang': ['zh', 'en']}]
        """
        rows = [told] if isinstance(told, (Mapping, str)) else list(told)
        conditions = []
        for row in rows:
            if isinstance(row, str):
                conditions.append(_written(row))
            elif isinstance(row, Mapping):
                conditions += [_condition(field, condition) for field, condition in row.items()]
            else:
                raise InputError(f"a filter must be a JSON object such as {{'lang': 'zh'}}, got {row!r:.80}")
        if not conditions:
            raise InputError("a filter must have a condition: leave it out, or write {'lang': 'zh'}")
        return cls(tuple(conditions))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number" if math.isfinite(value) else "?"
    return "text" if isinstance(value, str) else "nothing" if value is None else "?"


def _key(value: Value) -> tuple[str, Value]:
    """A value as it is compared: 1 is 1.0, and neither is true; what is no value equals none."""
    kind = _kind(value)
    return kind, value if kind != "?" else None


def _written(text: str) -> Condition:
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise InputError(f"expected a condition such as lang=zh, year>=1990 or kind!=ad, got {text!r:.80}")
    field, sign, value = match["field"], match["sign"], _value(match["value"])
    if sign in _SIGNS:
        return _condition(field, {_SIGNS[sign]: value})
    return _condition(field, {"not": value} if sign == "!=" else value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _condition(field: Any, told: Any) -> Condition:
    if not isinstance(field, str) or not field:
        raise InputError(f"a filter's field must be a name, got {field!r:.80}")
    if isinstance(told, Mapping) and set(told) == {"not"}:
        inner = _condition(field, told["not"])
        return inner.condition if isinstance(inner, Not) else Not(inner)
    if isinstance(told, Mapping) and told and set(told) <= set(_BOUNDS):
        return Between(field, **{_BOUNDS[name]: bound for name, bound in told.items()})
    values = tuple(told) if isinstance(told, (list, tuple)) else (told,)
    if not values or any(_kind(value) == "?" for value in values):
        raise InputError(f"field {field!r}: expected {_FORM}, got {told!r:.80}")
    return AnyOf(field, values)
