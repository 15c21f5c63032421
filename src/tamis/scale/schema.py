"""The columns of Parquet parts: found in all rows of a run's texts, so that all parts have the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from tamis.data import Row
from tamis.extras import require

Type: TypeAlias = Literal["null", "bool", "int", "float", "text", "texts", "json"]
Schema: TypeAlias = Mapping[str, Type]

WIDEST = 2**63  # integers from here on have no column type


def folded(schema: Mapping[str, Type], rows: Iterable[Row]) -> dict[str, Type]:
    """The schema that further rows fit, too.

    A column is of the narrowest type that holds all its values; where there is none, they are written as JSON text.

    >>> rows = [Row("d", 1, {"year": 1900, "who": "a"}), Row("d", 2, {"year": 1900.5, "who": 3, "no": None})]
    >>> folded({}, rows)
    {'year': 'float', 'who': 'json', 'no': 'null'}
    """
    found = dict(schema)
    for row in rows:
        for column, value in row.values.items():
            found[column] = _wider(found.get(column, "null"), _type(value))
    return found


def _type(value: Any) -> Type:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int" if -WIDEST <= value < WIDEST else "json"
        case float():
            return "float"
        case str():
            return "text"
        case list() if all(isinstance(each, str) for each in value):
            return "texts"
    return "json"


def _wider(one: Type, other: Type) -> Type:
    if one == other or other == "null":
        return one
    if one == "null":
        return other
    return "float" if {one, other} == {"int", "float"} else "json"


def table(schema: Schema, rows: Iterable[Mapping[str, Any]]) -> Any:
    """Rows as an Arrow table of these columns; a column that a row has not is null there.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    arrow = require("pyarrow")
    types = {
        "null": arrow.string(), "bool": arrow.bool_(), "int": arrow.int64(), "float": arrow.float64(),
        "text": arrow.string(), "texts": arrow.list_(arrow.string()), "json": arrow.string(),
    }  # fmt: skip
    cells = [{name: _cell(row.get(name), kind) for name, kind in schema.items()} for row in rows]
    return arrow.Table.from_pylist(cells, schema=arrow.schema([(name, types[kind]) for name, kind in schema.items()]))


def _cell(value: Any, kind: Type) -> Any:
    return None if value is None else CELLS[kind](value)


def _text(value: str) -> str:
    """A text that can be written: JSON's escapes can make half a character."""
    return value.encode("utf-8", "replace").decode()


CELLS: Mapping[Type, Callable[[Any], Any]] = {
    "null": lambda value: value,
    "bool": bool,
    "int": int,
    "float": float,
    "text": _text,
    "texts": lambda value: [_text(each) for each in value],
    "json": lambda value: _text(json.dumps(value, ensure_ascii=False)),
}
